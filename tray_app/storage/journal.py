"""The append-only record of changes to Open WebUI: what was meant, what was done, what was taken back.

One JSON object a line. A line is on the disk before the change it announces is made, so a crash at any instant
leaves at worst an intent without a result. Lines are never rewritten.
"""

import json
import os
from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum
from pathlib import Path
from typing import Final

from msgspec import Struct

from tray_app.core.values.errors import ChangeError, Problem
from tray_app.core.values.version import Json
from tray_app.storage.files import PRIVATE_FILE, make_folder, read_file, sync, sync_folder, typed_errors, write_all

SCHEMA = 1
_LOCK_WAIT_S = 10.0


class Missing(Enum):
    """A key that the document did not have; null is a value and something else."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
Value = str | Missing
"""A JSON text (`true`, `"gemma3:1b"`, `null`) as in core/values/plan.py, or MISSING."""


class Event(StrEnum):
    INTENDED = "intended"
    APPLIED = "applied"
    FAILED = "failed"  # the server is known not to hold the new values
    UNDO_INTENDED = "undo-intended"
    UNDONE = "undone"
    UNDO_FAILED = "undo-failed"  # the server is known to still hold the values
    DRIFTED = "drifted"  # an undo found other values than ours and left them
    RELEASED = "released"  # the user keeps what is there; no undo is offered any more


class JournalChange(Struct, frozen=True):
    """`setting` is our word, `key` the key of the server's document."""

    setting: str
    key: str
    before: Value
    after: Value


class Entry(Struct, frozen=True):
    """One line. `at` is Unix seconds; `version` the server's; `detail` a fact, never a secret."""

    id: str
    at: float
    event: Event
    origin: str
    version: str = ""
    remedy: str = ""
    changes: tuple[JournalChange, ...] = ()
    detail: str = ""


class Fault(StrEnum):
    """Why a line does not count."""

    NOT_JSON = "not-json"  # torn by a crash, or edited
    SHAPE = "shape"  # JSON, but no entry
    NEWER = "newer"  # written by a newer version of this app


class BrokenLine(Struct, frozen=True):
    """`number` counts from 1, as editors do."""

    number: int
    fault: Fault


class JournalContent(Struct, frozen=True):
    entries: tuple[Entry, ...] = ()
    broken: tuple[BrokenLine, ...] = ()


