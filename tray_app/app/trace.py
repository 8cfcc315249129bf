"""Record and replay snapshots: one JSON object per line and poll, with the schema number in each.

Replay runs the very diagnosis of the running app over the lines and touches nothing else.
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
from tray_app.core.report.redact import Redactor
from tray_app.core.values.errors import ElbowroomError, StorageError
from tray_app.core.values.limits import Limits
from tray_app.core.values.snapshot import Snapshot
from tray_app.core.values.units import is_time
from tray_app.core.values.version import Json
from tray_app.storage.files import create_private

SCHEMA = 1
LONGEST_LINE = 20 * 2**20
"""Characters; a longer line is not one of ours (a poll with 2,000 models is under 2 MiB)."""


class BrokenTraceLine(ElbowroomError):
    """`number` counts from 1; `reason` is a fact (a field and what is wrong with it), not a sentence."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(number, reason)
        self.number = number
        self.reason = reason


def encode_line(snapshot: Snapshot) -> str:
    """One line without its end. ASCII, so that hostile names cannot break a terminal or a line."""
    body = encode(snapshot)
    assert isinstance(body, dict)
    return json.dumps({"schema": SCHEMA, **body}, separators=(",", ":"), allow_nan=False)


def decode_line(text: str, number: int = 1) -> Snapshot:
    """Raises BrokenTraceLine for anything that is not a snapshot of this schema."""
    if len(text) > LONGEST_LINE:
        raise BrokenTraceLine(number, "is too long")
    try:
        body: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenTraceLine(number, f"is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BrokenTraceLine(number, "is not an object")
    if body.get("schema") != SCHEMA or isinstance(body.get("schema"), bool):
        raise BrokenTraceLine(number, f"schema: is {json.dumps(body.get('schema'))[:40]}, not {SCHEMA}")
    try:
        snapshot = decode(Snapshot, body)
    except BadValue as error:
        raise BrokenTraceLine(number, str(error)) from error
    if not is_time(snapshot.taken_at):
        raise BrokenTraceLine(number, "taken_at: is no time that a clock can show")
    return snapshot


def read(lines: Iterable[str], on_broken: Callable[[BrokenTraceLine], None] | None = None) -> Iterator[Snapshot]:
    """The snapshots of the lines; empty lines are skipped.

    A broken line goes to `on_broken` and the rest is read on; without it the BrokenTraceLine is raised.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            snapshot = decode_line(line, number)
        except BrokenTraceLine as broken:
            if on_broken is None:
                raise
            on_broken(broken)
        else:
            yield snapshot


def replay(
    lines: Iterable[str], limits: Limits | None = None, on_broken: Callable[[BrokenTraceLine], None] | None = None
) -> Iterator[Judgement]:
    """The running app's own judgement over a trace, one answer per poll. Gaps and clock jumps count as in the app."""
    limits, judge = limits or Limits(), Judge()
    for snapshot in read(lines, on_broken):
        yield judge.judge(snapshot, limits)


class Recorder:
    """Writes a new trace, one line per poll, each complete in the file before `write` returns.

    Raises StorageError where the file exists or cannot be made.
    """

    def __init__(self, path: Path, redactor: Redactor) -> None:
        """Only this user may read the file; nothing in it is someone's own."""
        self.path = path
        self._anonymous = Anonymous(redactor)
        try:
            self._file = os.fdopen(create_private(path), "w", encoding="ascii", newline="\n")
        except OSError as error:
            raise StorageError(str(path), error.strerror or str(error)) from error

    def write(self, snapshot: Snapshot) -> None:
        """Raises StorageError where the disk is full or gone."""
        try:
            self._file.write(encode_line(self._anonymous.snapshot(snapshot)) + "\n")
            self._file.flush()
        except OSError as error:
            raise StorageError(str(self.path), error.strerror or str(error)) from error

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a trace file. Raises StorageError; bytes that are no UTF-8 become a broken line, not an error."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file
    except OSError as error:
        raise StorageError(str(path), error.strerror or str(error)) from error
