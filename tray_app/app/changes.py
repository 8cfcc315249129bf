"""The one carrier of doing: settings, connections, downloads, unloading, stopping, undo, for every front of the app.

A change of a document is journalled before it is written, written once, read back and journalled again. A write with
an unknown outcome is resolved by reading, never by writing twice. Only the keys of the plan change; everything else in
the document goes back as it came.
"""

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tray_app.app.doing.downloads import Step, check_room, pull, stays_installed, wait_until_listed
from tray_app.app.doing.in_order import undone_before
from tray_app.app.doing.read_backs import ReadBacks
from tray_app.app.doing.switching import Switching
from tray_app.core.tasks import assignments
from tray_app.core.tasks.documents import changed, kind_of
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem, Written
from tray_app.core.values.errors.service import (
    BadAnswer,
    RefusedBecause,
    ServerFailed,
    ServiceError,
    TimedOut,
    Unreachable,
)
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.plan import Action, ActionKind, Change, Event, Plan, Record
from tray_app.core.values.remedy import Consent, Remedy
from tray_app.core.values.snapshot import Access
from tray_app.core.values.task_settings import SLOTS, DocumentKind, Setting
from tray_app.core.values.token import Token
from tray_app.core.values.version import Document, Json
from tray_app.storage.archive import compact
from tray_app.storage.journal import Journal

if TYPE_CHECKING:
    from tray_app.services.ollama import OllamaClient
    from tray_app.services.open_webui import OpenWebUIClient

log = logging.getLogger(__name__)


class Outcome(Struct, frozen=True):
    """What was done, and what the server holds now. `others`: keys that somebody else changed meanwhile (left alone).

    `freed`: what is out of memory now; `stopped`: answers that were ended, None where none was asked to end.
    """

    changes: tuple[Change, ...] = ()
    others: tuple[str, ...] = ()
    change_id: str = ""
    freed: tuple[Action, ...] = ()
    stopped: int | None = None


class Undone(Struct, frozen=True):
    """`changes` as they were taken back; `drifted` are left alone: somebody changed them since."""

    change_id: str
    changes: tuple[Change, ...]
    drifted: tuple[Setting, ...] = ()
    stays: tuple[str, int] | None = None
    """A model that was got for this change and is still installed, with its bytes on the disk."""


class CutShort(KeyboardInterrupt):
    """Ctrl-C in the middle of a change or of its undo (`undoing`), once the server said what it holds now.

    `record` is the change as it is then; None where nothing was begun.
    """

    def __init__(self, record: Record | None, *, undoing: bool) -> None:
        super().__init__()
        self.record = record
        self.undoing = undoing


class _Write(Struct, frozen=True):
    """One write under way: the document before, the one we want, and how the journal names it."""

    id: str
    remedy: str
    changes: tuple[Change, ...]
    before: Document
    done: Event
    failed: Event
    key: Token | None = None

    @property
    def kind(self) -> DocumentKind:
        return kind_of(self.changes)

    @property
    def target(self) -> Document:
        return changed(self.before, self.changes, self.key)

    @property
    def names(self) -> str:
        return _names(self.changes)

    def kept_by(self, now: Document) -> bool:
        """Whether a document read back holds what we wrote."""
        return all(assignments.is_made(now, one) for one in self.changes)


def _names(changes: Iterable[Change]) -> str:
    return ", ".join(dict.fromkeys(one.setting.value for one in changes))


def _kinds(records: Iterable[Record]) -> frozenset[DocumentKind]:
    return frozenset(kind_of(one.changes) for one in records)


