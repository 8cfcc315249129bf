"""One writer at a time, and one tray app at a time."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.files import make_folder, read_file, replace_file, typed_errors

if TYPE_CHECKING:
    import filelock

WAIT_S = 5.0
"""For the end of another copy's change, which takes about a second and a half."""
_TOKEN = re.compile(r"[\w-]{20,100}", re.ASCII)


@contextmanager
def write_lock(path: Path, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Held from the intent to the read-back of a change, also against other threads of this process.

    The OS drops it with the process, so a crash leaves no lock behind. ChangeError(OTHER_WRITER) where another
    copy holds it for longer than `wait_s`, StorageError where the folder cannot be written.
    """
    lock = _lock(path)
    _acquire(lock, path, wait_s)
    try:
        yield
    finally:
        lock.release()


def _lock(path: Path) -> "filelock.BaseFileLock":
    import filelock  # only who writes needs it: a command that looks starts sooner

    # A lock object of its own per call: two threads then exclude each other as two processes do.
    return filelock.FileLock(path, thread_local=False)


def _acquire(lock: "filelock.BaseFileLock", path: Path, wait_s: float) -> None:
    import filelock

    with typed_errors(path):
        make_folder(path.parent)
        try:
            lock.acquire(timeout=wait_s, poll_interval=0.05)
        except filelock.Timeout as error:
            raise ChangeError(Problem.OTHER_WRITER, str(path)) from error


class Instance(Struct, frozen=True):
    """The running tray app: whoever holds `token` may ask it on 127.0.0.1:`port` to show itself."""

    pid: int
    port: int
    token: str

    def __repr__(self) -> str:
        return f"Instance(pid={self.pid}, port={self.port})"


class SingleInstance:
    """The lock decides who is the one; the file beside it only tells how to reach it."""

    def __init__(self, lock_file: Path, instance_file: Path) -> None:
        self._lock_path = lock_file
        self._instance_path = instance_file
        self._lock = _lock(lock_file)

    def acquire(self) -> bool:
        """Become the one. False where another process is. StorageError where the folder cannot be written."""
        try:
            _acquire(self._lock, self._lock_path, 0.0)
        except ChangeError:
            return False
        return True

    def publish(self, port: int) -> Instance:
        """Tell later starts how to reach this one; the file is readable by this user only."""
        import secrets  # only the tray publishes itself

        instance = Instance(os.getpid(), port, secrets.token_urlsafe(32))
        document = {"schema": 1, "pid": instance.pid, "port": instance.port, "token": instance.token}
        replace_file(self._instance_path, json.dumps(document).encode())
        return instance

    def other(self) -> Instance | None:
        """What the running one published; None where it has not (yet) or its file is damaged or unreadable."""
        try:
            document = json.loads(read_file(self._instance_path) or b"")
            pid, port, token = document["pid"], document["port"], document["token"]
        except (StorageError, ValueError, RecursionError, KeyError, TypeError):
            return None
        if type(pid) is not int or type(port) is not int or not 0 < port < 65536:
            return None
        return Instance(pid, port, token) if isinstance(token, str) and _TOKEN.fullmatch(token) else None

    def release(self) -> None:
        """Stop being the one; the file goes first, so that nobody is sent to a port that is closed."""
        if not self._lock.is_locked:
            return
        with typed_errors(self._instance_path):
            self._instance_path.unlink(missing_ok=True)
        self._lock.release()
