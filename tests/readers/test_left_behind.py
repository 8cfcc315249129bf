"""Ending a runner that was left behind: the real one ends, and every other process lives on."""

import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from tests.readers.stand_in import OllamaStandIn, until
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.readers.left_behind import SAME_START_S, end, is_mine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the stand-in's names need links to the interpreter")


def refused(found, started_at=None, **more):
    with pytest.raises(ChangeError) as told:
        end(found.pid, found.create_time() if started_at is None else started_at, **more)
    return told.value.problem


def lives(process):
    """One that has ended may stay listed until its new parent takes note."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def left():
    """A runner whose server was killed."""
    with OllamaStandIn() as ollama:
        runner = psutil.Process(ollama.runner_pid)
        ollama.kill()
        until(lambda: runner.ppid() != ollama.pid)
        try:
            yield runner
        finally:
            if runner.is_running():
                runner.kill()


def test_it_ends_and_a_second_click_finds_nothing(left):
    end(left.pid, left.create_time())
    assert not lives(left)
    assert refused(left, 1.0) is Problem.NO_SUCH_RUNNER


def test_one_that_does_not_listen_to_the_first_word_is_killed(left, monkeypatch):
    monkeypatch.setattr("tray_app.readers.left_behind.END_S", 0.2)
    left.suspend()  # a stopped process takes no SIGTERM
    end(left.pid, left.create_time())
    assert not lives(left)


def test_another_program_that_has_its_number_by_now_is_left_alone(left):
    assert refused(left, left.create_time() - SAME_START_S - 1) is Problem.NO_SUCH_RUNNER
    assert left.is_running()


def test_one_that_somebody_uses_is_left_alone(left):
    (port,) = (one.laddr.port for one in left.net_connections("tcp") if one.status == psutil.CONN_LISTEN)
    with socket.create_connection(("127.0.0.1", port)):
        until(lambda: len(left.net_connections("tcp")) > 1)
        assert refused(left) is Problem.NO_SUCH_RUNNER
    assert left.is_running()


def test_a_runner_whose_server_lives_is_left_alone():
    with OllamaStandIn() as ollama:
        assert refused(psutil.Process(ollama.runner_pid)) is Problem.NO_SUCH_RUNNER
        assert refused(psutil.Process(ollama.pid)) is Problem.NO_SUCH_RUNNER
        assert psutil.pid_exists(ollama.runner_pid)


def test_another_program_is_left_alone():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert refused(psutil.Process(child.pid)) is Problem.NO_SUCH_RUNNER
        assert child.poll() is None
        child.stdin.close()


class Theirs:
    """The process of another user, which the system may or may not let us end."""

    def __init__(self, real, *, denied):
        self.real, self.denied, self.asked = real, denied, False
        self.pid, self.create_time, self.parent, self.name = real.pid, real.create_time, real.parent, real.name
        self.cmdline, self.net_connections = real.cmdline, real.net_connections

    def uids(self):
        if self.denied:
            raise psutil.AccessDenied(self.pid)
        return SimpleNamespace(real=os.getuid() + 1)

    def kill(self):
        self.asked = True
        raise psutil.AccessDenied(self.pid)

    terminate = kill


def test_another_users_is_refused_without_being_asked_to_end(left):
    theirs = Theirs(left, denied=False)
    assert is_mine(theirs) is False
    assert refused(left, process=lambda _: theirs) is Problem.NOT_YOURS
    assert not theirs.asked


def test_where_the_system_refuses_that_is_told(left):
    theirs = Theirs(left, denied=True)
    assert is_mine(theirs) is None
    assert refused(left, process=lambda _: theirs) is Problem.NOT_YOURS
    assert left.is_running()
