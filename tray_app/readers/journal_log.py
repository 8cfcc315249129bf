"""Follows Ollama's lines in the systemd journal: on Linux its service writes no file.

One `journalctl` stays open and writes what comes; each poll takes what is there without waiting. The same child first
gives the newest lines from before: they only tell the server's configuration. JSON, because it carries each line
whole, also with bytes that are no text, and the journal's own time of it (systemd, "Journal JSON Format").
"""

import contextlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Sequence

from tray_app.core.values.reading import Known, Reading, Unknown, Why
from tray_app.core.values.snapshot import OllamaLog
from tray_app.readers._ollama_lines import LineReader
from tray_app.readers.ollama_log import CLOCK_SLACK_S, READ_LIMIT
from tray_app.readers.roles import clean_name
from tray_app.readers.server_output import UNIT

HEAD_LINES = 2000
COMMAND = (
    *("journalctl", f"--unit={UNIT}", "--follow", f"--lines={HEAD_LINES}"),
    *("--output=json", "--output-fields=MESSAGE", "--all", "--no-pager"),
)
ENTRY_LIMIT = 512 * 1024
"""Bytes of one entry. journald cuts messages at 48 KiB; as a list of numbers such a line takes four times as much."""
PIPE_BYTES = 2**20
"""Loading a model writes more than the usual 64 KiB between two polls. The most that Linux gives without privileges."""
COMPLAINT_LIMIT = 4096
PATIENCE_S = 10.0
"""A journal that has shown nothing of the unit by then is closed, and asked again after a pause."""
BACK_OFF_S = (5.0, 15.0, 60.0, 300.0)
_HIDDEN = (b"not seeing messages", b"insufficient permissions")

_HELD: list[subprocess.Popen[bytes]] = []
"""Killed and perhaps not gone yet: kept until they are, on a busy machine that takes more than a second."""