class Carrier:
    """Does things at one Open WebUI and one Ollama, one at a time.

    `models_folder` is on the disk that downloads fill; None where Ollama runs elsewhere. `now` is Unix seconds.
    """

    def __init__(
        self,
        open_webui: "OpenWebUIClient",
        ollama: "OllamaClient",
        journal: Journal,
        write_lock: Callable[[], AbstractContextManager[object]],
        models_folder: Path | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        another: "Callable[[], OpenWebUIClient] | None" = None,
        switching: Switching | None = None,
    ) -> None:
        self.open_webui = open_webui
        self.ollama = ollama
        self.journal = journal
        self._lock = write_lock
        self._models_folder = models_folder
        self._now = now
        self.pause = self._sleep = sleep
        self._reads = ReadBacks(open_webui, another, sleep)
        self.switching = Switching(open_webui, journal) if switching is None else switching

    # --- what must be true first ---------------------------------------------------------------

    def writable(self) -> "OpenWebUIClient":
        """The connected server, or ChangeError where it may not be changed. Asked each time: rights come and go."""
        client = self.open_webui
        client.version()  # first: a server that is down or something else is told as that
        access = client.access()
        if access is Access.NONE:
            raise ChangeError(Problem.NOT_CONNECTED, client.url)
        if access is not Access.ADMIN:
            because = client.refusal() or RefusedBecause.NOT_ADMIN
            raise ChangeError(Problem.NO_PERMISSION, client.url, client.refusal_detail, because=because)
        return client

    def _allow(self, remedy: Remedy, given: Consent) -> None:
        """Consent, rights and room, before anything is done: nothing is downloaded for a change that cannot be made."""
        if remedy.needs > given:
            raise ChangeError(Problem.NOT_CONFIRMED, remedy.id)
        if remedy.plan.needs_admin:
            self.writable()
        for action in remedy.plan.actions:
            if action.kind is ActionKind.PULL and self._models_folder is not None:
                check_room(action, self._models_folder)

    # --- doing ---------------------------------------------------------------------------------

    def carry_out(
        self, remedy: Remedy, given: Consent, show: Callable[[Step], None], cancelled: Callable[[], bool]
    ) -> Outcome:
        """Downloads, then what cannot be undone, then all settings in one write; one that is cancelled leaves these."""
        self._allow(remedy, given)
        with self.switching.alone(remedy.plan.changes, remedy.id):
            return self._carry_out(remedy, show, cancelled)

    def _carry_out(self, remedy: Remedy, show: Callable[[Step], None], cancelled: Callable[[], bool]) -> Outcome:
        actions = remedy.plan.actions
        pulled = [one.subject for one in actions if one.kind is ActionKind.PULL]
        freed = tuple(one for one in actions if one.kind in {ActionKind.UNLOAD, ActionKind.END})
        stopped: int | None = None
        for action in actions:
            match action.kind:
                case ActionKind.PULL:
                    pull(self.ollama, action.subject, show, cancelled)
                case ActionKind.UNLOAD:
                    self.unload(action.subject)
                case ActionKind.END:
                    from tray_app.readers.left_behind import end

                    end(action.pid, action.started_at)
                case ActionKind.STOP_GENERATIONS:
                    stopped = self.open_webui.stop_generations()
                case ActionKind.START_RELAY:
                    self.switching.start_relay(action)
        if not remedy.plan.changes:
            return Outcome(freed=freed, stopped=stopped)
        if pulled:
            chosen = [str(one.after) for one in remedy.plan.changes if one.setting in SLOTS and one.after]
            wait_until_listed(self.open_webui, chosen or pulled, cancelled, self._sleep)
        self.switching.check_reached(remedy.plan.changes)
        done = self._apply(remedy.plan.changes, remedy.id)
        self.switching.have_models_listed(done.changes)
        return Outcome(done.changes, done.others, done.change_id, freed, stopped)

    def unload(self, model: str, digest: str = "") -> None:
        """Free a loaded model. ChangeError where it is not loaded, or another one of that name is by now."""
        loaded = {one.name: one.digest for one in self.ollama.ps()}
        if model not in loaded:
            raise ChangeError(Problem.NOTHING_TO_DO, model)
        if digest and loaded[model] != digest:
            raise ChangeError(Problem.OTHER_MODEL, model)
        self.ollama.unload(model)

    # --- documents -----------------------------------------------------------------------------

    def plan(self, wanted: Mapping[Setting, Json]) -> Plan:
        """What is left to do of these values. ChangeError(NOTHING_TO_DO) only where no worker lacks any of it."""

        def lacks(document: Document) -> bool:
            return assignments.is_wanting(document, wanted)

        return assignments.plan(self._reads.first(DocumentKind.TASK_SETTINGS, lacks), wanted)

    def apply(self, changes: Iterable[Change], remedy: str = "", key: Token | None = None) -> Outcome:
        """Make the changes of a plan. ChangeError(DRIFT) where a `from` of the plan is no longer true. `key`: of a
        connection that is added; it goes into the document and nowhere else.
        """
        self.writable()
        wanted = tuple(changes)
        with self.switching.alone(wanted):
            done = self._apply(wanted, remedy, key)
            self.switching.have_models_listed(done.changes)
        return done

    def _apply(self, changes: tuple[Change, ...], remedy: str, key: Token | None = None) -> Outcome:
        change_id = secrets.token_hex(8)
        with self._looked_up_if_cut(change_id), self._writing():
            before = self._reads.first(kind_of(changes), lambda document: assignments.is_left(document, changes))
            left = assignments.still_to_do(before, changes)
            write = _Write(change_id, remedy, left, before, Event.APPLIED, Event.FAILED, key)
            self._record(write, Event.INTENDED, left)
            return Outcome(left, self._write(write), change_id)

    def undoable(self) -> tuple[Record, ...]:
        """What may be taken back on this server, newest first."""
        return self.journal.changes().undoable(self.open_webui.origin)

    def undo(self, change_id: str, shown: Iterable[Change] = ()) -> Undone:
        """Take back what is still ours of one change. ChangeError(DRIFT) where nothing of it is.

        `shown`: what the person saw of it. Where it holds other values by now, nothing is done.
        """
        self.writable()
        recorded = self._as_shown(change_id, shown)
        first = undone_before(recorded, self.undoable(), lambda later: self.undo(later.id).changes)
        with self.switching.alone(recorded.changes):
            recorded = self._as_shown(change_id)  # another copy may have been faster
            undone = self._undo(recorded, first)
            self.switching.have_models_listed(recorded.changes)
        return undone

    def _as_shown(self, change_id: str, shown: Iterable[Change] = ()) -> Record:
        recorded = next((one for one in self.undoable() if one.id == change_id), None)
        seen = {one.what: one.after for one in shown}
        if recorded is None or (seen and seen != {one.what: one.after for one in recorded.changes}):
            raise ChangeError(Problem.NOT_AS_SHOWN)
        return recorded

    def _undo(self, recorded: Record, first: tuple[Change, ...]) -> Undone:
        with self._looked_up_if_cut(recorded.id, undoing=True), self._writing():
            kind = kind_of(recorded.changes)
            before = self._reads.first(kind, lambda document: bool(assignments.back(document, recorded.changes)[0]))
            ours, drifted = assignments.back(before, recorded.changes)
            names = ", ".join(setting.value for setting in drifted)
            write = _Write(recorded.id, recorded.remedy, ours, before, Event.UNDONE, Event.UNDO_FAILED)
            if not ours and not drifted:
                self._record(write, Event.UNDONE, detail="somebody else took it back")
            elif not ours:
                self._record(write, Event.DRIFTED, detail=names)
                raise ChangeError(Problem.DRIFT, names)
            else:
                self._record(write, Event.UNDO_INTENDED)
                self._write(write)
        return Undone(recorded.id, (*first, *ours), drifted, stays_installed(self.ollama, recorded))

    def settle(self) -> tuple[Record, ...]:
        """Resolve changes that a crash left open by reading what the server holds; returns them as they were."""
        if not self.journal.changes().open(self.open_webui.origin):
            return ()
        with self._writing():
            waiting = self.journal.changes().open(self.open_webui.origin)
            documents = {kind: self.open_webui.read_document(kind) for kind in _kinds(waiting)}
            for one in waiting:
                found = assignments.found(documents[kind_of(one.changes)], one)
                self.journal.append(Record(one.id, self._now(), found, one.origin, detail="settled by reading"))
        return waiting

    @contextmanager
    def _looked_up_if_cut(self, change_id: str, *, undoing: bool = False) -> Iterator[None]:
        """Ctrl-C inside becomes CutShort. ChangeError where the server cannot be asked: the change stays open."""
        try:
            yield
        except KeyboardInterrupt as cut:
            record = self.journal.changes().get(change_id)
            try:
                self.settle()
            except ServiceError as error:
                names = _names(record.changes) if record else ""
                raise ChangeError(Problem.NOT_KEPT, names, type(error).__name__, written=Written.UNKNOWN) from error
            raise CutShort(self.journal.changes().get(change_id), undoing=undoing) from cut

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The write lock; a journal that has grown long is shortened before it goes."""
        with self._lock():
            yield
            try:
                compact(self.journal, self._now())
            except ElbowroomError as error:  # the change itself is made and recorded
                log.warning("the journal stays long: %s", error)

    def _record(self, write: _Write, event: Event, changes: tuple[Change, ...] = (), detail: str = "") -> None:
        server = self.open_webui
        self.journal.append(
            Record(write.id, self._now(), event, server.origin, server.version(), write.remedy, changes, detail)
        )

    def _note(self, write: _Write, changes: tuple[Change, ...], detail: str) -> None:
        """That it is done. A disk that is full by now must not hide what the server holds."""
        try:
            self._record(write, write.done, changes, detail)
        except (StorageError, ChangeError) as error:
            why = error.reason if isinstance(error, StorageError) else error.problem.value
            raise ChangeError(Problem.NOT_RECORDED, write.names, why, written=Written.YES) from error

    def _write(self, write: _Write) -> tuple[str, ...]:
        """Write once, verify, record. Returns the keys that somebody else changed meanwhile."""
        try:
            self.open_webui.write_document(write.target, write.kind)
        except (TimedOut, Unreachable, ServerFailed, BadAnswer) as error:
            self._resolve(write, error)
        except ServiceError as error:
            self._record(write, write.failed, detail=type(error).__name__)
            raise
        return self._verify(write)

    def _resolve(self, write: _Write, error: ServiceError) -> None:
        """The answer to our write is missing: look what the server holds."""
        now = self._read_back(write)
        if write.kept_by(now):
            return
        if write.kind is DocumentKind.OPENAI_CONNECTIONS and assignments.back(now, write.changes)[0]:
            raise self._unknown(write, error) from error  # 0.3 takes it in parts: some of it is there
        self._record(write, write.failed, detail=type(error).__name__)
        raise error

    def _read_back(self, write: _Write) -> Document:
        """A fresh read. Where none is possible the change stays open in the journal until settle() can look."""
        try:
            return self.open_webui.read_document(write.kind, fresh=True)
        except ServiceError as error:
            raise self._unknown(write, error) from error

    def _unknown(self, write: _Write, error: ServiceError) -> ChangeError:
        return ChangeError(Problem.NOT_KEPT, write.names, type(error).__name__, written=Written.UNKNOWN)

    def _verify(self, write: _Write) -> tuple[str, ...]:
        """Several workers, a concurrent editor and a write that did not last all show in repeated fresh reads."""
        try:
            reads = self._reads.all(write.kind)
        except ServiceError as error:
            raise self._unknown(write, error) from error
        kept = [write.kept_by(now) for now in reads]
        if not any(kept):
            self._record(write, write.failed, detail="not kept")
            raise ChangeError(Problem.NOT_KEPT, write.names)
        changes = tuple(one.back() for one in write.changes) if write.done is Event.UNDONE else ()
        if not all(kept):
            self._note(write, changes, "workers disagree")
            raise ChangeError(Problem.WORKERS_DISAGREE, write.names, written=Written.PARTLY)
        others = assignments.others(write.target, reads[-1], write.changes)
        self._note(write, changes, ", ".join(others))
        return others
