"""Record and replay polls: one JSON object per line and poll, with the schema number in each.

Schema 2 writes every poll's readings with the raw numbers that requests are counted from, so that `replay` counts and
judges them anew; a line holds what changed since the line before, each WHOLE_EVERY-th one is whole. Schema 1 holds
whole snapshots with the counts of the version that wrote them, and is replayed with these.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tray_app.core.diagnosis.judge import Judge, Judgement
from tray_app.core.report.anonymous import Anonymous
from tray_app.core.report.codec import BadValue, decode, encode
from tray_app.core.report.delta import changed, patched
from tray_app.core.report.redact import Redactor
from tray_app.core.report.wrong import Wrong
from tray_app.core.requests.anew import counted, named
from tray_app.core.requests.inputs import RequestState
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.limits import Limits
from tray_app.core.values.snapshot import NOT_ASKED, Snapshot
from tray_app.core.values.units import is_time
from tray_app.core.values.version import Document, Json
from tray_app.storage.files import create_private, storage_error

SCHEMA = 2
WITH_COUNTS = 1
"""The schema whose lines are whole and say nothing of connections and slots."""
WHOLE_EVERY = 60
"""Lines; a file that lost one line is read again from the next whole one: five minutes at the usual rhythm."""
LONGEST_LINE = 20 * 2**20
"""Characters; a longer line is not one of ours (a poll with 2,000 models is under 2 MiB)."""


class BrokenTraceLine(ElbowroomError):
    """`number` counts from 1; `field` is what is wrong in it, empty for the line as a whole."""

    def __init__(self, number: int, wrong: Wrong, field: str = "") -> None:
        super().__init__(number, wrong.value, field)
        self.number = number
        self.wrong = wrong
        self.field = field


class LostTraceLine(BrokenTraceLine):
    """It says what changed since a line that could not be read."""


class TraceWriter:
    """Lines of one file, in their order. ASCII, so that hostile names cannot break a terminal or a line."""

    def __init__(self) -> None:
        self._poll = 0
        self._before: Json = None

    def line(self, snapshot: Snapshot) -> str:
        """One line without its end."""
        now = encode(snapshot)
        whole = self._poll % WHOLE_EVERY == 0
        body: Document = {"whole": now} if whole else {"changed": changed(now, self._before)}
        line = json.dumps({"schema": SCHEMA, "poll": self._poll, **body}, separators=(",", ":"), allow_nan=False)
        self._poll, self._before = self._poll + 1, now
        return line


class TraceReader:
    """Lines of one file back to snapshots, in their order."""

    def __init__(self) -> None:
        self._poll = -1
        self._before: Json = None

    def snapshot(self, text: str, number: int = 1) -> Snapshot:
        """Raises BrokenTraceLine for anything that is not a poll of these schemas."""
        if len(text) > LONGEST_LINE:
            raise BrokenTraceLine(number, Wrong.TOO_LONG)
        try:
            line: Json = json.loads(text)
            if not isinstance(line, dict):
                raise BrokenTraceLine(number, Wrong.NO_OBJECT)
            snapshot = decode(Snapshot, self._body(line, number))
        except BadValue as error:
            raise BrokenTraceLine(number, error.wrong, error.path) from error
        except (ValueError, RecursionError) as error:
            raise BrokenTraceLine(number, Wrong.NOT_JSON) from error
        if not is_time(snapshot.taken_at):
            raise BrokenTraceLine(number, Wrong.NO_TIME, "taken_at")
        return snapshot

    def _body(self, line: Document, number: int) -> Json:
        schema = _whole(line, "schema", number)
        if schema not in {WITH_COUNTS, SCHEMA}:
            raise BrokenTraceLine(number, Wrong.SCHEMA, "schema")
        if schema == WITH_COUNTS:
            return line
        poll = _whole(line, "poll", number)
        before = self._before if poll == self._poll + 1 else None
        self._poll, self._before = -1, None  # where this line is broken, the next one follows none
        body = line.get("whole")
        if body is None:
            body = _changed(before, line.get("changed"), number)
        self._poll, self._before = poll, body
        return body


def _whole(line: Document, field: str, number: int) -> int:
    value = line.get(field)
    if type(value) is not int:
        raise BrokenTraceLine(number, Wrong.NO_WHOLE_NUMBER if field in line else Wrong.MISSING, field)
    return value


def _changed(before: Json, change: Json, number: int) -> Json:
    """What the line before says, changed as this one says."""
    if before is None:
        raise LostTraceLine(number, Wrong.BEFORE_IS_MISSING)
    try:
        return patched(before, change)
    except KeyError as error:
        raise BrokenTraceLine(number, Wrong.OTHER_POLL, str(next(iter(error.args), ""))) from error


def read(lines: Iterable[str], on_broken: Callable[[BrokenTraceLine], None] | None = None) -> Iterator[Snapshot]:
    """The snapshots of the lines; empty lines are skipped.

    A broken line goes to `on_broken` and the rest is read on; without it the BrokenTraceLine is raised. Of the lines
    that are lost with it, as they only say what changed, the first is told.
    """
    reading, lost = TraceReader(), False
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            snapshot = reading.snapshot(line, number)
        except BrokenTraceLine as broken:
            if on_broken is None:
                raise
            told, lost = lost, isinstance(broken, LostTraceLine)
            if not (lost and told):
                on_broken(broken)
        else:
            lost = False
            yield snapshot


def replay(
    lines: Iterable[str], limits: Limits | None = None, on_broken: Callable[[BrokenTraceLine], None] | None = None
) -> Iterator[Judgement]:
    """The running app's own counting and judgement over a trace, one answer per poll.

    Gaps and clock jumps count as in the app. A poll of schema 1 keeps the counts that it was recorded with.
    """
    limits, judge, state = limits or Limits(), Judge(), RequestState()
    for recorded in read(lines, on_broken):
        snapshot = recorded
        if recorded.connections != NOT_ASKED:
            state, snapshot = counted(state, named(recorded))
        yield judge.judge(snapshot, limits)


class Recorder:
    """Writes a new trace, one line per poll, each complete in the file before `write` returns.

    Raises StorageError where the file exists or cannot be made.
    """

    def __init__(self, path: Path, redactor: Redactor) -> None:
        """Only this user may read the file; nothing in it is someone's own."""
        self.path = path
        self._anonymous = Anonymous(redactor)
        self._writing = TraceWriter()
        try:
            self._file = os.fdopen(create_private(path), "w", encoding="ascii", newline="\n")
        except OSError as error:
            raise storage_error(path, error, given=True) from error

    def write(self, snapshot: Snapshot) -> None:
        """Raises StorageError where the disk is full or gone."""
        try:
            self._file.write(self._writing.line(self._anonymous.snapshot(snapshot)) + "\n")
            self._file.flush()
        except OSError as error:
            raise storage_error(self.path, error, given=True) from error

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a trace file; of one that is too long, as much as shows that. Raises StorageError; bytes that are no
    UTF-8 become a broken line, not an error."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            while line := file.readline(LONGEST_LINE + 1):
                yield line
                while len(line) > LONGEST_LINE and not line.endswith("\n"):
                    line = file.readline(LONGEST_LINE + 1) or "\n"
    except OSError as error:
        raise storage_error(path, error, given=True) from error
