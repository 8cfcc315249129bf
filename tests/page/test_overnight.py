"""Tabs that stay open while the app comes, goes and sleeps, ten of them, and one that has nothing to show."""

import json
import os
import subprocess
import sys

import pytest

from tests.page.chromium import axe
from tests.page.opened import Opened
from tests.page.test_details_seen import FOLLOW_UPS, tab_on
from tests.played import Played
from tray_app.standins.models import BIG
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
GONE = "!document.querySelector('#gone').hidden"
HIDE = (
    "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    "document.dispatchEvent(new Event('visibilitychange'))"
)


def test_ten_tabs_show_what_one_of_them_did(browser, opened, played):
    tabs = [tab_on(browser, opened) for _ in range(10)]
    for tab in tabs:
        tab.call("Emulation.setFocusEmulationEnabled", enabled=True)  # ten windows beside each other
    try:
        tabs[3].click(FOLLOW_UPS)
        for tab in tabs:
            tab.wait_for("document.querySelector('[data-key^=\"undo:\"]:not(:disabled)')")
        assert played.settings["ENABLE_FOLLOW_UP_GENERATION"] is False
        tabs[8].click('[data-key^="undo:"]')
        for tab in tabs:
            tab.wait_for(f"document.querySelector('{FOLLOW_UPS}').checked")
        assert played.settings["ENABLE_FOLLOW_UP_GENERATION"] is True
        assert len(opened.page._waiting) <= 3
    finally:
        for tab in tabs:
            tab.call("Page.close")


def test_a_tab_of_last_night_goes_on(browser, opened, monkeypatch):
    """It lay in the background, the machine slept with it, and the clock went on meanwhile."""
    tab = tab_on(browser, opened)
    tab.run(HIDE % "true")
    assert wait_until(lambda: not opened.page.is_watched, 40)
    slept, real = [0.0], opened.page._clock
    monkeypatch.setattr(opened.page, "_clock", lambda: real() + slept[0])
    slept[0] = 8 * 3600.0
    before = opened.worker._look
    assert wait_until(lambda: opened.worker._look is not before, 30)
    assert opened.worker.page_is_open
    tab.run(HIDE % "false")
    assert wait_until(lambda: opened.page.is_watched)
    number = opened.page._number
    assert wait_until(lambda: opened.page._number > number + 1)
    assert not tab.run(GONE)


def test_an_answer_that_fails_is_told_and_the_next_one_takes_it_back(browser, opened, monkeypatch):
    tab = tab_on(browser, opened)
    real, failed = opened.page.read, []

    def read(path):
        if path.startswith("/state") and len(failed) < 2:
            failed.append(path)
            raise ConnectionAbortedError
        return real(path)

    monkeypatch.setattr(opened.page, "read", read)
    tab.wait_for(GONE)
    assert tab.text("#gone") == "Elbowroom does not answer. What is shown here is old."
    tab.wait_for(f"!({GONE})")
    number = opened.page._number
    assert wait_until(lambda: opened.page._number > number + 1)


class Process:
    """`details` as a person types it; its browser only notes."""

    def __init__(self, played, folder):
        self._told = folder / "told"
        self._told.unlink(missing_ok=True)
        browser = folder / "browser"
        browser.write_text(f"#!/bin/sh\necho \"$1\" > '{self._told}.part' && mv '{self._told}.part' '{self._told}'\n")
        browser.chmod(0o755)
        words = ["--home", str(played.home), "--ollama", played.ollama.url, "--open-webui", played.webui.url]
        argv = [sys.executable, "-m", "tray_app", "details", "--lang", "en", *words]
        self._process = subprocess.Popen(argv, env=os.environ | {"BROWSER": str(browser)}, stdout=subprocess.DEVNULL)

    def way_in(self):
        assert wait_until(self._told.exists, 30)
        return self._told.read_text().strip()

    def kill(self):
        self._process.kill()
        self._process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="its browser is a shell script")
def test_an_app_that_was_killed_and_started_again_has_another_page(browser, played, tmp_path):
    """The old tab says what happened and what to do, also to whoever presses a button of it; the new one works."""
    first = Process(played, tmp_path)
    tab = browser.tab()
    try:
        tab.go(first.way_in())
        tab.wait_for(f"document.querySelector('{FOLLOW_UPS}')")
    finally:
        first.kill()
    tab.wait_for("document.querySelector('#gone').textContent.startsWith('This page is over')")
    assert "Choose Details... in its menu, or type " in tab.text("#gone")
    again = Process(played, tmp_path)
    try:
        other = browser.tab()
        other.go(again.way_in())
        other.wait_for(f"document.querySelector('{FOLLOW_UPS}')")
        tab.run("document.querySelector('#gone').textContent = ''")
        tab.run(f"document.querySelector('{FOLLOW_UPS}').click()")
        tab.wait_for("document.querySelector('#gone').textContent.startsWith('This page is over')")
        assert played.settings["ENABLE_FOLLOW_UP_GENERATION"] is True
        other.click(FOLLOW_UPS)
        assert wait_until(lambda: played.settings["ENABLE_FOLLOW_UP_GENERATION"] is False)
    finally:
        again.kill()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_with_nothing_to_show_it_says_what_to_do(browser, tmp_path, monkeypatch, language):
    """No server answers, nobody is signed in, nothing was ever measured."""
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path / "home", installed=(BIG,)) as played:
        played.webui.stop()
        played.ollama.stop()
        played.home.mkdir(exist_ok=True)
        for file in played.home.iterdir():
            file.unlink()
        with Opened(played, language=language) as opened:
            tab = browser.tab()
            tab.look(width=390, height=900)
            tab.run("window.wrong = []")
            tab.go(opened.way_in())
            tab.wait_for("document.querySelector('#title')?.textContent && document.querySelector('.p-chart')")
            assert "Open WebUI" in tab.text("#notes button")  # start it, or give its address
            assert tab.run("document.querySelectorAll('#switches input').length") == 0
            assert tab.run("document.documentElement.scrollWidth <= innerWidth")
            for words in ("undefined", "NaN", "null", "[object"):
                assert words not in tab.text("main"), words
            tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
            tab.run(axe() + "; true")
            found = tab.run("axe.run().then((done) => JSON.stringify(done.violations.map((one) => one.id)))")
            assert json.loads(found) == []
