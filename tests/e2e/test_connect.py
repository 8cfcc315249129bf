"""`Connect to Open WebUI...` from the menu row, through the page in a real browser, to the first change."""

import os
import sys

import pytest

from tests.e2e.bus import wait_for
from tests.e2e.desk import App
from tests.page import chromium
from tests.requirements import require
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI

pytestmark = [pytest.mark.tray, pytest.mark.browser, pytest.mark.timeout(180)]

TITLES = "ENABLE_TITLE_GENERATION"


@pytest.fixture
def servers():
    ollama = DemoOllama()
    ollama.start()
    web = DemoOpenWebUI("0.12.4", ollama_url=ollama.url)
    web.start()
    yield ollama, web
    web.stop()
    ollama.stop()


@pytest.fixture
def tab(tmp_path):
    if chromium.program() is None:
        require("browser", "no Chromium is installed")
    browser = chromium.Chromium(tmp_path / "profile")
    tab = browser.tab()
    tab.look()
    yield tab
    browser.close()


def test_from_the_menu_row_to_the_first_change(desk, servers, tab, tmp_path):
    """The desktop's browser is a script that hands the address over; there is no keychain, so a file is used."""
    ollama, web = servers
    told, script = tmp_path / "told", tmp_path / "browser"
    os.mkfifo(told)
    script.write_text(f"#!/bin/sh\necho \"$1\" > '{told}'\n", encoding="utf-8")
    script.chmod(0o755)
    environment = {"BROWSER": f"{script} %s", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    argv = [sys.executable, "-m", "tray_app", "--home", str(desk.folder / "home"), "--lang", "en"]
    app = App(desk, [*argv, "--ollama", ollama.url, "--open-webui", web.url], environment)
    desk.person.wait_row("Connect to Open WebUI to see")

    desk.person.click("Elbowroom", "Connect to Open WebUI...")
    tab.go(told.read_text(encoding="utf-8").strip())
    tab.wait_for("document.querySelector('#page') && !document.querySelector('#page').hidden")
    assert tab.run("document.querySelector('#url').value") == web.url
    tab.click("#by-password")
    tab.type("#email", ADMIN[0])
    tab.type("#password", ADMIN[1])
    tab.click("#send")
    tab.wait_for("document.querySelector('#message').className === 'bad'")
    assert "keychain" in tab.text("#message")
    tab.run("document.querySelector('#message').className = ''")
    tab.click("#keep-in-file")
    tab.click("#send")
    tab.wait_for("document.querySelector('#message').className === 'good'")

    desk.person.wait_row("Background tasks", "Titles", where=lambda row: row.checked)
    desk.person.wait_gone("Connect to Open WebUI to see")
    desk.person.click("Background tasks", "Titles")
    wait_for(lambda: web.settings[TITLES] is False, "titles to be off")
    desk.person.click("Quit")
    assert app.ended() == 0
    assert app.lines == []
