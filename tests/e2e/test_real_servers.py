"""The whole app before a real Open WebUI, and in a real panel: what a click leaves on the server, and what kills leave."""

import signal
import socket
import sys
import threading

import httpx
import pytest

from tests.e2e.bus import wait_for
from tests.e2e.desk import App, Desk, missing
from tests.real.install import CannotInstall
from tests.real.servers import ADMIN, RealServer, session
from tests.requirements import require
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.scheduler import Pace
from tray_app.standins.upstream import Call

# The first test of the real server also waits for its install and start.
pytestmark = [pytest.mark.tray, pytest.mark.real, pytest.mark.timeout(600)]

VERSION = "0.12.4"
TASKS = ("Background tasks",)
TITLES, TAGS = "ENABLE_TITLE_GENERATION", "ENABLE_TAGS_GENERATION"
UPDATE = b"POST /api/v1/tasks/config/update"
SEEN_WITHIN_S = 90
"""An Ollama without a process here is asked every 30 s, one that did not answer less often."""


@pytest.fixture(scope="module")
def ollama():
    """A stand-in that has a large model loaded."""
    server = DemoOllama(pace=Pace(0, 0, 0))
    server.start()
    for _line in Call(server.url, "/api/generate", {"model": "qwen3:32b", "stream": False}).lines():
        pass
    yield server
    server.stop()


class Server:
    """A real Open WebUI, and what it holds on its own word."""

    def __init__(self, ollama, folder):
        self.real = RealServer(VERSION, folder, ollama_url=ollama.url)
        self.real.start()
        self.url = self.real.url
        self.token = session(self.url, ADMIN)

    def held(self):
        head = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.get(f"{self.url}/api/v1/tasks/config", headers=head, trust_env=False, timeout=30)
        return answer.raise_for_status().json()

    def until(self, key, value):
        wait_for(lambda: self.held()[key] == value, f"{key} to be {value!r}")


@pytest.fixture(scope="module")
def server(ollama, tmp_path_factory):
    try:
        server = Server(ollama, tmp_path_factory.mktemp("open-webui"))
    except CannotInstall as error:
        require("real", str(error))
    yield server
    server.real.stop()


def start(desk, ollama, server, url=None):
    argv = [sys.executable, "-m", "tray_app", "--home", str(desk.folder / "home"), "--lang", "en"]
    servers = ["--ollama", ollama.url, "--open-webui", url or server.url]
    return App(desk, [*argv, *servers], {"ELBOWROOM_API_KEY": server.token})


def test_a_fix_a_toggle_and_their_undo(desk, ollama, server):
    before = server.held()
    app = start(desk, ollama, server)
    fix = desk.person.wait_row("Use gemma3:1b for tasks")
    desk.person.click(fix.text.partition(" (")[0])
    server.until("TASK_MODEL", "gemma3:1b")
    desk.person.wait_row("Undo: ")
    assert server.held() == {**before, "TASK_MODEL": "gemma3:1b"}
    desk.person.click(*TASKS, "Titles")
    server.until(TITLES, value=False)
    assert server.held() == {**before, "TASK_MODEL": "gemma3:1b", TITLES: False}
    desk.person.click("Undo: Titles")
    server.until(TITLES, value=True)
    desk.person.wait_row("Undo: Task model")
    desk.person.click("Undo: Task model")
    server.until("TASK_MODEL", before["TASK_MODEL"])
    desk.person.wait_gone("Undo: ")
    assert server.held() == before
    desk.person.click("Quit")
    assert app.ended() == 0
    assert app.lines == []


class Relay:
    """Passes bytes to a server on loopback and calls `on_update` when a change has been handed to it."""

    def __init__(self, port):
        self.port_behind, self.on_update = port, lambda: None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # closed: the test is over
                return
            server = socket.create_connection(("127.0.0.1", self.port_behind))
            threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source, target, is_request):
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
                # The body may come in a piece of its own; it ends with the document.
                if is_request and UPDATE in data:
                    while not data.endswith(b"}"):
                        data = source.recv(1 << 16)
                        target.sendall(data)
                    self.on_update()
        except OSError:
            pass  # the other side is gone
        finally:
            source.close()

    def close(self):
        self.listener.close()


@pytest.fixture
def relay(server):
    relay = Relay(server.real.port)
    yield relay
    relay.close()


def test_killed_in_the_middle_of_a_change_it_looks_what_is_held_and_offers_the_undo(desk, ollama, server, relay):
    """The change has reached the server, its answer never reaches us."""
    app = start(desk, ollama, server, relay.url)
    desk.person.wait_row(*TASKS, "Tags", where=lambda row: row.checked)
    before = server.held()
    relay.on_update = app.process.kill
    desk.person.click(*TASKS, "Tags")
    assert app.ended() == -signal.SIGKILL
    relay.on_update = lambda: None
    server.until(TAGS, value=False)
    start(desk, ollama, server, relay.url)
    desk.person.wait_row(*TASKS, "Tags", where=lambda row: not row.checked)
    desk.person.click("Undo: Tags")
    server.until(TAGS, value=True)
    assert server.held() == before


def test_an_ollama_that_is_killed_and_comes_back_is_told(desk, ollama, server):
    """Its own server, as the others go on with theirs."""
    mine = DemoOllama(pace=Pace(0, 0, 0))
    mine.start()
    start(desk, mine, server)
    desk.person.wait_row(*TASKS)
    assert not [text for text in desk.person.menu().texts() if text.startswith("Ollama")]
    mine.stop()
    try:
        wait_for(lambda: desk.person.menu().find("Ollama"), "the menu to say that Ollama is gone", SEEN_WITHIN_S)
    finally:
        mine = DemoOllama(pace=Pace(0, 0, 0), port=mine.port)
        mine.start()
    try:
        wait_for(
            lambda: not [text for text in desk.person.menu().texts() if text.startswith("Ollama")],
            "the menu to say nothing of Ollama",
            SEEN_WITHIN_S,
        )
    finally:
        mine.stop()


def test_a_real_panel_that_is_killed_gets_the_icon_back(bench, ollama, server):
    if reason := bench or missing("xfce4-panel"):
        require("tray", reason)
    with Desk(panel=True) as desk:
        start(desk, ollama, server)
        desk.person.wait_row(*TASKS, "Titles", where=lambda row: row.checked)
        desk.panel.kill()
        desk.panel.wait()
        wait_for(lambda: not desk.person.has_host(), "the tray to be gone")
        desk.panel = desk.start_panel()
        desk.person.wait_row(*TASKS, "Titles", where=lambda row: row.checked)
        desk.person.click(*TASKS, "Titles")
        server.until(TITLES, value=False)
        desk.person.click("Undo: Titles")
        server.until(TITLES, value=True)
