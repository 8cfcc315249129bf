"""Chat first on real servers: the relay is reached, told what each request is for, and gone again without a trace."""

import os
import signal
import socket

import pytest

from tests.contract.bench import BIG, Bench
from tests.real.install import CannotInstall, install
from tests.requirements import require
from tray_app.app.wiring import App, Overrides
from tray_app.core.values.relay import ChatFirstState
from tray_app.core.values.remedy import Consent
from tray_app.core.values.token import Token, origin_of
from tray_app.demo.machine import played_machine
from tray_app.standins.server import wait_until
from tray_app.storage.secret import KeptIn

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
RELEASES = ("0.10.2", "0.11.4", "0.12.4")


@pytest.fixture(params=RELEASES)
def server(request, tmp_path):
    try:
        install(request.param)
    except CannotInstall as error:
        require("real", str(error))
    bench = Bench(request.param, real=True, folder=tmp_path / "webui")
    bench.server.folder.mkdir()
    try:
        bench.start()
        yield bench
    finally:
        bench.close()


@pytest.fixture
def app(server, tmp_path, own_code):
    home = tmp_path / "home"
    home.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (home / "settings.toml").write_text(f"request_limit_s = 20\n[chat_first]\nrelay_port = {port}\nquiet_low_s = 0\n")
    machine = played_machine(server.ollama)
    with App(Overrides(home=home, ollama=server.ollama.url, open_webui=server.url, machine=machine)) as made:
        made.secrets.store(Token(server.token(), origin_of(server.url)), KeptIn.FILE)
        yield made
        door = made.relay.door()
        if door is not None:
            os.kill(door.pid, signal.SIGKILL)


def document(server):
    return server.ask("GET", "/ollama/config", token=server.token()).json()


def switched_on(app):
    led = app.observer.look().facts.overview.connections
    app.carrier.carry_out(app.chat_first.remedy(led), Consent.CONFIRMED, lambda _: None, lambda: False)


def test_on_tasks_off(server, app):
    before = document(server)
    switched_on(app)
    assert document(server)["OLLAMA_BASE_URLS"] == [f"http://127.0.0.1:{app.relay.door().port}"]
    for kind in ("title", "tags", "follow_up"):
        server.task(kind).raise_for_status()
    body = {"model": BIG, "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    server.ask("POST", "/api/chat/completions", body, token=server.token()).raise_for_status()
    counts = app.relay.state().counts
    assert (counts.tasks, counts.chats) == (3, 1)
    assert app.chat_first.status().state is ChatFirstState.ON
    app.chat_first.off()
    assert document(server) == before
    assert app.relay.door() is None
    server.task("title").raise_for_status()


def test_quit_and_the_next_start_and_an_undo_without_a_relay(server, app):
    before = document(server)
    switched_on(app)
    assert app.chat_first.take_back_until_next_start() is None
    assert (document(server), app.chat_first.status().state) == (before, ChatFirstState.PAUSED)
    switched_on(app)
    os.kill(app.relay.door().pid, signal.SIGKILL)
    assert wait_until(lambda: app.relay.door() is None)
    (record, *_) = app.carrier.undoable()
    app.carrier.undo(record.id)
    assert document(server) == before
    server.task("title").raise_for_status()
