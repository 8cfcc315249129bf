"""The whole app in the Windows task bar: seen on the screen, clicked with the mouse, and what the servers then hold."""

import json

import pytest

from tests.wine.person import TrayApp
from tests.wine.windows_python import new_home, wait_for
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.standins.scheduler import Pace

pytestmark = [pytest.mark.wine, pytest.mark.timeout(300)]

TITLES = "ENABLE_TITLE_GENERATION"
OVERLOADED = "Overloaded: "


@pytest.fixture
def home(windows, request):
    return new_home(windows, request.node.name)


@pytest.fixture
def ollama():
    server = DemoOllama(pace=Pace(0, 0, 0))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def web(ollama):
    server = DemoOpenWebUI("0.12.4", ollama_url=ollama.url)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def app(windows, home, ollama, web):
    """The app on stand-ins that listen on this machine, its icon shown."""
    servers = ("--ollama", ollama.url, "--open-webui", web.url)
    app = TrayApp(windows, "--home", home, "--lang", "en", *servers, environment={"ELBOWROOM_API_KEY": web.session()})
    try:
        app.wait_icon()
        yield app
    finally:
        app.kill()


@pytest.fixture
def demo(windows):
    app = TrayApp(windows, "--lang", "en", "demo", "--tray")
    try:
        app.wait_icon()
        yield app
    finally:
        app.kill()


def until_held(web, key, *, value):
    wait_for(lambda: web.settings[key] is value, f"{key} to be {value}", 20)


def test_the_demo_is_overloaded_says_so_and_one_click_fixes_it(demo):
    wait_for(lambda: any("qwen3:32b" in text for text in demo.tips()), "the notice about the overload")
    demo.hover()
    wait_for(lambda: any(text.startswith(OVERLOADED) for text in demo.tips()), "the tooltip", 20)
    demo.wait_row(OVERLOADED)
    demo.wait_row("Background tasks", "Autocomplete", where=lambda row: row["checked"])
    demo.click_fix("Turn autocomplete off")
    demo.wait_row("Background tasks", "Autocomplete", where=lambda row: not row["checked"])
    demo.click("Undo: Autocomplete")
    demo.wait_row("Background tasks", "Autocomplete", where=lambda row: row["checked"])
    demo.click("Quit")
    assert demo.ended() == (0, "")


def test_a_click_changes_the_server_and_undo_takes_it_back(app, web):
    """A click on the icon itself only shows the menu, with either button."""
    app.wait_row("Background tasks", "Titles", where=lambda row: row["checked"])
    before = dict(web.settings)
    for button in (1, 3):
        app.open(button)
        app.close()
    app.click("Background tasks", "Titles")
    until_held(web, TITLES, value=False)
    assert {**web.settings, TITLES: True} == before
    app.wait_row("Undo: Titles")
    app.click("Undo: Titles")
    until_held(web, TITLES, value=True)
    assert web.settings == before


def test_an_update_while_the_menu_is_open_leaves_it_usable(app, ollama, web):
    app.wait_row("Background tasks", "Titles", where=lambda row: row["checked"])
    calm = app.icon()
    app.open()
    rows = app.texts()
    ollama.stop()
    wait_for(lambda: app.icon() != calm, "the icon to change")
    assert app.texts() == rows
    app.click("Background tasks", "Titles")
    until_held(web, TITLES, value=False)
    app.wait_row("Background tasks", "Titles", where=lambda row: not row["checked"])


def test_taskkill_without_force_ends_it_even_with_its_menu_open(app):
    app.open()
    app.ask_to_end()
    assert app.ended() == (0, "")


def test_the_end_of_the_session_is_not_vetoed_and_ends_it(app, windows, web, home):
    """Wine ends the process itself, soon after it was told: nothing may be lost by that."""
    app.wait_row("Background tasks", "Titles", where=lambda row: row["checked"])
    app.click("Background tasks", "Titles")
    app.wait_row("Undo: Titles")
    assert web.settings[TITLES] is False
    try:
        done = windows.run("--end-session", program="wineboot.exe", timeout=60)
        assert done.returncode == 0, done.stderr
        _, errors = app.ended()
        assert errors == ""
    finally:
        windows.stop()
        windows.start()
    journal = windows.run("-m", "tray_app", "--home", home, "journal", "--json")
    told = json.loads(journal.stdout)
    assert [entry["event"] for entry in told["entries"]] == ["intended", "applied"]
    assert told["broken_lines"] == []
