"""Applies and undoes a plan: intend, write, read back, record. Nothing lost, nothing silent.

A write with an unknown outcome is resolved by reading, never by writing twice. Only the keys of the plan
change; everything else in the document goes back as it came.
"""

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from msgspec import Struct

from tray_app.core.tasks.assignments import equal, same
from tray_app.core.tasks.settings import changed, key_of, value
from tray_app.core.values.errors import (
    BadAnswer,
    ChangeError,
    ElbowroomError,
    Problem,
    ServerFailed,
    ServiceError,
    TimedOut,
    Unreachable,
)
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Document, Json
from tray_app.storage.archive import compact
from tray_app.storage.journal import Journal

log = logging.getLogger(__name__)

# Reads after a write, and the pause between them (s): together about 1.2 s on fresh connections, so that every
# worker of a server without shared settings is likely to answer (Open WebUI to 0.9 keeps settings per process).
READ_BACKS = 4
PAUSE_S = 0.4


class Server(Protocol):
    """What a change needs from Open WebUI. `fresh` asks on a new connection, which may reach another worker."""

    @property
    def origin(self) -> str: ...
    def version(self) -> str: ...
    def read_document(self, *, fresh: bool = False) -> Document: ...
    def write_document(self, document: Document) -> Document: ...


class Applied(Struct, frozen=True):
    """What the server holds now. `others`: keys that somebody else changed meanwhile (left alone)."""

    change_id: str
    changes: tuple[Change, ...]
    others: tuple[str, ...] = ()


class Undone(Struct, frozen=True):
    """`changes` as they were taken back; `drifted` are left alone: somebody changed them since."""

    change_id: str
    changes: tuple[Change, ...]
    drifted: tuple[Setting, ...] = ()


class _Write(Struct, frozen=True):
    """One write under way: the document before, the one we want, and how the journal names it."""

    id: str
    remedy: str
    changes: tuple[Change, ...]
    before: Document
    target: Document
    settings: tuple[Setting, ...]
    done: Event
    failed: Event

    @property
    def names(self) -> str:
        return ", ".join(setting.value for setting in self.settings)

    def kept_by(self, now: Document) -> bool:
        """Whether a document read back holds what we wrote."""
        keys = [(setting, key_of(setting, self.target)) for setting in self.settings]
        return all(key in now and same(setting, now[key], self.target[key]) for setting, key in keys if key)


