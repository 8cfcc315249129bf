"""What is said of a real llama-server behind its server: counted from real processes, sockets and slots."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.english import TR
from tests.llama.bench import BIG, HERE, SMALL, Serve, clients, runner_program, settled
from tests.ports import free_port
from tray_app.app.wiring import App, Overrides
from tray_app.cli.main import DONE, NOTHING_TO_DO, USAGE, run
from tray_app.core.diagnosis.rules import stuck as stuck_rule
from tray_app.core.report.status import status
from tray_app.core.text.status import status_lines
from tray_app.core.values.connections import Owner, Whose
from tray_app.core.values.finding import QueueBacklog
from tray_app.core.values.reading import Known
from tray_app.core.values.requests import Confidence
from tray_app.core.values.snapshot import ProcessRole
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


def all_runners(look):
    """Those of other servers on this machine included, as of other tests."""
    return [one for one in look.snapshot.processes.value.watched if one.role is ProcessRole.OLLAMA_RUNNER]


def runners_of(look):
    return [one for one in all_runners(look) if one.owner.is_ours]


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


def owners(look):
    return {one.pid: one for one in all_runners(look)}


def kinds(look):
    return {one.kind for one in look.diagnosis.findings}


class TestWhoseRunner:
    """A runner is its server's child, and the server that is watched listens on the watched port."""

    def test_our_queue_is_judged_beside_another_servers_model(self, serve, observer):
        ours, other = serve("ours", STAND_IN_ANSWER_S="60"), serve("other", STAND_IN_ANSWER_S="0.1")
        other.ask(SMALL)
        (theirs,) = other.runners()
        with clients(ours.url, BIG, 5):
            assert wait_until(lambda: truth(ours) == (1, 4), 30)
            look = settled(observer(ours), lambda look: "queue-backlog" in kinds(look))
        assert "queue-backlog" in kinds(look)
        seen = owners(look)[theirs.pid]
        assert (seen.owner, seen.loading) == (Owner.OTHER, False)
        assert seen.memory_bytes is not None
        told = status(look.snapshot, look.diagnosis, (), None)
        owned = [one["owner"] for one in told["processes"] if one["role"] == "ollama-runner"]
        assert owned[:2] == ["ours", "other-ollama"]
        assert not any(one.startswith("findings.queue-backlog") for one in told["unknown"])

    def test_an_orphaned_runner_is_no_load_of_the_new_server(self, serve, observer):
        first = serve("first", STAND_IN_ANSWER_S="0.1")
        first.ask(BIG)
        watched = observer(first)
        watched.look()
        orphans = first.kill()
        try:
            again = Serve(first.folder.parent / "again", int(first.url.rpartition(":")[2]), first.runner)
            again.start()
            try:
                look = settled(watched, lambda look: idle(look) and isinstance(look.snapshot.ollama, Known))
                assert idle(look)
                assert look.snapshot.requests.value.running_source != "loading"
                (left,) = orphans
                assert owners(look)[left.pid].owner is Owner.NOBODY
                lines = status_lines(look.facts.overview, look.diagnosis, (), TR)
                text = "\n".join("".join(span.text for span in one) for one in lines)
                assert "left behind by an Ollama that has ended: " in text
                (stuck,) = [one for one in stuck_rule.check(look.facts) if one.pid == left.pid] or [None]
                small = left.memory_info().rss < stuck_rule.SMALL_SHARE * look.facts.memory.total_bytes
                assert (stuck is None) is small
                assert "sha256" not in text
            finally:
                again.stop()
        finally:
            for one in orphans:
                one.kill()
                one.wait()


