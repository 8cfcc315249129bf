"""The append-only record of changes to Open WebUI: what was meant, what was done, what was taken back.

One JSON object a line. A line is on the disk before the change it announces is made, so a crash at any instant
leaves at worst an intent without a result. Lines are never rewritten; archive.py carries old ones to a file beside it.
"""

import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from msgspec import Struct, ValidationError, convert
from msgspec.structs import replace

from tray_app.core.report.codec import encode
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.storage import JournalDamaged
from tray_app.core.values.plan import IN_FORCE, OPEN, SETTLED, Event, Record
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.units import is_time
from tray_app.core.values.version import Document
from tray_app.storage.files import (
    PRIVATE_FILE,
    Stamp,
    check_regular,
    make_folder,
    read_file,
    stamp_of,
    sync,
    sync_folder,
    typed_errors,
    write_all,
)

SCHEMA = 2
"""1 had the server's own key beside each setting; its lines are read as they are."""
_LOCK_WAIT_S = 10.0


class Fault(StrEnum):
    """Why a line does not count."""

    NOT_JSON = "not-json"  # torn by a crash, or edited
    CHANGED = "changed"  # its checksum is another one: it says something else than what was written
    SHAPE = "shape"  # JSON, but no record
    NEWER = "newer"  # written by a newer version of this app


class BrokenLine(Struct, frozen=True):
    """`number` counts from 1, as editors do."""

    number: int
    fault: Fault


class JournalContent(Struct, frozen=True):
    """Line by line, oldest first."""

    records: tuple[Record, ...] = ()
    broken: tuple[BrokenLine, ...] = ()


class Folded:
    """Every change as its lines leave it, in the order they were intended. Questions are worked out once."""

    def __init__(self, lines: Iterable[Record] = (), broken: tuple[BrokenLine, ...] = ()) -> None:
        """`broken`: lines that do not count, so that a change may be missing here."""
        self.lines = tuple(lines)
        self.all = fold(self.lines)
        self.broken = broken
        self._by_id = {one.id: one for one in self.all}
        self._undoable: dict[str, tuple[Record, ...]] = {}
        self._in_force: dict[str, tuple[Record, ...]] = {}

    def get(self, change_id: str) -> Record | None:
        return self._by_id.get(change_id)

    def open(self, origin: str) -> tuple[Record, ...]:
        """What a crash cut short on that server."""
        return tuple(one for one in self.all if one.event in OPEN and one.origin == origin)

    def undoable(self, origin: str) -> tuple[Record, ...]:
        """What may be taken back on that server, newest first; open ones too: only a read tells what they did."""
        if origin not in self._undoable:
            self._undoable[origin] = tuple(
                one for one in reversed(self.all) if one.origin == origin and one.event not in SETTLED and one.changes
            )
        return self._undoable[origin]

    def in_force(self, origin: str) -> tuple[Record, ...]:
        """What was applied on that server and not taken back, each with the settings that no newer one changed."""
        if origin not in self._in_force:
            made = [one for one in self.all if one.origin == origin and one.event in IN_FORCE]
            newest = {change.what: one.id for one in made for change in one.changes}
            kept = (
                replace(one, changes=tuple(change for change in one.changes if newest[change.what] == one.id))
                for one in made
            )
            self._in_force[origin] = tuple(one for one in kept if one.changes)
        return self._in_force[origin]


class Journal:
    """The file. Any number of processes may append; each line is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: tuple[Stamp | None, Folded] = (None, Folded())

    def append(self, record: Record) -> None:
        """Add a line and have it on the disk. StorageError where that fails: the line then does not count."""
        line = json.dumps(document_of(record), allow_nan=False, separators=(",", ":")).encode("ascii")
        with self.locked():
            self._append_bytes(_checked(line) + b"\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While this holds, nobody else appends. ChangeError(OTHER_WRITER) where another copy keeps it for long."""
        import filelock  # only who writes needs it: a command that looks starts sooner

        with typed_errors(self.path):
            make_folder(self.path.parent)
            try:
                with filelock.FileLock(self.path.with_name(self.path.name + ".lock"), timeout=_LOCK_WAIT_S):
                    yield
            except filelock.Timeout as error:
                raise ChangeError(Problem.OTHER_WRITER, str(self.path)) from error

    def _append_bytes(self, data: bytes) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(self.path, flags, PRIVATE_FILE)
        try:
            check_regular(descriptor)
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
        """All lines, oldest first, and the numbers of those that are none. StorageError if unreadable."""
        records: list[Record] = []
        broken: list[BrokenLine] = []
        for number, line in enumerate((read_file(self.path) or b"").split(b"\n"), 1):
            if not line.strip():
                continue
            match decode_line(line):
                case Fault() as fault:
                    broken.append(BrokenLine(number, fault))
                case record:
                    records.append(record)
        return JournalContent(tuple(records), tuple(broken))

    def changes(self) -> Folded:
        """What became of every change. The file is read again only when it is another one. StorageError if unreadable.

        The stamp is taken first: a line that comes between stamp and reading is read again, never missed.
        """
        stamp = stamp_of(self.path)
        if stamp != self._known[0]:
            content = self.read()
            self._known = (stamp, Folded(content.records, content.broken))
        return self._known[1]

    @property
    def damage(self) -> JournalDamaged | None:
        """What was left out when the changes were last read."""
        broken = self._known[1].broken
        newer = all(one.fault is Fault.NEWER for one in broken)
        return JournalDamaged(str(self.path), tuple(one.number for one in broken), newer=newer) if broken else None