class Fixer:
    """Makes changes on one server, one at a time. `now` is Unix seconds."""

    def __init__(
        self,
        server: Server,
        journal: Journal,
        write_lock: Callable[[], AbstractContextManager[object]],
        now: Callable[[], float],
        sleep: Callable[[float], object],
    ) -> None:
        self._server = server
        self._journal = journal
        self._lock = write_lock
        self._now = now
        self._sleep = sleep

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The write lock; a journal that has grown long is shortened before it goes."""
        with self._lock():
            yield
            try:
                compact(self._journal, self._now())
            except ElbowroomError as error:  # the change itself is made and recorded
                log.warning("the journal stays long: %s", error)

    def apply(self, changes: Iterable[Change], remedy: str = "") -> Applied:
        """Make the changes of a plan. ChangeError(DRIFT) where a `from` of the plan is no longer true."""
        with self._writing():
            before = self._server.read_document()
            left = _still_to_do(before, changes)
            write = _Write(
                id=secrets.token_hex(8),
                remedy=remedy,
                changes=_exactly(before, left),
                before=before,
                target=changed(before, _values(left)),
                settings=tuple(one.setting for one in left),
                done=Event.APPLIED,
                failed=Event.FAILED,
            )
            self._record(write, Event.INTENDED, write.changes)
            others = self._write(write)
            return Applied(write.id, left, others)

    def undo(self, recorded: Record) -> Undone:
        """Take back what is still ours. ChangeError(DRIFT) where nothing of it is."""
        with self._writing():
            before = self._server.read_document()
            ours, drifted = split(before, recorded.changes)
            write = _Write(
                id=recorded.id,
                remedy=recorded.remedy,
                changes=tuple(change.back() for change in ours),
                before=before,
                target=changed(before, _values(ours)),
                settings=_settings(ours),
                done=Event.UNDONE,
                failed=Event.UNDO_FAILED,
            )
            if not ours and not drifted:
                self._record(write, Event.UNDONE, detail="somebody else took it back")
                return Undone(recorded.id, ())
            if not ours:
                self._record(write, Event.DRIFTED, detail=", ".join(setting.value for setting in drifted))
                raise ChangeError(Problem.DRIFT, ", ".join(setting.value for setting in drifted))
            self._record(write, Event.UNDO_INTENDED)
            self._write(write)
            return Undone(recorded.id, ours, drifted)

    def settle(self) -> tuple[Record, ...]:
        """Resolve changes that a crash left open by reading what the server holds; returns them as they were."""
        waiting = self._journal.changes().open(self._server.origin)
        if waiting:
            with self._writing():
                document = self._server.read_document()
                for one in waiting:
                    self._journal.append(
                        Record(one.id, self._now(), _found(document, one), one.origin, detail="settled by reading")
                    )
        return waiting

    def _record(self, write: _Write, event: Event, changes: tuple[Change, ...] = (), detail: str = "") -> None:
        self._journal.append(
            Record(
                id=write.id,
                at=self._now(),
                event=event,
                origin=self._server.origin,
                version=self._server.version(),
                remedy=write.remedy,
                changes=changes,
                detail=detail,
            )
        )

    def _write(self, write: _Write) -> tuple[str, ...]:
        """Write once, verify, record. Returns the keys that somebody else changed meanwhile."""
        try:
            self._server.write_document(write.target)
        except (TimedOut, Unreachable, ServerFailed, BadAnswer) as error:
            self._resolve(write, error)
        except ServiceError as error:
            self._record(write, write.failed, detail=type(error).__name__)
            raise
        return self._verify(write)

    def _resolve(self, write: _Write, error: ServiceError) -> None:
        """The answer to our write is missing: look what the server holds."""
        if write.kept_by(self._read_back(write)):
            return
        self._record(write, write.failed, detail=type(error).__name__)
        raise error

    def _read_back(self, write: _Write) -> Document:
        """A fresh read. Where none is possible the change stays open in the journal until settle() can look."""
        try:
            return self._server.read_document(fresh=True)
        except ServiceError as error:
            raise ChangeError(Problem.NOT_KEPT, write.names, type(error).__name__, written="unknown") from error

    def _verify(self, write: _Write) -> tuple[str, ...]:
        """Several workers, a concurrent editor and a write that did not last all show in repeated fresh reads."""
        reads = [self._read_back(write)]
        for _ in range(READ_BACKS - 1):
            self._sleep(PAUSE_S)
            reads.append(self._read_back(write))
        kept = [write.kept_by(now) for now in reads]
        if not any(kept):
            self._record(write, write.failed, detail="not kept")
            raise ChangeError(Problem.NOT_KEPT, write.names)
        changes = write.changes if write.done is Event.UNDONE else ()
        if not all(kept):
            self._record(write, write.done, changes, detail="workers disagree")
            raise ChangeError(Problem.WORKERS_DISAGREE, write.names, written="partly")
        others = _other_changes(write, reads[-1])
        self._record(write, write.done, changes, detail=", ".join(others))
        return others


def _values(changes: Iterable[Change]) -> dict[Setting, Json]:
    return {one.setting: one.after for one in changes}


def _settings(changes: Iterable[Change]) -> tuple[Setting, ...]:
    return tuple(one.setting for one in changes)


def _still_to_do(document: Document, changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes as the document allows them now."""
    left = []
    for change in changes:
        key = key_of(change.setting, document)
        if key is None:
            raise ChangeError(Problem.UNSUPPORTED, change.setting.value)
        if same(change.setting, document[key], change.after):
            continue
        if not same(change.setting, document[key], change.before):
            raise ChangeError(Problem.DRIFT, change.setting.value)
        left.append(change)
    if not left:
        raise ChangeError(Problem.NOTHING_TO_DO)
    return tuple(left)


def _exactly(document: Document, changes: Iterable[Change]) -> tuple[Change, ...]:
    """The old value is the document's own, to the letter, not the plan's idea of it."""
    return tuple(Change(one.setting, value(document, one.setting), one.after) for one in changes)


def split(document: Document, changes: Iterable[Change]) -> tuple[tuple[Change, ...], tuple[Setting, ...]]:
    """What of recorded changes is still ours (as changes back), and what somebody changed since."""
    ours: list[Change] = []
    drifted: list[Setting] = []
    for one in changes:
        key = key_of(one.setting, document)
        if key is not None and same(one.setting, document[key], one.after):
            ours.append(one.back())
        elif key is None or not same(one.setting, document[key], one.before):
            drifted.append(one.setting)
    return tuple(ours), tuple(drifted)


def _found(document: Document, recorded: Record) -> Event:
    """What became of a change whose result was never recorded."""
    ours, drifted = split(document, recorded.changes)
    undoing = recorded.event is Event.UNDO_INTENDED
    if ours:
        return Event.UNDO_FAILED if undoing else Event.APPLIED
    if drifted:
        return Event.DRIFTED
    return Event.UNDONE if undoing else Event.FAILED


def _other_changes(write: _Write, now: Document) -> tuple[str, ...]:
    ours = {key_of(setting, write.before) for setting in write.settings}
    return tuple(
        key
        for key in sorted(write.before.keys() | now.keys())
        if key not in ours and (key not in write.before or key not in now or not equal(write.before[key], now[key]))
    )
