"""The whole app in a tray, before stand-ins that keep what they are told: a click, and what the server then holds."""

import json
import signal
import sys
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException

import psutil
import pytest
from jeepney.wrappers import DBusErrorResponse

from tests.e2e.bus import wait_for
from tests.e2e.desk import App, Desk
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI
from tray_app.standins.scheduler import Pace

pytestmark = [pytest.mark.tray, pytest.mark.timeout(180)]

TITLES = "ENABLE_TITLE_GENERATION"
AUTOCOMPLETE = "ENABLE_AUTOCOMPLETE_GENERATION"
TASKS = ("Background tasks",)


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
def start(desk, ollama, web):
    """Starts the app on the stand-ins; a second call is a new start on the same files."""

    def go(*more):
        argv = [sys.executable, "-m", "tray_app", "--home", str(desk.folder / "home"), "--lang", "en"]
        servers = ["--ollama", ollama.url, "--open-webui", web.url]
        return App(desk, [*argv, *servers, *more], {"ELBOWROOM_API_KEY": web.session()})

    return go


def until_held(web, key, value):
    wait_for(lambda: web.settings[key] == value, f"{key} to be {value!r}")


def test_a_toggle_changes_the_server_and_undo_takes_it_back(desk, web, start):
    app = start()
    desk.person.wait_row(*TASKS, "Titles", where=lambda row: row.checked)
    before = dict(web.settings)
    desk.person.click(*TASKS, "Titles")
    until_held(web, TITLES, value=False)
    assert {**web.settings, TITLES: True} == before  # nothing else was touched
    desk.person.wait_row(*TASKS, "Titles", where=lambda row: not row.checked)
    desk.notes.wait("Titles: on")
    desk.person.click("Undo: Titles")
    until_held(web, TITLES, value=True)
    desk.person.wait_gone("Undo: Titles")
    assert web.settings == before
    desk.person.click("Quit")
    assert app.ended() == 0
    assert app.lines == []


def test_the_button_of_the_notice_after_a_change_takes_it_back(desk, web, start):
    start()
    desk.person.wait_row(*TASKS, "Tags", where=lambda row: row.checked)
    desk.person.click(*TASKS, "Tags")
    note = desk.notes.wait("Tags: on")
    desk.notes.press(note, "Undo")
    until_held(web, "ENABLE_TAGS_GENERATION", value=True)


def test_a_task_model_is_chosen_from_the_radio_list(desk, web, start):
    start()
    desk.person.wait_row("Task model", "Same as the chat model", where=lambda row: row.checked)
    row = desk.person.wait_row("Task model", "gemma3:1b")
    assert row.toggle == "radio" or row.rows
    path = ("Task model", "gemma3:1b") + (("Do it anyway",) if row.rows else ())
    desk.person.click(*path)
    until_held(web, "TASK_MODEL", "gemma3:1b")
    desk.person.wait_row("Task model", "gemma3:1b", where=lambda row: row.checked)
    desk.person.click("Task model", "Same as the chat model")
    wait_for(lambda: not web.settings["TASK_MODEL"], "the task model to be empty")


def test_a_click_on_a_row_that_is_no_longer_true_changes_nothing_and_says_so(desk, web, start):
    """The server changes under an open menu."""
    start()
    row = desk.person.wait_row(*TASKS, "Titles", where=lambda row: row.checked)
    web.settings[TITLES] = False
    before = dict(web.settings)
    desk.person.send(row.number, "clicked")
    desk.person.wait_row(*TASKS, "Titles", where=lambda row: not row.checked)
    assert web.settings == before
    assert not [text for text in desk.person.menu().texts() if text.startswith("Undo")]


def test_two_clicks_at_once_are_one_change(desk, web, start):
    start()
    row = desk.person.wait_row(*TASKS, "Titles", where=lambda row: row.checked)
    desk.person.send(row.number, "clicked")
    with suppress(DBusErrorResponse):  # the menu may be a new one already
        desk.person.send(row.number, "clicked")
    until_held(web, TITLES, value=False)
    desk.person.wait_row("Undo: Titles")
    assert web.settings[TITLES] is False


def test_a_snooze_is_shown_and_can_be_ended(desk, start):
    start()
    desk.person.wait_row(*TASKS)
    desk.person.click("Notifications", "Snooze for 1 hour")
    desk.person.wait_row("Notifications: snoozed until")
    desk.person.click("Notifications", "End the snooze")
    desk.person.wait_gone("Notifications: snoozed until")


def test_a_click_while_offline_says_so_and_a_server_that_returns_is_seen(desk, ollama, web, start):
    start()
    desk.person.wait_row(*TASKS, "Titles", where=lambda row: row.checked)
    port = web.port
    web.stop()
    desk.person.click(*TASKS, "Titles")
    desk.person.wait_row("No Open WebUI answers")
    again = DemoOpenWebUI("0.12.4", ollama_url=ollama.url, port=port)
    again.start()
    try:
        # Another server as far as its sessions go: it is there, and it does not know our token.
        desk.person.wait_row("Sign in again")
        assert again.settings[TITLES] is True
    finally:
        again.stop()


