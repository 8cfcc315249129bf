"""Elbowroom that is started because the chat hangs: a real Open WebUI with its own pool of connections, a real
llama-server behind a process like Ollama's, and the connections seen as macOS and Windows show them, without a word of
what went over each. Releases before 0.9 keep no connections: the newest one is tried.
"""

import contextlib
import threading
import time

import httpx
import pytest
from msgspec.structs import replace

from tests.llama.bench import BIG, Serve, runner_program
from tests.llama.test_seen import counted, truth
from tests.ports import free_port
from tests.real.install import CannotInstall, install
from tests.real.servers import ADMIN, VERSIONS, RealServer, session
from tests.requirements import require
from tray_app.app.wiring import App, Overrides
from tray_app.core.values.connections import KEPT_S
from tray_app.core.values.requests import Confidence
from tray_app.core.values.token import Token, origin_of
from tray_app.readers.connections import ConnectionReader
from tray_app.readers.machine import this_machine
from tray_app.standins.server import wait_until
from tray_app.storage.secret import KeptIn

pytestmark = [pytest.mark.real, pytest.mark.llama, pytest.mark.timeout(900)]
CALLS = 4
NEWEST = VERSIONS[-1]


class Servers:
    def __init__(self, folder, runner, **settings):
        self.folder = folder
        self.ollama = Serve(folder / "ollama", free_port(), runner, **settings)
        self.webui = RealServer(NEWEST, folder / "webui", ollama_url=self.ollama.url)
        self.asking = []

    def __enter__(self):
        self.ollama.start()
        self.webui.folder.mkdir()
        self.webui.start()
        self.token = session(self.webui.url, ADMIN)
        self.get("/api/models")
        return self

    def __exit__(self, *_):
        self.ollama.stop()
        for one in self.asking:
            one.join()
        self.webui.stop()

    def get(self, path):
        httpx.get(self.webui.url + path, headers=self.head, timeout=30, trust_env=False).raise_for_status()

    @property
    def head(self):
        return {"Authorization": f"Bearer {self.token}"}

    def follow_up(self):
        """A task that is not limited to a number of tokens, as titles are."""
        body = {"model": BIG, "messages": [{"role": "user", "content": "Why is my Mac slow?"}], "stream": False}
        with contextlib.suppress(httpx.HTTPError):
            httpx.post(
                f"{self.webui.url}/api/v1/tasks/follow_up/completions",
                json=body,
                headers=self.head,
                timeout=300,
                trust_env=False,
            )

    def ask(self, count):
        for _ in range(count):
            self.asking.append(threading.Thread(target=self.follow_up))
            self.asking[-1].start()

    def first_look(self, home):
        machine = this_machine(home)
        there = replace(machine, connections=ConnectionReader(system="darwin"))
        with App(Overrides(home, self.ollama.url, self.webui.url, machine=there)) as app:
            app.secrets.store(Token(self.token, origin_of(self.webui.url)), KeptIn.FILE)
            look = app.observer.look()
        machine.close()
        return look


@pytest.fixture(scope="module")
def runner():
    try:
        install(NEWEST)
    except CannotInstall as error:
        require("real", str(error))
    return runner_program()


def test_what_hung_before_we_came_is_counted_at_the_first_look(runner, tmp_path):
    with Servers(tmp_path, runner, STAND_IN_ANSWER_S="600") as servers:
        servers.ask(CALLS)
        assert wait_until(lambda: truth(servers.ollama) == (1, CALLS - 1), 60)
        time.sleep(KEPT_S)  # until then, any of them may lie idle since the list of models was asked for
        look = servers.first_look(tmp_path / "home")
        requests = look.snapshot.requests.value
        assert counted(look) == (1, CALLS - 1)
        assert requests.waiting_confidence is Confidence.LOWER_BOUND


def test_what_is_only_kept_from_before_is_not_taken_to_wait(runner, tmp_path):
    with Servers(tmp_path, runner, STAND_IN_ANSWER_S="6") as servers:
        servers.ask(CALLS)
        assert wait_until(lambda: truth(servers.ollama) == (1, CALLS - 1), 60)
        assert wait_until(lambda: truth(servers.ollama) == (0, 0), 120)
        servers.ask(1)
        assert wait_until(lambda: truth(servers.ollama) == (1, 0), 30)
        look = servers.first_look(tmp_path / "home")
        assert counted(look) in {(1, None), (1, 0)}
        assert len(look.snapshot.connections.value.clients) > 1
