"""Chat first on real servers: the relay is reached, told what each request is for, and gone again without a trace."""

import os
import signal

import pytest

from tests.app.chat_first.bench import at_once
from tests.contract.bench import BIG, SMALL, Bench
from tests.ports import free_port
from tests.real.install import CannotInstall, install
from tests.real.servers import NotStarted
from tests.requirements import require
from tray_app.app.wiring import App, Overrides
from tray_app.core.remedies.relay_rules import not_taken, relay_rules
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.life import ChatFirstProblem
from tray_app.core.values.relay import ChatFirstState, NotTaken
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
    (home / "settings.toml").write_text(
        f"request_limit_s = 20\n[chat_first]\nrelay_port = {free_port()}\nquiet_low_s = 0\n"
    )
    machine = played_machine(server.ollama)
    with App(Overrides(home=home, ollama=server.ollama.url, open_webui=server.url, machine=machine)) as made:
        made.secrets.store(Token(server.token(), origin_of(server.url)), KeptIn.FILE)
        yield made
        door = made.relay.door()
        if door is not None:
            os.kill(door.pid, signal.SIGKILL)


def document(server):
    return server.ask("GET", "/ollama/config", token=server.token()).json()


def carry_out(app, remedy):
    return app.carrier.carry_out(remedy, Consent.CONFIRMED, lambda _: None, lambda: False)


def switched_on(app):
    carry_out(app, app.chat_first.remedy(app.observer.look().facts.overview.connections))


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


def test_two_that_switch_at_once_and_an_admin_between_plan_and_write(server, app, tmp_path):
    before = document(server)
    led = app.observer.look().facts.overview.connections
    plans = [app.chat_first.remedy(led) for _ in range(2)]
    with App(app.overrides) as other:
        ends = at_once(
            *(lambda it=it, plan=plan: carry_out(it, plan) for it, plan in zip((app, other), plans, strict=True))
        )
        (failed,) = [one for one in ends if isinstance(one, ElbowroomError)]
        assert failed.problem is ChatFirstProblem.ON_ALREADY
        assert document(server)["OLLAMA_BASE_URLS"] == [f"http://127.0.0.1:{app.relay.door().port}"]
        ends = at_once(app.chat_first.off, other.chat_first.off)
        assert not [one for one in ends if isinstance(one, ElbowroomError) and one.args[0] != "nothing-to-do"]
    assert (document(server), app.relay.door()) == (before, None)
    plan = app.chat_first.remedy(led)
    moved = {**before, "OLLAMA_BASE_URLS": ["http://127.0.0.1:9"]}
    server.ask("POST", "/ollama/config/update", moved, token=server.token()).raise_for_status()
    with pytest.raises(ChangeError) as error:
        carry_out(app, plan)
    assert error.value.problem is Problem.DRIFT
    assert document(server)["OLLAMA_BASE_URLS"] == ["http://127.0.0.1:9"]
    assert app.relay.door() is None


def test_a_model_for_a_task_is_asked_for_in_its_place(server, app):
    """One that Ollama has: the real server's own title call reaches it with the other name."""
    (app.paths.settings_file).write_text(
        app.paths.settings_file.read_text("utf-8") + f'[task_models]\ntitles = "{SMALL}"\ntags = "no-such:1b"\n',
        "utf-8",
    )
    app.follow_settings()
    switched_on(app)
    look = app.observer.look()
    settings = app.settings_file.settings
    told = relay_rules(look.facts, settings.chat_first, settings.task_models)
    refused = not_taken(look.facts, settings.task_models)
    assert ("tags_generation", NotTaken.MISSING) in [(one.task, one.because) for one in refused]
    app.observer.poll.tell_relay(told)
    for kind in ("title", "tags"):
        server.task(kind).raise_for_status()
    asked = [one.json()["model"] for one in server.ollama.asked if one.path == "/api/chat"]
    taken = SMALL if dict(told.task_models).get("title_generation") else BIG
    assert asked[-2:] == [taken, BIG]
    app.chat_first.off()


@pytest.mark.parametrize("server", ["0.10.2"], indirect=True)
def test_an_update_of_open_webui_while_it_is_on(server, app):
    before = document(server)
    switched_on(app)
    became(server, "0.12.4")
    assert app.chat_first.status().state is ChatFirstState.ON
    server.task("title").raise_for_status()
    assert app.relay.state().counts.tasks == 1
    app.chat_first.off()
    assert {name: document(server)[name] for name in before} == before


@pytest.mark.parametrize("server", ["0.10.2"], indirect=True)
def test_an_open_webui_that_was_set_back_below_0_10_and_came_again(server, app):
    """An older release does not start on newer data: whoever tries it and goes back finds chat first as it was."""
    before = document(server)
    switched_on(app)
    with pytest.raises(NotStarted):
        became(server, "0.9.6")
    assert app.chat_first.take_back_until_next_start() is not None  # nobody to ask: the relay goes on
    assert app.relay.door() is not None
    became(server, "0.10.2")
    assert app.chat_first.status().state is ChatFirstState.ON
    server.task("title").raise_for_status()
    app.chat_first.off()
    assert (document(server), app.relay.door()) == (before, None)


def became(server, version):
    """Another release starts on the same data."""
    try:
        install(version)
    except CannotInstall as error:
        require("real", str(error))
    server.stop()
    server.server.version = version
    server.start()
    server.ask("GET", "/api/models", token=server.token()).raise_for_status()
