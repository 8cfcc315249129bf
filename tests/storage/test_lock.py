"""One writer at a time and one tray app at a time, also across processes and crashes."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.lock import Instance, SingleInstance, write_lock

HOLDER = """
import sys
from pathlib import Path
from tray_app.storage.lock import write_lock
with write_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "home" / "write.lock"


@pytest.fixture
def holder(lock):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)


def refused(lock) -> bool:
    try:
        with write_lock(lock, wait_s=0.0):
            return False
    except ChangeError as error:
        return error.problem is Problem.OTHER_WRITER


def test_another_process_is_kept_out_until_the_holder_is_done(lock, holder):
    assert refused(lock)
    holder.communicate()
    assert not refused(lock)


def test_a_killed_holder_leaves_no_lock_behind(lock, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert not refused(lock)


def test_threads_of_one_process_exclude_each_other_too(lock):
    answers = []
    with write_lock(lock):
        thread = threading.Thread(target=lambda: answers.append(refused(lock)))
        thread.start()
        thread.join()
    assert answers == [True]
    assert not refused(lock)


def test_an_error_inside_lets_go(lock):
    with pytest.raises(KeyError), write_lock(lock):
        raise KeyError
    assert not refused(lock)


def test_waiting_gets_the_lock_when_it_is_free(lock, holder):
    letting_go = threading.Thread(target=holder.communicate)
    letting_go.start()
    with write_lock(lock, wait_s=30):
        pass
    letting_go.join()
    assert holder.returncode == 0


def test_a_change_waits_a_few_seconds_for_the_end_of_anothers(lock, holder):
    threading.Timer(0.3, holder.stdin.close).start()
    with write_lock(lock):
        assert refused(lock)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_in_the_place_of_the_running_ones_is_no_instance(one, tmp_path, make):
    make(tmp_path / "instance.json")
    assert one.other() is None


@pytest.mark.parametrize("token", ["", "short", "\ud800" * 30, "a b" * 10, "x" * 10_000])
def test_a_token_that_was_never_published_is_no_instance(one, tmp_path, token):
    (tmp_path / "instance.json").write_text(json.dumps({"pid": 1, "port": 1, "token": token}))
    assert one.other() is None


def test_a_file_in_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "home").write_text("", encoding="utf-8")
    with pytest.raises(StorageError), write_lock(tmp_path / "home" / "write.lock"):
        pass


# --- the one tray app ------------------------------------------------------------------------


@pytest.fixture
def one(tmp_path):
    instance = SingleInstance(tmp_path / "instance.lock", tmp_path / "instance.json")
    yield instance
    instance.release()


@pytest.fixture
def two(tmp_path, one):
    instance = SingleInstance(tmp_path / "instance.lock", tmp_path / "instance.json")
    yield instance
    instance.release()


def test_the_second_learns_how_to_reach_the_first(one, two):
    assert one.acquire()
    published = one.publish(40001)
    assert not two.acquire()
    assert two.other() == published
    assert (published.pid, published.port) == (os.getpid(), 40001)
    assert len(published.token) >= 32


def test_the_token_is_for_this_user_only_and_never_shown(one, tmp_path):
    one.acquire()
    published = one.publish(40001)
    assert (tmp_path / "instance.json").stat().st_mode & 0o077 == 0
    assert published.token not in repr(published)


def test_after_release_the_next_one_is_the_first(one, two):
    one.acquire()
    one.publish(40001)
    one.release()
    assert two.other() is None
    assert two.acquire()


def test_a_file_left_by_a_crash_does_not_make_anybody_the_first(one, two):
    one.acquire()
    one.publish(40001)
    one._lock.release()  # what the system does when the process dies
    assert two.acquire()


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"\xff", b'{"pid": 1, "port": 70000, "token": "t"}', b'{"pid": true, "port": 1, "token": "t"}'],
)
def test_a_damaged_file_is_no_instance(one, tmp_path, damage):
    (tmp_path / "instance.json").write_bytes(damage)
    assert one.other() is None


def test_releasing_what_was_never_held_leaves_the_others_file(one, two):
    one.acquire()
    one.publish(40001)
    two.release()
    assert isinstance(two.other(), Instance)