class TestWhoAsks:
    """By who holds the connections: a process that looks like Open WebUI, and another program."""

    @pytest.fixture
    def open_webui(self, tmp_path):
        """Starts it: it asks over connections that it keeps, once each."""
        (tmp_path / "web").mkdir()
        (tmp_path / "web" / "open-webui").symlink_to(Path(sys.executable).resolve())
        (tmp_path / "web" / "serve").symlink_to(HERE / "asks.py")
        started = []

        def ask(url, count):
            command = [tmp_path / "web" / "open-webui", "serve", url, BIG, str(count), "kept"]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            made = subprocess.Popen(command, cwd=tmp_path / "web", env=environment, stdout=subprocess.PIPE, text=True)
            started.append(made)
            return made

        yield ask
        for one in started:
            one.kill()
            one.communicate()

    def whose(self, look):
        asked = look.snapshot.requests.value
        return asked.whose, asked.of_open_webui

    def test_its_own_requests(self, serve, observer, open_webui):
        server = serve(STAND_IN_ANSWER_S="60")
        open_webui(server.url, 3)
        assert wait_until(lambda: truth(server) == (1, 2), 30)
        expected = (Whose.OPEN_WEBUI, 3)
        assert self.whose(settled(observer(server), lambda look: self.whose(look) == expected)) == expected

    def test_another_programs_queue_beside_its_idle_connections(self, serve, observer, open_webui):
        server = serve(STAND_IN_ANSWER_S="0.1")
        asking = open_webui(server.url, 2)
        assert [asking.stdout.readline() for _ in range(2)] == ["idle\n"] * 2
        watched = observer(server)
        with clients(server.url, BIG, 6):
            look = settled(watched, lambda look: self.whose(look) == (Whose.OTHERS, 0) and kinds(look))
            assert self.whose(look) == (Whose.OTHERS, 0)
            (found,) = [one for one in look.diagnosis.findings if isinstance(one, QueueBacklog)]
            assert found.others
            assert "task-storm" not in kinds(look)

    def test_both_at_once(self, serve, observer, open_webui):
        server = serve(STAND_IN_ANSWER_S="60")
        open_webui(server.url, 2)
        with clients(server.url, BIG, 2):
            assert wait_until(lambda: truth(server) == (1, 3), 30)
            expected = (Whose.MIXED, 2)
            assert self.whose(settled(observer(server), lambda look: self.whose(look) == expected)) == expected


def test_the_servers_own_log_and_settings_are_read(serve, observer):
    """It writes to a file that somebody chose, as `ollama serve > file` does; another server's settings are not ours."""
    server = serve("ours", STAND_IN_ANSWER_S="0.1", OLLAMA_MAX_LOADED_MODELS="1", OLLAMA_NUM_PARALLEL="2")
    serve("other", OLLAMA_MAX_LOADED_MODELS="7", OLLAMA_NUM_PARALLEL="5")
    watched = observer(server)
    config = watched.look().snapshot.ollama.value.config
    assert (config.max_loaded_models, config.num_parallel, config.told) == (1, 2, True)
    server.ask(SMALL)

    def finished():
        log = watched.look().snapshot.ollama_log
        return isinstance(log, Known) and log.value.finished == 1

    assert wait_until(finished, 20)


def test_what_a_killed_server_left_is_ended_by_its_name_alone(serve, tmp_path, monkeypatch, capsys):
    """Whole commands: shown, asked for, refused without a yes, ended, and no longer there to end."""
    monkeypatch.setattr(stuck_rule, "SMALL_SHARE", 0.0)  # the file behind it holds zeros
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    first = serve(STAND_IN_ANSWER_S="0.1")
    first.ask(SMALL)
    (left,) = first.kill()
    options = ["--home", str(tmp_path / "home"), "--ollama", first.url, "--open-webui", "http://127.0.0.1:9"]

    def fix(*words):
        code = run(["fix", *words, *options])
        return code, "".join(capsys.readouterr())

    try:
        name = f"end-runner:{left.pid}"
        code, told = fix()
        assert (code, name in told) == (NOTHING_TO_DO, True)
        assert fix(name)[0] == USAGE
        assert left.is_running()
        code, told = fix(name, "--yes")
        assert (code, "has ended: its memory is free again" in told) == (DONE, True)
        assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE
        assert fix(name, "--yes")[0] == USAGE
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            left.kill()
