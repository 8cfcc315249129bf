"""Chat first with its real relay between the stand-ins."""

import contextlib
import json
import os
import signal
import socket
import threading

from tests.played import Played
from tests.ports import free_port
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.token import Token, origin_of
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI
from tray_app.standins.server import wait_until
from tray_app.storage.secret import KeptIn

FAILED = 1


class Bench(Played):
    """With the relay at a port of its own, and an end of it whatever a test leaves."""

    def __init__(self, home, **options):
        super().__init__(home, **options)
        self.port = free_port()
        self.set_port(self.port)
        self.direct = [self.ollama.url]

    def set_port(self, port):
        text = f"request_limit_s = 20\n[chat_first]\nrelay_port = {port}\nquiet_low_s = 0\nquiet_high_s = 1\n"
        (self.home / "settings.toml").write_text(text)

    @property
    def by_relay(self):
        return [f"http://127.0.0.1:{self.port}"]

    @property
    def urls(self):
        return self.webui.registry.ollama.urls

    @property
    def relay(self):
        return self.app().relay

    def kill_relay(self):
        door = self.relay.door()
        os.kill(door.pid, signal.SIGKILL)
        assert wait_until(lambda: self.relay.door() is None)
        assert wait_until(self._is_port_free)
        return door.pid

    def _is_port_free(self):
        """A process that was killed closes one socket after the other."""
        with socket.socket() as asks:
            return asks.connect_ex(("127.0.0.1", self.port)) != 0

    def become(self, version):
        """Another release starts on the same data."""
        old = self.webui
        old.stop()
        self.webui = DemoOpenWebUI(version, ollama_url=self.ollama.url, port=old.port)
        self.webui.accounts.accounts = [one for one in self.webui.accounts.accounts if one.email == ADMIN[0]]
        self.webui.registry.ollama = old.registry.ollama
        self.webui.start()
        app = self.app()
        app.secrets.store(Token(self.webui.session(), origin_of(self.webui.url)), KeptIn.FILE)
        app.open_webui.models()  # as a browser does first; until then it knows none

    def __exit__(self, *exc):
        door = self.relay.door()
        if door is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(door.pid, signal.SIGKILL)
        super().__exit__(*exc)


def state(run):
    code, out, err = run("chat-first", "status", "--json")
    assert code == 0, err
    return json.loads(out)["state"]


def title(bench):
    """A real task call by way of wherever Open WebUI is led; the headers that reached Ollama."""
    webui = bench.webui
    account = webui.accounts.by_email("admin@example.com")
    answer = webui.generations.task("title", {"model": "qwen3:32b", "messages": []}, account)
    assert answer.status == 200
    return next(one for one in reversed(bench.ollama.asked) if one.path == "/api/chat").headers


def refused(run, *argv):
    code, _, err = run(*(argv or ("chat-first", "on", "--yes")))
    (line,) = [line for line in err.splitlines() if line.startswith("elbowroom")]
    assert code == FAILED
    return line


def at_once(*works):
    """What each gave, or the error it ended with."""
    ready, found = threading.Barrier(len(works)), [None] * len(works)

    def go(place, work):
        ready.wait()
        try:
            found[place] = work()
        except ElbowroomError as error:
            found[place] = error

    threads = [threading.Thread(target=go, args=one) for one in enumerate(works)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found
