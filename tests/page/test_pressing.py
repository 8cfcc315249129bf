"""A live update of the details page comes while somebody types, presses or marks: nothing is taken out of their hands."""

import itertools
import json

import pytest

from tests.page.test_details_seen import FOLLOW_UPS, tab_on
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
POLL, SNOOZE, SERVERS = (f'[data-key="set:{key}"]' for key in ("poll_idle_s", "snooze_s", "candidate_models"))
ASKED = "performance.getEntriesByType('resource').filter((one) => one.name.includes('/state')).length"


class Live:
    """The page with nobody behind it who makes it anew: only `update` does, and each time the form, too."""

    def __init__(self, tab, opened, monkeypatch):
        self.tab = tab
        self._numbers = itertools.count(1)
        self._document = opened.guest().until(lambda one: one["settings"] and one["tasks"]["switches"])
        self._publish = opened.page.publish
        monkeypatch.setattr(opened.page, "publish", lambda _document: None)

    def update(self):
        """What the page has once it was told; it may not have drawn it yet."""
        number = next(self._numbers)
        asked = self.tab.run(ASKED)
        document = json.loads(json.dumps(self._document))
        document["settings"]["groups"][0]["title"] = f"Group {number}"
        document["tasks"]["switches"][0]["text"] = f"Switch {number}"
        self._publish(json.dumps(document).encode())
        self.tab.wait_for(f"{ASKED} > {asked}")
        return f"document.querySelector('#settings summary').textContent === 'Group {number}'"


@pytest.fixture
def tab(browser, opened):
    made = tab_on(browser, opened)
    yield made
    made.call("Page.close")


@pytest.fixture
def live(tab, opened, monkeypatch):
    made = Live(tab, opened, monkeypatch)
    tab.wait_for(made.update())
    tab.run("for (const one of document.querySelectorAll('#settings details')) one.open = true")
    return made


def unchanged_for(tab, script, ms=400):
    """It stays false that long."""
    return tab.run(
        f"new Promise((done) => {{ const end = Date.now() + {ms}; const look = () => ({script}) ? done(false) : "
        "Date.now() > end ? done(true) : setTimeout(look, 10); look(); })"
    )


def test_an_update_between_press_and_release_takes_no_click(tab, live, opened):
    tab.type(POLL, "9")
    where = tab.place("#save")
    tab.mouse("mousePressed", *where)
    drawn = live.update()
    assert unchanged_for(tab, drawn)
    tab.mouse("mouseReleased", *where)
    tab.wait_for("document.querySelector('#saved').className === 'good'")
    assert "poll_idle_s = 9" in opened.file.read_text()
    tab.wait_for(drawn)


def test_nor_a_key_that_is_pressed_on_a_button(tab, live, opened):
    tab.type(POLL, "9")
    tab.focus("#save")
    tab.press(" ", 32, " ", kinds=("keyDown",))
    drawn = live.update()
    assert unchanged_for(tab, drawn)
    tab.press(" ", 32, " ", kinds=("keyUp",))
    tab.wait_for("document.querySelector('#saved').className === 'good'")
    assert "poll_idle_s = 9" in opened.file.read_text()
    tab.wait_for(drawn)


def test_nor_a_switch_that_is_pressed(tab, live, played):
    where = tab.place(FOLLOW_UPS)
    tab.mouse("mousePressed", *where)
    drawn = live.update()
    tab.mouse("mouseReleased", *where)
    tab.wait_for(drawn)
    assert wait_until(lambda: played.settings["ENABLE_FOLLOW_UP_GENERATION"] is False)


def test_a_press_whose_end_is_never_told_holds_nothing_for_ever(tab, live):
    """The window was left while a key was down: it is told to nobody that it was let go."""
    tab.press("a", 65, kinds=("keyDown",))
    drawn = live.update()
    assert unchanged_for(tab, drawn)
    tab.run("dispatchEvent(new Event('blur'))")
    tab.wait_for(drawn)
    tab.press("b", 66, kinds=("keyDown",))
    tab.wait_for(live.update())  # after ten seconds


def test_a_syllable_that_is_being_put_together_is_not_broken(tab, live):
    tab.focus(SERVERS)
    tab.call("Input.imeSetComposition", text="하", selectionStart=1, selectionEnd=1)
    drawn = live.update()
    assert unchanged_for(tab, drawn)
    tab.call("Input.imeSetComposition", text="한", selectionStart=1, selectionEnd=1)
    tab.call("Input.insertText", text="한")
    tab.wait_for(drawn)
    assert tab.run(f"document.querySelector('{SERVERS}').value").endswith("한")