class Journal:
    """The file. Any number of processes may append; each line is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entry: Entry) -> None:
        """Add a line and have it on the disk. StorageError where that fails: the line then does not count."""
        line = json.dumps(encode(entry), allow_nan=False, separators=(",", ":")) + "\n"
        import filelock  # only who writes needs it: a command that looks starts sooner

        with typed_errors(self.path):
            make_folder(self.path.parent)
            try:
                with filelock.FileLock(self.path.with_name(self.path.name + ".lock"), timeout=_LOCK_WAIT_S):
                    self._append_bytes(line.encode("ascii"))
            except filelock.Timeout as error:
                raise ChangeError(Problem.OTHER_WRITER, str(self.path)) from error

    def _append_bytes(self, data: bytes) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self.path, flags, PRIVATE_FILE)
        try:
            size = os.lseek(descriptor, 0, os.SEEK_END)
            if size and not _ends_with_newline(descriptor, size):
                # A torn tail would swallow this line.
                data = b"\n" + data
            try:
                write_all(descriptor, data)
                sync(descriptor)
            except OSError:
                # A full disk cut the line: take the part back, so that nothing of it counts.
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        if size == 0:
            sync_folder(self.path.parent)

    def read(self) -> JournalContent:
        """All entries, oldest first, and the numbers of the lines that are none. StorageError if unreadable."""
        entries: list[Entry] = []
        broken: list[BrokenLine] = []
        for number, line in enumerate((read_file(self.path) or b"").split(b"\n"), 1):
            if not line.strip():
                continue
            match decode_line(line):
                case Fault() as fault:
                    broken.append(BrokenLine(number, fault))
                case entry:
                    entries.append(entry)
        return JournalContent(tuple(entries), tuple(broken))


def _ends_with_newline(descriptor: int, size: int) -> bool:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


def encode(entry: Entry) -> dict[str, Json]:
    """The JSON object of an entry; `elbowroom journal --json` prints the same."""
    return {
        "schema": SCHEMA,
        "id": entry.id,
        "at": entry.at,
        "event": entry.event.value,
        "origin": entry.origin,
        "version": entry.version,
        "remedy": entry.remedy,
        "changes": [_encode_change(change) for change in entry.changes],
        "detail": entry.detail,
    }


def _encode_change(change: JournalChange) -> dict[str, Json]:
    document: dict[str, Json] = {"setting": change.setting, "key": change.key}
    if change.before is not MISSING:
        document["before"] = json.loads(change.before)
    if change.after is not MISSING:
        document["after"] = json.loads(change.after)
    return document


def json_text(value: Json) -> str:
    """The one JSON text of a value: sorted keys, no spaces, so that equal values have equal texts."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def decode_line(line: bytes) -> Entry | Fault:
    """One line of the file."""
    try:
        document = json.loads(line.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return Fault.NOT_JSON
    if not isinstance(document, dict):
        return Fault.SHAPE
    schema = document.get("schema")
    if type(schema) is int and schema > SCHEMA:
        return Fault.NEWER
    try:
        return _decode(document)
    except (KeyError, TypeError, ValueError):
        return Fault.SHAPE


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _decode(document: Mapping[str, object]) -> Entry:
    at = document["at"]
    changes = document["changes"]
    if type(at) not in {int, float} or not isinstance(changes, list):
        raise TypeError
    return Entry(
        id=_text(document, "id"),
        at=float(at),  # type: ignore[arg-type]  # checked above; JSON's true is refused there
        event=Event(_text(document, "event")),
        origin=_text(document, "origin"),
        version=_text(document, "version"),
        remedy=_text(document, "remedy"),
        changes=tuple(_decode_change(change) for change in changes),
        detail=_text(document, "detail"),
    )


def _decode_change(document: object) -> JournalChange:
    if not isinstance(document, dict):
        raise TypeError
    return JournalChange(
        setting=_text(document, "setting"),
        key=_text(document, "key"),
        before=json_text(document["before"]) if "before" in document else MISSING,
        after=json_text(document["after"]) if "after" in document else MISSING,
    )


def _text(document: Mapping[str, object], key: str) -> str:
    value = document[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value


class ChangeState(StrEnum):
    """What became of a change, as far as the journal knows."""

    OPEN = "open"  # intended, no result: the server may hold either value
    APPLIED = "applied"
    FAILED = "failed"
    UNDO_OPEN = "undo-open"  # its undo was intended, no result
    UNDONE = "undone"
    DRIFTED = "drifted"  # its undo found other values; what is ours may still be undone
    RELEASED = "released"


class RecordedChange(Struct, frozen=True):
    """All lines of one id, folded. `remaining`: the changes that were made and not taken back."""

    id: str
    state: ChangeState
    at: float
    origin: str
    version: str
    remedy: str
    changes: tuple[JournalChange, ...]
    remaining: tuple[JournalChange, ...]
    detail: str = ""


def fold(entries: Iterable[Entry]) -> tuple[RecordedChange, ...]:
    """One value per id in the order the changes were intended; the last result counts."""
    folded: dict[str, RecordedChange] = {}
    for entry in entries:
        folded[entry.id] = _advance(folded.get(entry.id), entry)
    return tuple(folded.values())


_AFTER: dict[Event, ChangeState] = {
    Event.INTENDED: ChangeState.OPEN,
    Event.APPLIED: ChangeState.APPLIED,
    Event.FAILED: ChangeState.FAILED,
    Event.UNDO_INTENDED: ChangeState.UNDO_OPEN,
    Event.UNDONE: ChangeState.UNDONE,
    Event.UNDO_FAILED: ChangeState.APPLIED,
    Event.DRIFTED: ChangeState.DRIFTED,
    Event.RELEASED: ChangeState.RELEASED,
}


def _advance(known: RecordedChange | None, entry: Entry) -> RecordedChange:
    state = _AFTER[entry.event]
    changes = entry.changes if known is None else known.changes or entry.changes
    remaining = changes if known is None else known.remaining
    if entry.event is Event.APPLIED and entry.changes:
        remaining = entry.changes
    elif entry.event is Event.FAILED or (entry.event in {Event.UNDONE, Event.RELEASED} and not entry.changes):
        remaining = ()
    elif entry.event in {Event.UNDONE, Event.RELEASED}:
        gone = {change.key for change in entry.changes}
        remaining = tuple(change for change in remaining if change.key not in gone)
        state = state if not remaining else ChangeState.APPLIED
    return RecordedChange(
        id=entry.id,
        state=state,
        at=entry.at if known is None else known.at,
        origin=entry.origin if known is None else known.origin,
        version=entry.version if known is None else known.version,
        remedy=entry.remedy if known is None else known.remedy,
        changes=changes,
        remaining=remaining,
        detail=entry.detail,
    )


def in_force(recorded: Iterable[RecordedChange], origin: str) -> dict[str, tuple[JournalChange, float]]:
    """Setting -> the newest change of ours that was applied on that server and not taken back, and when."""
    newest: dict[str, tuple[JournalChange, float]] = {}
    for change in recorded:
        if change.origin == origin and change.state in {ChangeState.APPLIED, ChangeState.DRIFTED}:
            newest.update({one.setting: (one, change.at) for one in change.remaining})
    return newest


def undoable(recorded: Iterable[RecordedChange], origin: str) -> tuple[RecordedChange, ...]:
    """What may be taken back on that server, newest first; open ones too: only a read tells what they did."""
    settled = {ChangeState.FAILED, ChangeState.UNDONE, ChangeState.RELEASED}
    return tuple(
        change
        for change in reversed(tuple(recorded))
        if change.origin == origin and change.state not in settled and change.remaining
    )