def test_killed_in_the_middle_of_a_change_it_knows_afterwards_what_is_held(desk, web, start):
    """The write has arrived and the app dies before the answer: the next start looks, and offers the undo."""
    app = start()
    desk.person.wait_row(*TASKS, "Titles", where=lambda row: row.checked)
    web.before_write = app.process.kill
    desk.person.click(*TASKS, "Titles")
    assert app.ended() == -signal.SIGKILL
    web.before_write = lambda: None
    held = web.settings[TITLES]
    start()
    desk.person.wait_row(*TASKS, "Titles", where=lambda row: row.checked is held)
    assert web.settings[TITLES] is held
    if not held:
        desk.person.click("Undo: Titles")
        until_held(web, TITLES, value=True)


def test_a_killed_panel_gets_the_icon_back_and_clicks_still_work(desk, web, start):
    start()
    desk.person.wait_row(*TASKS, "Titles", where=lambda row: row.checked)
    desk.kill_host()
    desk.start_host()
    desk.person.click(*TASKS, "Titles")
    until_held(web, TITLES, value=False)


def test_a_second_start_brings_up_the_first_and_ends(desk, start):
    start()
    desk.person.wait_row(*TASKS)
    second = start()
    assert second.ended() == 0
    assert len(desk.watcher.items) == 1


def test_without_a_tray_host_one_line_and_exit_code_1(bench):
    if bench:
        pytest.skip(bench)
    with Desk(host=False) as desk:
        app = App(desk, [sys.executable, "-m", "tray_app", "--home", str(desk.folder / "home"), "--lang", "en"])
        assert app.ended() == 1
        (line,) = app.lines
        assert "elbowroom watch" in line


# --- the demo: the one where the machine itself is played, so that the overload is sure to come ---


def ask(port, path, token="", body=None):
    """JSON of a loopback server; None where nothing of the kind answers."""
    headers = {"Content-Type": "application/json", "Connection": "close"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            content = None if body is None else json.dumps(body)
            connection.request("GET" if body is None else "POST", path, content, headers)
            answer = connection.getresponse()
            return json.loads(answer.read()) if answer.status == 200 else None
        except (OSError, HTTPException, ValueError):
            return None


class DemoServer:
    """The demo's Open WebUI, found among the ports of its process, asked as an admin would."""

    def __init__(self, app):
        ports = [
            connection.laddr.port
            for connection in psutil.Process(app.process.pid).net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        ]
        found = [port for port in ports if (ask(port, "/api/config") or {}).get("name") == "Open WebUI"]
        if not found:
            raise LookupError("no Open WebUI yet")
        self.port = found[0]
        body = {"email": ADMIN[0], "password": ADMIN[1]}
        self.token = ask(self.port, "/api/v1/auths/signin", body=body)["token"]

    def holds(self):
        """What the best fix may change: the tasks, or with chat first the way to Ollama."""
        return [ask(self.port, path, self.token) for path in ("/api/v1/tasks/config", "/ollama/config")]

    def until(self, key, *, value):
        wait_for(lambda: ask(self.port, "/api/v1/tasks/config", self.token)[key] is value, f"{key} to be {value}")


@pytest.fixture
def demo(desk):
    app = App(desk, [sys.executable, "-m", "tray_app", "demo", "--tray", "--lang", "en"])
    desk.person.wait_row("Overloaded")
    return wait_for(lambda: DemoServer(app), "the demo's server")


def test_the_demo_is_overloaded_says_so_and_one_click_fixes_it(desk, demo):
    note = desk.notes.wait("Overloaded: qwen3:32b")
    assert note.urgency == 2
    assert desk.person.icon()[0] == "overloaded"
    assert desk.person.wait_row("Why?").rows
    desk.person.click_fix("Turn autocomplete off")
    demo.until(AUTOCOMPLETE, value=False)
    desk.person.wait_row(*TASKS, "Autocomplete", where=lambda row: not row.checked)
    desk.person.click("Undo: Autocomplete")
    demo.until(AUTOCOMPLETE, value=True)


def test_the_demos_notice_fixes_by_its_button(desk, demo):
    note = desk.notes.wait("Overloaded: qwen3:32b")
    before = demo.holds()
    desk.notes.press(note, next(iter(note.actions)))
    wait_for(lambda: demo.holds() != before, "a setting that changed")


def test_what_unloads_asks_first(desk, demo):
    row = desk.person.wait_row("Models", "qwen3:32b Q4_K_M", "Unload")
    assert row.texts()[-1] == "Unload it"
    assert not any(one.enabled for one in row.rows[:-1])
