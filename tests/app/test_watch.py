"""What makes the observer ask again, and that a server that hangs never takes the memory readings with it."""

import socket

import pytest
from msgspec.structs import replace

from tests.played import Played
from tray_app.app.containers import ContainerReader
from tray_app.app.poll import Poll
from tray_app.app.servers import OllamaPoll, OpenWebUIPoll, RelayPoll
from tray_app.app.watch import Observer
from tray_app.core.fit.candidates import CANDIDATES
from tray_app.core.fit.verdict import beside
from tray_app.core.remedies.models import model_remedies
from tray_app.core.requests.runners import LOADING_S
from tray_app.core.values.connections import Owner
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Unknown, Why, value_of
from tray_app.core.values.snapshot import Presence, ProcessRole, WatchedProcess
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.server import FaultKind
from tray_app.storage.relay_file import RelayFile


class Clock:
    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


class Moved:
    """The played processes, with runners that a test adds and a server that it takes away."""

    def __init__(self, played):
        self._played = played
        self.more = ()
        self.server = True

    def read(self, taken_at, *, ask_others=False):
        found = self._played.read(taken_at, ask_others=ask_others).value
        watched = [one for one in found.watched if self.server or one.role is not ProcessRole.OLLAMA_SERVER]
        return Known(replace(found, watched=(*watched, *self.more)), taken_at)


@pytest.fixture
def played(tmp_path):
    with Played(tmp_path / "home", installed=(BIG, SMALL)) as made:
        yield made


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def processes(played):
    return Moved(played.machine.processes)


@pytest.fixture
def observer(played, clock, processes):
    app = played.app()
    poll = Poll(
        replace(played.machine, processes=processes),
        OllamaPoll(app.ollama, played.ollama.url, local=True),
        OpenWebUIPoll(app.open_webui, played.webui.url, connected=True),
        ContainerReader(lambda: False),
        RelayPoll(RelayFile(app.paths.relay_file)),
        limits=Limits,
        written=tuple,
        now=clock,
        uptime=clock,
    )
    return Observer(poll, limits=Limits, candidates=lambda: CANDIDATES)


def go(observer, clock, seconds, step=5.0):
    end = clock.at + seconds
    while clock.at < end:
        look = observer.look()
        clock.at += step
    return look


def asked(server, path):
    return [request.path for request in server.asked].count(path)


def test_an_idle_ollama_sees_at_most_four_requests_a_minute(observer, clock, played):
    go(observer, clock, 60)
    played.ollama.asked.clear()
    go(observer, clock, 600)
    ours = [one for one in played.ollama.asked if one.headers.get("user-agent", "").startswith("elbowroom/")]
    assert len(ours) <= 40


def test_a_runner_that_comes_or_goes_is_looked_up_at_once(observer, clock, played):
    go(observer, clock, 10)
    played.load(SMALL)
    played.ollama.asked.clear()
    seen = go(observer, clock, 5).snapshot.ollama.value
    assert asked(played.ollama, "/api/ps") == 1
    assert {model.name for model in seen.loaded} == {BIG, SMALL}
    played.ollama.scheduler.unload(SMALL)
    assert {model.name for model in go(observer, clock, 5).snapshot.ollama.value.loaded} == {BIG}


def loading_runner(played):
    """As the processes show it: it serves a model that /api/ps does not list yet."""
    runner = next(
        one for one in played.machine.processes.read(0.0).value.watched if one.role is ProcessRole.OLLAMA_RUNNER
    )
    return replace(runner, pid=999, blob_digest=f"sha256-{played.ollama.models[SMALL].blob_digest}", port=None)


def test_while_a_model_loads_every_poll_asks_until_it_is_there(observer, clock, processes, played):
    go(observer, clock, 10)
    processes.more = (loading_runner(played),)
    played.ollama.asked.clear()
    go(observer, clock, 60)
    assert asked(played.ollama, "/api/ps") == 12


