"""What is said of a real llama-server behind its server: counted from real processes, sockets and slots."""

import contextlib

import pytest

from tests.llama.bench import BIG, SMALL, Serve, clients, runner_program, settled
from tests.real.servers import free_port
from tray_app.app.wiring import App, Overrides
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import Confidence, ProcessRole
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.llama, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def runner():
    return runner_program()


@pytest.fixture
def serve(runner, tmp_path):
    with contextlib.ExitStack() as ends:

        def started(name="one", **settings):
            made = Serve(tmp_path / name, free_port(), runner, **settings)
            ends.callback(made.stop)
            made.start()
            return made

        yield started


@pytest.fixture
def observer(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    with contextlib.ExitStack() as ends:

        def watching(server):
            nowhere = f"http://127.0.0.1:{free_port()}"
            app = ends.enter_context(App(Overrides(tmp_path / "home", server.url, nowhere)))
            return app.observer

        yield watching


def truth(server):
    """(running, waiting) as the server itself knows them."""
    told = server.get("/truth")
    return told["running"], told["waiting"]


def counted(look):
    """(running, waiting) as they are said; None where they are not known."""
    requests = look.snapshot.requests.value
    return tuple(one.value if isinstance(one, Known) else None for one in (requests.running, requests.waiting))


def test_one_runs_and_the_others_wait(serve, observer):
    server = serve(STAND_IN_ANSWER_S="60")
    with clients(server.url, BIG, 4):
        assert wait_until(lambda: truth(server) == (1, 3), 30)
        look = settled(observer(server), lambda look: counted(look) == (1, 3))
        requests = look.snapshot.requests.value
        assert counted(look) == (1, 3)
        assert (requests.running_source, requests.running_confidence) == ("slots", Confidence.EXACT)
        assert [one.model for one in requests.active] == [BIG]


def runners_of(look):
    return [one for one in look.snapshot.processes.value.watched if one.role is ProcessRole.OLLAMA_RUNNER]


def idle(look):
    return counted(look) == (0, 0)


def test_a_runner_is_known_by_its_command_line(serve, observer):
    server = serve(STAND_IN_ANSWER_S="0.1", OLLAMA_NUM_PARALLEL="2", OLLAMA_CONTEXT_LENGTH="2048")
    server.ask(SMALL)
    look = observer(server).look_twice()
    (seen,) = runners_of(look)
    (real,) = server.runners()
    assert (seen.pid, seen.model, seen.context_length, seen.parallel) == (real.pid, SMALL, 2048, 2)
    assert not seen.loading
    assert seen.memory_bytes is not None
    assert counted(look) == (0, 0)


def test_two_places_serve_two(serve, observer):
    server = serve(STAND_IN_ANSWER_S="60", OLLAMA_NUM_PARALLEL="2")
    with clients(server.url, BIG, 5):
        assert wait_until(lambda: truth(server) == (2, 3), 30)
        assert counted(settled(observer(server), lambda look: counted(look) == (2, 3))) == (2, 3)


def test_the_queue_is_gone_when_its_clients_are(serve, observer):
    server = serve(STAND_IN_ANSWER_S="60")
    watched = observer(server)
    with clients(server.url, BIG, 3):
        assert wait_until(lambda: truth(server) == (1, 2), 30)
        assert counted(settled(watched, lambda look: counted(look) == (1, 2))) == (1, 2)
    assert wait_until(lambda: truth(server) == (0, 0), 30)
    assert idle(settled(watched, idle))


def test_connections_that_lie_idle_are_no_requests(serve, observer):
    server = serve(STAND_IN_ANSWER_S="0.1")
    with clients(server.url, BIG, 4, "kept") as asking:
        assert [asking.stdout.readline() for _ in range(4)] == ["idle\n"] * 4
        assert wait_until(lambda: truth(server) == (0, 0), 30)
        assert idle(settled(observer(server), idle))


class TestSomebodyElses:
    """A second server on the same machine, and what a killed one leaves behind."""

    def test_another_servers_load_is_not_ours(self, serve, observer):
        ours, other = serve("ours", STAND_IN_ANSWER_S="0.1"), serve("other", STAND_IN_ANSWER_S="60")
        ours.ask(BIG)
        with clients(other.url, BIG, 3):
            assert wait_until(lambda: truth(other) == (1, 2), 30)
            watched = observer(ours)
            looks = [watched.look_twice() for _ in range(2)]
        assert [counted(look) for look in looks] == [(0, 0)] * 2
        assert all(not look.snapshot.requests.value.active for look in looks)

    def test_our_queue_is_seen_beside_another_servers_model(self, serve, observer):
        ours, other = serve("ours", STAND_IN_ANSWER_S="60"), serve("other", STAND_IN_ANSWER_S="0.1")
        other.ask(SMALL)
        with clients(ours.url, BIG, 4):
            assert wait_until(lambda: truth(ours) == (1, 3), 30)
            assert counted(settled(observer(ours), lambda look: counted(look) == (1, 3))) == (1, 3)


@pytest.mark.parametrize("version", ["0.9.6", "0.12.11"])
def test_runners_that_tell_no_slots(serve, observer, version):
    """Up to 0.24: by what goes over their connections, which the server keeps open."""
    server = serve(STAND_IN_ANSWER_S="60", STAND_IN_VERSION=version)
    with clients(server.url, BIG, 3):
        assert wait_until(lambda: truth(server) == (1, 2), 30)
        look = settled(observer(server), lambda look: counted(look) == (1, 2))
        assert counted(look) == (1, 2)
        assert [one.model for one in runners_of(look)] == [BIG]
        assert look.snapshot.requests.value.running_source == "runner-connections"
