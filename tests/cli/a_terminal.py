"""A command at a terminal of its own, as a person sees and types it. POSIX."""

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from tests.requirements import terminal

ROOT = Path(__file__).parents[2]
# Makes the terminal that it was given its own, as a shell does: only then is there a /dev/tty to ask a secret at. A shell
# that started the tests in the background made their children deaf to Ctrl-C.
LAUNCH = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
SAID_WITHIN_S = 60.0
STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Typing(contextlib.AbstractContextManager):
    """`elbowroom ARGV` in a process of its own. `seen` is everything that stood on the terminal, without colours."""

    def __init__(self, *argv: str, **env: str) -> None:
        self._ours, theirs = terminal()
        own = {"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8", "COLUMNS": "120", "LINES": "40"}
        command = [sys.executable, "-c", LAUNCH, sys.executable, "-m", "tray_app", *argv]
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=own | env, start_new_session=True
        )
        os.close(theirs)
        self._read = b""
        self._from = 0

    @property
    def seen(self) -> str:
        return STYLES.sub("", self._read.decode("utf-8", "replace")).replace("\r\n", "\n")

    def until(self, words: str) -> None:
        """Until these words stand there, after what was waited for before."""
        end = time.monotonic() + SAID_WITHIN_S
        while words not in self.seen[self._from :]:
            assert self._more(end), f"never {words!r} in {self.seen!r}"
        self._from = self.seen.index(words, self._from) + len(words)

    def types(self, text: str) -> None:
        os.write(self._ours, text.encode() + b"\n")

    def ends(self) -> int:
        """The exit code."""
        end = time.monotonic() + SAID_WITHIN_S
        while self._more(end):
            pass
        return self._process.wait(SAID_WITHIN_S)

    def _more(self, end: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._ours, 1 << 16)
        except OSError:  # nobody has the other end any more
            return False
        self._read += data
        return bool(data)

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(SAID_WITHIN_S)
        os.close(self._ours)
