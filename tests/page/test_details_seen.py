"""The details page in a real browser: every button and field by mouse and keyboard, names that attack, axe."""

import json

import pytest

from tests.page.chromium import THEMES, axe
from tests.page.opened import Opened
from tests.played import Played
from tray_app.standins.models import BIG
from tray_app.standins.ollama import METAL_BUDGET_32_GB
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
EVICTS = "llama3.2:3b"
READY = "document.querySelector('#switches input') && document.querySelector('#settings-form')"


def tab_on(browser, opened):
    tab = browser.tab()
    tab.look(width=1280, height=900)
    tab.go(opened.way_in())
    tab.wait_for(READY)
    return tab


@pytest.fixture
def tab(browser, opened):
    return tab_on(browser, opened)


def by_mouse(tab, selector):
    tab.click(selector)


def by_keyboard(tab, selector):
    tab.key_on(f"document.querySelector({json.dumps(selector)})")


FOLLOW_UPS = '[data-key="task:follow-ups"]'


@pytest.mark.parametrize("use", [by_mouse, by_keyboard])
def test_a_switch_and_the_way_back_without_a_reload(tab, played, use):
    tab.run("window.same = true")
    use(tab, FOLLOW_UPS)
    tab.wait_for("document.querySelector('[data-key^=\"undo:\"]:not(:disabled)')")
    assert played.settings["ENABLE_FOLLOW_UP_GENERATION"] is False
    tab.wait_for(f"!document.querySelector('{FOLLOW_UPS}').checked")
    use(tab, '[data-key^="undo:"]')
    tab.wait_for(f"document.querySelector('{FOLLOW_UPS}').checked && !document.querySelector('[data-key^=\"undo:\"]')")
    assert played.settings["ENABLE_FOLLOW_UP_GENERATION"] is True
    assert tab.run("window.same") is True


@pytest.mark.parametrize("use", [by_mouse, by_keyboard])
def test_what_asks_shows_its_plan_and_a_no_changes_nothing(browser, tmp_path, use):
    """A task model that would send the chat model out of memory."""
    asks = f'[data-key="task-model:{EVICTS}"]'
    with Played(tmp_path / "home", installed=(BIG, EVICTS), budget_bytes=METAL_BUDGET_32_GB) as played:
        played.home.mkdir(exist_ok=True)
        with Opened(played) as opened:
            tab = tab_on(browser, opened)
            tab.wait_for(f"document.querySelector('{asks}')")
            use(tab, asks)
            tab.wait_for("document.querySelector('dialog').open")
            assert tab.text("#ask-lines") == f"Task model: same as chat -> {EVICTS}"
            assert tab.run("document.activeElement.id") == "ask-no"
            tab.press("Escape", 27)
            tab.wait_for("!document.querySelector('dialog').open")
            assert not played.settings["TASK_MODEL"]
            use(tab, asks)
            tab.wait_for("document.querySelector('dialog').open")
            use(tab, "#ask-yes")
            tab.wait_for("document.querySelector('[data-key^=\"undo:\"]:not(:disabled)')")
            assert played.settings["TASK_MODEL"] == EVICTS


@pytest.mark.parametrize("use", [by_mouse, by_keyboard])
def test_settings_are_saved_and_a_conflict_is_told(tab, opened, use):
    tab.run("for (const one of document.querySelectorAll('#settings details')) one.open = true")
    tab.type('[data-key="set:poll_idle_s"]', "9")
    use(tab, '[data-key="set:notices"]')
    use(tab, "#save")
    tab.wait_for("document.querySelector('#saved').className === 'good'")
    assert "poll_idle_s = 9" in opened.file.read_text()
    assert "notices = false" in opened.file.read_text()
    tab.wait_for("document.querySelector('[data-key=\"set:poll_idle_s\"]').value === '9'")
    tab.type('[data-key="set:snooze_s"]', "90")
    opened.file.write_text(opened.file.read_text().replace("poll_idle_s = 9", "poll_idle_s = 8"))
    use(tab, "#save")
    tab.wait_for("document.querySelector('#saved').className === 'bad'")
    assert "snooze_s = 90" not in opened.file.read_text()
    tab.wait_for("document.querySelector('[data-key=\"set:poll_idle_s\"]').value === '8'")
    assert tab.run("document.querySelector('[data-key=\"set:snooze_s\"]').value") == "90"
    use(tab, "#save")
    tab.wait_for("document.querySelector('#saved').className === 'good'")
    assert "snooze_s = 90" in opened.file.read_text()
    assert "poll_idle_s = 8" in opened.file.read_text()


