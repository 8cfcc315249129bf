"""Every button of the details page does something, by mouse and by keyboard, and each command of a document has one."""

import json

import pytest

from tests.page.pictured import Gallery, kept_document
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
PRESSED = "main button, main input[role=switch], main summary"
FIND = f"""
window.copied = [];
navigator.clipboard.writeText = async (text) => {{ window.copied.push(text); }};
window.underWay = 0;  // what was asked for and is not answered: the page looks otherwise once it is
const usual = window.fetch;
window.fetch = async (path, options) => {{
  if (options?.method !== "POST") return usual(path, options);
  window.underWay += 1;
  try {{
    const answer = await usual(path, options);
    const said = answer.ok ? await answer.json() : null;
    return {{ ok: answer.ok, status: answer.status, json: async () => said }};
  }} finally {{
    setTimeout(() => {{ window.underWay -= 1; }});  // after all that the answer leads to at once
  }}
}};
window.all = () => {{
  for (const one of document.querySelectorAll("main details")) one.open = true;
  return [...document.querySelectorAll("{PRESSED}")].filter((one) => !one.disabled && one.checkVisibility());
}};
window.nameOf = (one) => one.dataset.key || (one.tagName === "SUMMARY" && one.parentElement.dataset.key) || one.id || one.textContent;
window.named = (name) => window.all().find((one) => window.nameOf(one) === name);
window.state = () => [document.querySelector("main").innerHTML, document.querySelector("dialog").open, window.copied.length,
  [...document.querySelectorAll("details")].map((one) => one.open), [...document.querySelectorAll("input")].map((one) => one.checked),
  document.activeElement.id].join();
true
"""


def commands(value):
    """Every token that a document offers."""
    if isinstance(value, dict):
        if value.get("act") and not value.get("busy") and not value.get("chosen"):
            yield value["act"]
        for one in value.values():
            yield from commands(one)
    if isinstance(value, list):
        for one in value:
            yield from commands(one)


def by_mouse(tab, name):
    tab.click_on(f"window.named({json.dumps(name)})")


def by_keyboard(tab, name):
    one = f"window.named({json.dumps(name)})"
    assert tab.run(f"{one}.tabIndex >= 0")
    tab.key_on(one)


@pytest.mark.parametrize("press", [by_mouse, by_keyboard])
def test_no_button_is_dead_and_no_command_without_one(browser, press):
    told = kept_document("en")
    with Gallery(browser, told, answer_s=0.1) as gallery:  # what is pressed next finds the page as it is after that
        tab = gallery.tab
        tab.look(width=1280, height=900)
        tab.run(FIND)
        assert tab.run("window.all().length") > 40
        pressed, dead = set(), []
        # What is typed brings the bar that saves it: until nothing is there that was not pressed.
        while left := [one for one in tab.run("window.all().map(window.nameOf)") if one not in pressed]:
            name = left[0]
            pressed.add(name)
            if not tab.run(f"window.named({json.dumps(name)})?.matches(':not([aria-pressed=true])')"):
                continue  # it is chosen already, or the bar has gone meanwhile
            before, posted = tab.run("window.state()"), len(gallery.posted)
            press(tab, name)
            if tab.run("document.querySelector('dialog').open"):
                assert tab.run("document.activeElement.id") == "ask-no"
                if press is by_mouse:
                    tab.click("#ask-yes")
                else:
                    tab.press("Tab", 9)
                    tab.press(" ", 32, " ")
                assert wait_until(lambda posted=posted: len(gallery.posted) > posted, 20), name
            changed = lambda before=before, posted=posted: (  # noqa: E731
                len(gallery.posted) > posted or tab.run("window.state()") != before
            )
            if not wait_until(changed, 20):
                dead.append(name)
            assert wait_until(lambda: tab.run("window.underWay === 0"), 20), name
        assert dead == []
    asked_for = {sent.get("act") for path, sent in gallery.posted if path == "/act"}
    assert set(commands({name: one for name, one in told.items() if name != "pictures"})) <= asked_for


def test_a_button_that_does_nothing_is_found(browser):
    with Gallery(browser, kept_document("en")) as gallery:
        gallery.tab.run(FIND)
        gallery.tab.run(
            "document.querySelector('#fixes button.main').addEventListener('click', (event) => event.stopImmediatePropagation(), true)"
        )
        before = gallery.tab.run("window.state()")
        gallery.tab.click("#fixes button.main")
        assert not wait_until(lambda: gallery.posted or gallery.tab.run("window.state()") != before, 2)


def test_the_commands_are_many():
    assert len(set(commands(json.loads(json.dumps(kept_document("en")))))) > 15
