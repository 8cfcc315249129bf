"""One tray app per user, proven with processes that are started, rung, killed and started again."""

import contextlib
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from tray_app.app.instance import LOOPBACK, Doorbell, Errand, become_the_one, ring
from tray_app.storage.lock import Instance, SingleInstance

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
import threading
from pathlib import Path
from tray_app.app.instance import become_the_one
from tray_app.storage.lock import SingleInstance

home = Path(sys.argv[1])
lock = SingleInstance(home / "instance.lock", home / "instance.json")
first = threading.Event()


def rung(asked):
    first.wait()  # so that the two lines never come the other way round
    print("rung" if asked == "show" else asked, flush=True)


bell = become_the_one(lock, rung)
if bell is None:
    print("runs already", flush=True)
    sys.exit(0)
print("first", flush=True)
first.set()
sys.stdin.readline()
bell.close()
lock.release()
"""


class Started:
    """A start of the app, as far as this goes: it is the one until a line comes in."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self) -> str:
        """Its next line; empty at its end."""
        return self.process.stdout.readline().strip()

    def end(self) -> int:
        self.process.communicate("\n", timeout=30)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)


@pytest.fixture
def start(tmp_path):
    started = []

    def begin():
        started.append(Started(tmp_path))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.kill()
        one.process.stdin.close()
        one.process.stdout.close()


@pytest.fixture
def lock(tmp_path):
    made = SingleInstance(tmp_path / "instance.lock", tmp_path / "instance.json")
    yield made
    made.release()


def test_a_second_start_rings_the_first_and_ends(start):
    first = start()
    assert first.says() == "first"
    for _ in range(2):
        second = start()
        assert second.says() == "runs already"
        assert second.end() == 0
        assert first.says() == "rung"
    assert first.end() == 0


def test_the_first_hears_what_it_is_asked_for(start, lock):
    first = start()
    assert first.says() == "first"
    assert not ring(lock.other(), "nonsense")
    assert ring(lock.other(), Errand.QUIT)
    assert first.says() == "quit"


def test_of_five_starts_at_once_one_stays_and_every_other_rings_it(start):
    """Those that come before the first has published its door knock again."""
    started = [start() for _ in range(5)]
    said = [one.says() for one in started]
    assert sorted(said) == ["first", *["runs already"] * 4]
    the_one = started[said.index("first")]
    assert [the_one.says() for _ in range(4)] == ["rung"] * 4


def test_after_a_kill_the_next_start_is_the_first(start, tmp_path):
    first = start()
    assert first.says() == "first"
    first.kill()
    assert (tmp_path / "instance.json").exists(), "what it published is stale now"
    second = start()
    assert second.says() == "first"
    third = start()
    assert third.says() == "runs already"
    assert second.says() == "rung"


def test_an_end_leaves_nothing_that_misleads(start, tmp_path):
    first = start()
    assert first.says() == "first"
    assert first.end() == 0
    assert not (tmp_path / "instance.json").exists()
    assert start().says() == "first"


def test_a_start_that_meets_one_about_to_quit_takes_its_place(lock, tmp_path):
    """The lock is held, but nobody answers at the door: knocked again until the lock is free."""
    assert lock.acquire()
    threading.Timer(0.3, lock.release).start()
    other = SingleInstance(tmp_path / "instance.lock", tmp_path / "instance.json")
    bell = become_the_one(other, lambda _asked: None)
    assert bell is not None
    bell.close()
    other.release()


@pytest.mark.parametrize("stale", [b"", b"rubbish", b'{"pid": 1, "port": 1, "token": "x"}', b"[" * 5000])
def test_one_that_never_answers_is_not_waited_for_for_ever(lock, tmp_path, stale):
    assert lock.acquire()
    (tmp_path / "instance.json").write_bytes(stale)
    other = SingleInstance(tmp_path / "instance.lock", tmp_path / "instance.json")
    assert become_the_one(other, lambda _asked: None, knock_for_s=0.2) is None


@pytest.fixture
def door(lock):
    rung = threading.Semaphore(0)
    assert lock.acquire()
    bell = Doorbell(lambda _asked: rung.release())
    bell.open(instance := lock.publish(bell.port))
    yield instance, rung
    bell.close()


def says(instance: Instance, data: bytes) -> bytes:
    """The answer; empty where it hangs up, be it in the middle of what is said."""
    with socket.create_connection((LOOPBACK, instance.port), 5) as call, contextlib.suppress(OSError):
        call.sendall(data)
        call.shutdown(socket.SHUT_WR)
        return call.recv(16)
    return b""


def test_only_who_knows_the_token_rings(door):
    instance, rung = door
    assert ring(replace(instance, token="x" * len(instance.token))) is False
    for data in (
        b"\n",
        b"",
        b"x" * 5000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xfe\n",
        instance.token[:-1].encode() + b"\n",
    ):
        assert says(instance, data) in {b"no\n", b""}
    assert not rung.acquire(blocking=False)
    assert ring(instance) is True
    assert rung.acquire(timeout=10)


def test_a_token_in_pieces_is_put_together(door):
    instance, rung = door
    with socket.create_connection((LOOPBACK, instance.port), 5) as call:
        for char in instance.token:
            call.sendall(char.encode())
        call.sendall(b"\n")
        assert call.recv(16) == b"ok\n"
    assert rung.acquire(timeout=10)


def test_a_silent_caller_does_not_keep_others_out_for_ever(door):
    instance, rung = door
    with socket.create_connection((LOOPBACK, instance.port), 5):
        assert any(ring(instance) for _ in range(3))
    assert rung.acquire(timeout=10)


def test_a_closed_door_is_closed(lock):
    assert lock.acquire()
    bell = Doorbell(lambda _asked: None)
    bell.open(instance := lock.publish(bell.port))
    bell.close()
    assert not bell._thread.is_alive()
    assert ring(instance) is False


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_token_is_for_this_user_alone(lock, tmp_path):
    assert lock.acquire()
    instance = lock.publish(1234)
    assert stat.S_IMODE((tmp_path / "instance.json").stat().st_mode) == 0o600
    assert instance.token not in repr(instance)
    assert len(instance.token) >= 43


def test_callers_who_say_nothing_keep_nobody_waiting(lock):
    """More of them than are let in at once, for as long as they like."""
    rung = threading.Event()
    bell = become_the_one(lock, lambda _asked: rung.set())
    with contextlib.ExitStack() as silent:
        for _ in range(100):
            silent.enter_context(socket.create_connection((LOOPBACK, bell.port), 5))
        began = time.monotonic()
        assert ring(lock.other())
        assert time.monotonic() - began < 1
        assert rung.wait(1)
    bell.close()