def test_every_field_can_be_typed_into_and_discarded(tab, opened):
    before = opened.file.read_bytes()
    tab.run("for (const one of document.querySelectorAll('#settings details')) one.open = true")
    keys = tab.run(
        "[...document.querySelectorAll('#settings-form [data-key^=\"set:\"]')].map((one) => one.dataset.key)"
    )
    assert len(keys) > 50
    for key in keys:
        selector = f"[data-key={json.dumps(key)}]"
        kind = tab.run(f"document.querySelector({json.dumps(selector)}).type")
        if kind == "checkbox":
            by_keyboard(tab, selector)
        elif kind == "select-one":
            tab.run(
                f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.selectedIndex = 1;"
                "e.dispatchEvent(new Event('input', {bubbles: true})); })()"
            )
        else:
            tab.type(selector, "7")
        assert tab.run("!document.querySelector('#save-bar').hidden")
    tab.click("#discard")
    assert tab.run("document.querySelector('#save-bar').hidden")
    assert opened.file.read_bytes() == before


HOSTILE = "<img src=x onerror='window.owned=1'><b>\u202e\u05d0" + "x" * 300
OURS = {"act", "key", "shape", "kind", "state", "lang", "seal", "pictures", "percent"}


def spoiled(value):
    """Every word of a document as somebody outside would have it."""
    if isinstance(value, dict):
        return {name: one if name in OURS else spoiled(one) for name, one in value.items()}
    if isinstance(value, list):
        return [spoiled(one) for one in value]
    return HOSTILE if isinstance(value, str) and value else value


def test_words_from_outside_are_text_and_nothing_else(browser, opened, monkeypatch):
    tab = tab_on(browser, opened)
    document = opened.guest().until(lambda one: one["settings"])
    monkeypatch.setattr(opened.worker._details, "show", lambda *_: None)
    opened.page.publish(json.dumps(spoiled(document)).encode())
    tab.wait_for("document.querySelector('#title').textContent.startsWith('<img')")
    tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
    assert tab.run("document.querySelectorAll('main img, main b, footer img').length") == 0
    assert tab.run("window.owned") is None
    for width in (390, 1280):
        tab.look(width=width, height=900)
        assert tab.run("document.documentElement.scrollWidth <= innerWidth"), width


def test_a_tab_in_the_background_asks_for_nothing(browser, opened):
    tab = tab_on(browser, opened)
    assert wait_until(lambda: opened.page.is_watched)
    tab.run(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    assert wait_until(lambda: not opened.page.is_watched, 40)
    tab.run(
        "Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    assert wait_until(lambda: opened.page.is_watched)


def test_the_page_says_so_when_the_app_has_ended(browser, played):
    with Opened(played) as opened:
        tab = tab_on(browser, opened)
    tab.wait_for("document.querySelector('#gone').textContent.startsWith('This page is over')")
    assert tab.run("document.querySelector('#gone').getBoundingClientRect().height") > 0


@pytest.mark.parametrize("language", ["en", "ko"])
def test_axe_finds_nothing(browser, played, language):
    script = axe()
    with Opened(played, language=language) as opened:
        tab = tab_on(browser, opened)
        tab.click(FOLLOW_UPS)
        tab.wait_for("document.querySelector('[data-key^=\"undo:\"]:not(:disabled)')")
        tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
        tab.run(script)
        for theme, features in THEMES.items():
            for width in (390, 1280):
                tab.look(width=width, height=900)
                tab.media(features)
                found = tab.run(
                    "axe.run().then((done) => done.violations.map((one) => `${one.id}: ${one.nodes.map((n) => n.html)}`))"
                )
                assert found == [], (theme, width)