def _ends_with_newline(descriptor: int, size: int) -> bool:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


def document_of(record: Record) -> Document:
    """The JSON object of a line; `elbowroom journal --json` prints the same."""
    body = encode(record)
    assert isinstance(body, dict)
    return {"schema": SCHEMA, **body}


CHECK = "check"
_CHECKED = re.compile(rb'(.*),"check":"([0-9a-f]{8})"\}', re.DOTALL)


def _checked(line: bytes) -> bytes:
    """The line with its own checksum as the last key: a word that turned into another one is seen, not believed."""
    return b'%b,"%b":"%08x"}' % (line[:-1], CHECK.encode(), zlib.crc32(line))


def _is_as_written(line: bytes) -> bool:
    found = _CHECKED.fullmatch(line)
    return found is not None and zlib.crc32(found[1] + b"}") == int(found[2], 16)


_FIELDS = frozenset(Record.__struct_fields__)
"""Each line has all of them: one that lacks some was edited."""
_SETTINGS = frozenset(setting.value for setting in Setting)
_EVENTS = frozenset(event.value for event in Event)
_LONGEST_ID = 64


def decode_line(line: bytes) -> Record | Fault:
    """One line of the file. What it hands on can be shown and compared: words that we know, times of a clock.

    Lines of earlier versions have no checksum and are taken as they are.
    """
    try:
        document = json.loads(line.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return Fault.NOT_JSON
    if not isinstance(document, dict):
        return Fault.SHAPE
    schema = document.get("schema")
    if type(schema) is int and schema > SCHEMA:
        return Fault.NEWER
    if CHECK in document and not _is_as_written(line.strip()):
        return Fault.CHANGED
    return _record(document)


def _record(document: Document) -> Record | Fault:
    if not document.keys() >= _FIELDS:
        return Fault.SHAPE
    try:
        record = convert(document, Record)
    except (ValidationError, OverflowError):
        return Fault.NEWER if document.get("schema") == SCHEMA and _has_unknown_words(document) else Fault.SHAPE
    good = is_time(record.at) and 0 < len(record.id) <= _LONGEST_ID and record.id.isprintable()
    return record if good else Fault.SHAPE


def _has_unknown_words(document: Document) -> bool:
    """A setting or an event that this version does not have: a newer one wrote the line."""
    changes = document["changes"]
    named = [one.get("setting") for one in changes if isinstance(one, dict)] if isinstance(changes, list) else []
    return _is_new(document["event"], _EVENTS) or any(_is_new(setting, _SETTINGS) for setting in named)


def _is_new(word: object, known: frozenset[str]) -> bool:
    return isinstance(word, str) and word not in known


def _no_constant(name: str) -> float:
    raise ValueError(name)


def fold(lines: Iterable[Record]) -> tuple[Record, ...]:
    """One record per id in the order the changes were intended; the last result counts."""
    folded: dict[str, Record] = {}
    for line in lines:
        folded[line.id] = _after(folded.get(line.id), line)
    return tuple(folded.values())


def _after(known: Record | None, line: Record) -> Record:
    """The change once `line` has come. A result may name fewer settings than the intent, an undo only some of them."""
    if known is None:
        known = line
    event, changes = line.event, known.changes or line.changes
    if event is Event.UNDO_FAILED:
        event = Event.APPLIED
    elif event is Event.APPLIED:
        changes = line.changes or changes
    elif event is Event.UNDONE and line.changes:
        gone = {change.what for change in line.changes}
        rest = tuple(change for change in changes if change.what not in gone)
        event, changes = (Event.APPLIED, rest) if rest else (event, changes)
    return replace(known, event=event, changes=changes, detail=line.detail)