class JournalFollower:
    """Owned by one thread; `close` ends the child for good."""

    def __init__(self, command: Sequence[str] = COMMAND, clock: Callable[[], float] = time.monotonic) -> None:
        self._command = command
        self._clock = clock
        self._child: subprocess.Popen[bytes] | None = None
        self._lines = LineReader()
        self._rest = b""
        self._skipping = False
        self._complaint = b""
        self._started = self._due = 0.0
        self._tries = 0
        self._seen = False
        self._newest = self._past_until = 0.0
        self._head = 0
        self._head_tells = True
        self._why = Unknown(Why.NOT_YET, "journal")
        self._closed = False

    def read(self, taken_at: float) -> Reading[OllamaLog]:
        """Events since the last call. Unknown while the journal shows nothing of the unit, or cannot be followed."""
        self._newest = self._newest or taken_at
        if self._child is None and not self._closed and self._clock() >= self._due:
            self._start()
        if self._child is not None:
            self._take(self._child, taken_at)
        news = self._lines.log.events or self._lines.log.finished
        return Known(self._lines.take(), taken_at) if self._seen and (self._child or news) else self._why

    def read_once(self, taken_at: float, seconds: float = 2.0) -> Reading[OllamaLog]:
        """For a single look: the journal has that long for its first word, and then until it pauses."""
        answer = self.read(taken_at)
        if isinstance(answer, Unknown) and not self._ready(seconds):
            self._give_up(self._silence() if self._child else self._why)
            return self._why
        for _ in range(20):
            answer = self.read(taken_at)
            if not self._ready(0.05):
                break
        return answer

    def _ready(self, seconds: float) -> bool:
        if self._child is None or self._child.stdout is None:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def close(self) -> None:
        self._closed = True
        self._end()

    def _start(self) -> None:
        self._rest, self._skipping, self._complaint = b"", False, b""
        self._head, self._head_tells, self._past_until = HEAD_LINES, not self._seen, self._newest
        self._started = self._clock()
        try:
            self._child = subprocess.Popen(  # noqa: S603 - a fixed command
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                pipesize=PIPE_BYTES,
                env={**os.environ, "LC_ALL": "C"},
            )
        except FileNotFoundError:
            self._give_up(Unknown(Why.MISSING, "journalctl"))
        except PermissionError as error:
            self._give_up(Unknown(Why.DENIED, f"journalctl: {error.strerror}"))
        except OSError as error:
            self._give_up(Unknown(Why.BAD_ANSWER, f"journalctl: {error.strerror}"))

    def _give_up(self, why: Unknown) -> None:
        """For now: asked again after a pause that grows as long as it fails."""
        self._end()
        self._why = why
        self._due = self._clock() + BACK_OFF_S[min(self._tries, len(BACK_OFF_S) - 1)]
        self._tries += 1

    def _end(self) -> None:
        """It only reads, so killing it loses nothing."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
        _HELD[:] = [one for one in (*_HELD, child) if one.poll() is None]
        with contextlib.suppress(subprocess.TimeoutExpired):  # one that the kernel holds ends later
            child.wait(1)

    def _take(self, child: subprocess.Popen[bytes], taken_at: float) -> None:
        """What the child has written, and whether it is still of use."""
        if not self._drain(child, taken_at):
            self._give_up(self._failure(child))
        elif not self._seen and self._clock() - self._started >= PATIENCE_S:
            self._give_up(self._silence())

    def _drain(self, child: subprocess.Popen[bytes], taken_at: float) -> bool:
        """Everything that is there, up to a limit. False once the child closed its output."""
        open_pipes = [pipe for pipe in (child.stdout, child.stderr) if pipe is not None]
        taken = 0
        with selectors.DefaultSelector() as selector:
            for pipe in open_pipes:
                selector.register(pipe, selectors.EVENT_READ)
            while taken < READ_LIMIT and (ready := selector.select(0)):
                for key, _ in ready:
                    data = os.read(key.fd, PIPE_BYTES)
                    taken += len(data)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is child.stdout:
                        self._feed(data, taken_at)
                    else:
                        self._complaint = (self._complaint + data)[-COMPLAINT_LIMIT:]
            return child.stdout in {key.fileobj for key in selector.get_map().values()}

    def _failure(self, child: subprocess.Popen[bytes]) -> Unknown:
        """Why it ended: its last words, else its exit status."""
        if any(mark in self._complaint for mark in _HIDDEN):
            return self._silence()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.2)
        words = self._complaint.decode("utf-8", "replace").strip().split("\n")[-1].strip()
        status = "closed its output" if child.returncode is None else f"exit status {child.returncode}"
        return Unknown(Why.BAD_ANSWER, f"journalctl: {clean_name(words) or status}")

    def _silence(self) -> Unknown:
        """Not a line of the unit: kept from us, or there is none."""
        if any(mark in self._complaint for mark in _HIDDEN):
            return Unknown(Why.DENIED, f"{UNIT}: needs the group systemd-journal or adm")
        return Unknown(Why.MISSING, f"{UNIT}: no line in the journal")

    def _feed(self, data: bytes, taken_at: float) -> None:
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            if not self._skipping and (found := entry(line)):
                self._line(*found, taken_at)
            self._skipping = False
        if len(self._rest) > ENTRY_LIMIT:
            self._rest, self._skipping = b"", True

    def _line(self, at: float, message: bytes, taken_at: float) -> None:
        """Of the child's first lines those are past that were written before we came or before its forerunner ended.

        Only the first ones are judged by their time: a clock that was set back must not silence the journal.
        """
        self._seen, self._tries = True, 0
        self._head -= 1
        if self._head >= 0 and at <= self._past_until:
            if self._head_tells:
                self._lines.configuration_only(message)
            return
        self._newest = at
        self._lines.now = min(at, taken_at)
        self._lines.earliest = self._lines.now - CLOCK_SLACK_S
        self._lines.feed(message)


def entry(line: bytes) -> tuple[float, bytes] | None:
    """When (Unix seconds) and what: MESSAGE is a text, or the bytes as numbers where it is not all text; else None."""
    try:
        fields = json.loads(line)
        at = int(fields["__REALTIME_TIMESTAMP"]) / 1e6
        message = fields["MESSAGE"]
        if isinstance(message, list):
            return at, bytes(message)
        return at, message.encode("utf-8", "replace")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None
