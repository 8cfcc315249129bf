"""A press of the tests meets what it is meant for, also where the page is made anew between the look and the press."""

import pytest

from tests.page.chromium import Tab

pytestmark = pytest.mark.browser
PAGE = (
    "data:text/html,<button id=other>other</button><p style='height:9em'></p><button id=meant>meant</button>"
    "<script>window.clicked = []; addEventListener('click', (one) => one.target.id && clicked.push(one.target.id));</script>"
)
MEANT = "document.querySelector('#meant')"
SWAP = "document.querySelectorAll('button').forEach((one) => { one.id = one.id === 'meant' ? 'other' : 'meant'; })"


@pytest.fixture
def tab(browser):
    made = browser.tab()
    made.go(PAGE)
    made.wait_for("document.querySelector('#meant')")
    yield made
    made.call("Page.close")


def after_the_first(monkeypatch, name):
    """The page changes behind that look, once."""
    real, looked = getattr(Tab, name), []

    def look(self, element):
        found = real(self, element)
        if not looked:
            self.run(SWAP)
        looked.append(element)
        return found

    monkeypatch.setattr(Tab, name, look)
    return looked


def test_a_click_that_would_meet_another_is_let_go_and_tried_again(tab, monkeypatch):
    looked = after_the_first(monkeypatch, "_middle")
    tab.click("#meant")
    assert tab.run("window.clicked") == ["meant"]
    assert len(looked) == 2


def test_so_is_a_key(tab, monkeypatch):
    looked = after_the_first(monkeypatch, "focus_on")
    tab.key_on(MEANT)
    assert tab.run("window.clicked") == ["meant"]
    assert len(looked) == 2


def test_what_is_busy_is_waited_for(tab):
    tab.run(f"{MEANT}.disabled = true; setTimeout(() => {{ {MEANT}.disabled = false; }}, 300)")
    tab.click("#meant")
    assert tab.run("window.clicked") == ["meant"]