@pytest.mark.parametrize("selector", ["#save", "#discard", POLL, '[data-key="set:notices"]', FOLLOW_UPS])
def test_what_has_the_focus_keeps_it(tab, live, selector):
    tab.type(SNOOZE, "90")
    tab.focus(selector)
    tab.wait_for(live.update())
    assert tab.run(f"document.activeElement === document.querySelector({json.dumps(selector)})")
    assert tab.run(f"document.querySelector('{SNOOZE}').value") == "90"


@pytest.mark.parametrize("selector", [POLL, SERVERS])
def test_the_cursor_and_what_is_marked_stay(tab, live, selector):
    tab.type(selector, "http://one:1234")
    tab.run(f"document.querySelector('{selector}').setSelectionRange(2, 5, 'backward')")
    tab.wait_for(live.update())
    marked = "((e) => [e.selectionStart, e.selectionEnd, e.selectionDirection])(document.activeElement)"
    assert tab.run(marked) == [2, 5, "backward"]


def test_after_saving_the_keyboard_goes_on_where_it_was(tab, live):
    tab.type(POLL, "9")
    tab.focus("#save")
    tab.press(" ", 32, " ")
    tab.wait_for("document.querySelector('#saved').className === 'good'")
    assert tab.run("document.activeElement.id") == "form"
    tab.wait_for(live.update())
    assert tab.run("document.activeElement.id") == "form"


# --- whose file was it? ---------------------------------------------------------------------


def save(tab, kind):
    tab.run("document.querySelector('#saved').className = ''")
    tab.click("#save")
    tab.wait_for("document.querySelector('#saved').className")
    assert tab.run("document.querySelector('#saved').className") == kind, tab.text("#saved")


def test_one_save_after_the_other_is_no_conflict(tab, live, opened):
    """Nothing new came between the two."""
    for number in (7, 8, 9):
        tab.type(POLL, str(number))
        save(tab, "good")
        assert f"poll_idle_s = {number}\n" in opened.file.read_text()


def test_another_ones_change_is_told_once(tab, live, opened):
    """Whether or not the page has shown it meanwhile."""
    tab.type(SNOOZE, "90")
    opened.file.write_text(opened.file.read_text() + "# somebody else\n")
    save(tab, "bad")
    save(tab, "good")
    assert "snooze_s = 90" in opened.file.read_text()


def test_after_a_value_that_is_none_a_conflict_is_still_told(tab, live, opened):
    tab.type(SNOOZE, "soon")
    save(tab, "bad")
    opened.file.write_text(opened.file.read_text() + "# somebody else\n")
    tab.type(SNOOZE, "90")
    save(tab, "bad")
    assert "snooze_s = 90" not in opened.file.read_text()
    save(tab, "good")
    assert "# somebody else\n" in opened.file.read_text()


def test_a_form_that_was_made_anew_meanwhile_still_tells_it_once(tab, opened):
    tab.run("for (const one of document.querySelectorAll('#settings details')) one.open = true")
    tab.type(SNOOZE, "90")
    opened.file.write_text(opened.file.read_text().replace("poll_idle_s = 1", "poll_idle_s = 8"))
    tab.wait_for(f"document.querySelector('{POLL}').value === '8'")
    save(tab, "bad")
    save(tab, "good")
    assert {"snooze_s = 90", "poll_idle_s = 8"} <= set(opened.file.read_text().splitlines())


def test_what_is_typed_while_a_save_is_under_way_is_kept(tab, live, opened):
    tab.type(SNOOZE, "90")
    tab.run(
        "window.real = window.fetch; window.fetch = async (...given) => { const answer = await window.real(...given);"
        "if (given[0] === '/setting') await new Promise((done) => { window.go = done; }); return answer; }"
    )
    tab.click("#save")
    tab.wait_for("window.go")
    tab.type(POLL, "9")
    tab.run("window.go(); window.fetch = window.real")
    tab.wait_for("document.querySelector('#saved').className === 'good'")
    assert "poll_idle_s = 9" not in opened.file.read_text()
    save(tab, "good")
    assert "poll_idle_s = 9" in opened.file.read_text()