def test_a_runner_of_another_server_does_not_keep_us_asking(observer, clock, processes, played):
    go(observer, clock, 10)
    processes.more = (loading_runner(played),)
    go(observer, clock, LOADING_S + 10)
    played.ollama.asked.clear()
    go(observer, clock, 60)
    assert asked(played.ollama, "/api/ps") <= 3


def test_another_servers_runner_is_neither_asked_nor_counted(observer, clock, processes, played):
    """Its port takes connections; nobody of ours may come, though it looks as if it loaded for ever."""
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        theirs.setblocking(False)
        second = WatchedProcess(700, 1.0, ProcessRole.OLLAMA_SERVER, "ollama", ports=(11500,))
        runner = replace(loading_runner(played), port=theirs.getsockname()[1], parent_pid=700)
        processes.more = (second, runner)
        seen = go(observer, clock, 60).snapshot
        with pytest.raises(BlockingIOError):
            theirs.accept()
    found = {one.pid: one for one in value_of(seen.processes).watched}
    assert (found[999].owner, found[999].loading, found[999].model) == (Owner.OTHER, False, SMALL)
    assert {one.owner for pid, one in found.items() if pid not in (700, 999)} <= {Owner.OURS, Owner.UNSURE}
    assert (seen.requests.value.running.value, seen.requests.value.waiting.value) == (0, 0)


def test_a_hanging_open_webui_delays_only_itself(observer, clock, played):
    played.webui.fail(FaultKind.HANG)
    look = observer.look()
    assert look.snapshot.open_webui.why is Why.TIMED_OUT
    assert value_of(look.snapshot.ollama).presence is Presence.RUNNING
    assert isinstance(look.snapshot.memory, Known)
    played.webui.asked.clear()
    clock.at += 1.0
    observer.look()
    assert played.webui.asked == []


def test_a_hanging_ollama_delays_only_itself(observer, clock, played):
    played.ollama.fail(FaultKind.HANG)
    look = observer.look()
    assert look.snapshot.ollama.why is Why.TIMED_OUT
    assert isinstance(look.snapshot.memory, Known)
    assert value_of(look.snapshot.open_webui).version == "0.12.4"


def test_an_ollama_that_was_stopped_is_absent_and_comes_back(observer, clock, processes, played):
    go(observer, clock, 10)
    played.ollama.stop()
    processes.server = False
    clock.at += 60
    assert value_of(observer.look().snapshot.ollama).presence is Presence.ABSENT
    played.ollama.start()
    processes.server = True
    clock.at += 60
    assert value_of(observer.look().snapshot.ollama).presence is Presence.RUNNING


def test_the_level_is_unknown_when_ollama_does_not_answer(observer, clock, played):
    played.ollama.fail(FaultKind.HANG_UP)
    look = observer.look()
    assert isinstance(look.snapshot.ollama, Unknown)
    assert look.diagnosis.level.value == "unknown"


def test_two_looks_ask_everything_once(observer, played):
    observer.look_twice(lambda _seconds: None)
    assert asked(played.ollama, "/api/version") == 1
    assert asked(played.webui, "/api/v1/tasks/config") == 1


def test_notices_of_an_earlier_run_still_count(observer):
    observer.remember_told({"task-storm qwen3:32b": 990.0})
    observer.look()
    assert observer.told() == {"task-storm qwen3:32b": 990.0}


def test_of_one_look_everything_is_judged_once_however_many_views_ask(observer, clock, monkeypatch):
    """Remedies, task models and ways ask the same: whether a model fits, which tasks run, what relieves them."""
    judged, ranked = [], []

    def fits(candidate, *rest):
        judged.append(candidate)
        return beside(candidate, *rest)

    def offers(here):
        ranked.append(here)
        return model_remedies(here)

    monkeypatch.setattr("tray_app.core.diagnosis.facts.beside", fits)
    monkeypatch.setattr("tray_app.core.remedies.ranked.model_remedies", offers)
    observer.look()
    go(observer, clock, 10)
    judged.clear()
    ranked.clear()
    look = observer.look()
    assert look.strategies()
    assert look.task_models.choices
    assert len(judged) > 3
    assert len(judged) == len(set(judged))
    assert ranked == [look.case]
