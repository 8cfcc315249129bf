"""One look: a poll, one diagnosis, the remedies, for the command line and the worker; and the history that it keeps."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from tray_app.app import rhythm
from tray_app.app.poll import Poll
from tray_app.core.diagnosis.alerts import Alerts, Notice, Quiet, Told
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.judge import Judge
from tray_app.core.fit.candidates import Candidate
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.choices import task_models
from tray_app.core.remedies.ranked import remedies
from tray_app.core.remedies.strategies import strategies
from tray_app.core.remedies.strategy import Strategy
from tray_app.core.report.history import Mark, Noted, Stretch, Unwritten, marks_of_events, marks_of_lines
from tray_app.core.report.receipt import LONGEST_S, Receipt, receipt
from tray_app.core.report.work import TaskWork, task_work
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.finding import Diagnosis
from tray_app.core.values.limits import Limits
from tray_app.core.values.plan import Record
from tray_app.core.values.reading import Moment
from tray_app.core.values.remedy import Remedy, TaskModels
from tray_app.core.values.requests import Confidence
from tray_app.core.values.snapshot import Snapshot
from tray_app.storage.history import KEPT_S, HistoryFile
from tray_app.storage.journal import Folded, Journal

log = logging.getLogger(__name__)

WRITE_EVERY_S = 60.0
RECKON_EVERY_S, SETTLED_EVERY_S = 600.0, 3600.0
"""Between two looks at what a change brought: it reads a day of rows."""
BESIDE_S = 3600.0
"""A change is dated by its first line; it may have been carried out a little later."""


class Look(Struct, frozen=True, dict=True):
    """One poll and what follows from it."""

    snapshot: Snapshot
    case: Case
    remedies: tuple[Remedy, ...]
    alerts: Alerts
    notices: tuple[Notice, ...]

    @property
    def facts(self) -> Facts:
        return self.case.facts

    @property
    def diagnosis(self) -> Diagnosis:
        return self.case.diagnosis

    @cached_property
    def task_models(self) -> TaskModels:
        """Only a menu asks for these."""
        return task_models(self.case)

    def strategies(self, work: TaskWork | None = None) -> tuple[Strategy, ...]:
        """The answers to the problem, with the one that suits this machine. `work`: what the history tells of tasks."""
        return strategies(self.case, work)


class Observer:
    """Judges each poll against the polls before it; owned by one thread."""

    def __init__(
        self,
        poll: Poll,
        limits: Callable[[], Limits],
        candidates: Callable[[], tuple[Candidate, ...]],
        relay_port: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.poll = poll
        self._limits = limits
        self._candidates = candidates
        self._relay_port = relay_port
        self._judge = Judge()

    def remember_told(self, told: Mapping[str, float]) -> None:
        """Notices of an earlier run still count for their cool-down."""
        told_before = tuple(Told(cause, at) for cause, at in told.items())
        self._judge.alerts = replace(self._judge.alerts, told=told_before)

    def told(self) -> dict[str, float]:
        return {one.cause: one.at for one in self._judge.alerts.told}

    def look(self, quiet: Quiet | None = None) -> Look:
        """One poll, judged against the polls before it; `quiet`: what the user does not want to hear."""
        made = self._judge.judge(self.poll.take(), self._limits(), quiet)
        case = Case(made.facts, made.diagnosis, self._candidates(), self._relay_port())
        return Look(made.snapshot, case, remedies(case), made.alerts, made.notices)

    def look_twice(self, sleep: Callable[[float], object] = time.sleep) -> Look:
        """Two polls, so that rates are known. Whatever was asked a second ago is not asked again."""
        self.look()
        sleep(rhythm.SECOND_SAMPLE_S)
        return self.look()


class HistoryKeeper:
    """Notes each look, and writes what is worth it at most once a minute; owned by one thread."""

    def __init__(self, file: HistoryFile | None, *, writes: bool = True) -> None:
        """Without a file (the demo) nothing is kept but the newest. Not `writes`: somebody else writes it."""
        self.file = file
        self._writes = writes
        self._rows = Unwritten()
        self._due = float("-inf")
        self._reckon_due = float("-inf")
        self._folded: Folded | None = None
        self._marked_until: float | None = None
        self.receipt: Receipt | None = None
        """What the newest change brought, as it was last reckoned."""
        self.work: TaskWork | None = None
        """How long tasks took over the last day, as it was last reckoned."""
        self._work_due = float("-inf")

    @property
    def problem(self) -> StorageError | None:
        """Why it cannot be written."""
        return self.file.problem if self.file is not None else None

    @property
    def unwritten(self) -> Unwritten:
        """What the file does not have yet: for who shows the newest minute, too."""
        return self._rows

    def note(self, look: Look, journal: Journal | None = None) -> None:
        """`journal`: where changes are marked; it is read when there are new lines."""
        marks = self._changes(journal, look.facts.at.taken_at) if journal is not None else ()
        self._rows = self._rows.noted(_seen(look, marks))
        at = look.snapshot.uptime_s
        if self._writes and self.file is not None and at >= self._due and self._rows.worth:
            self._due = at + WRITE_EVERY_S
            self._write(self.file)

    def _changes(self, journal: Journal, now: float) -> tuple[Mark, ...]:
        """What was changed since the last look; at the first look, what the file does not have yet is added."""
        try:
            folded = journal.changes()
            if folded is self._folded:
                return ()
        except StorageError:  # the menu tells it
            return ()
        self._folded, lines = folded, folded.lines
        made = marks_of_lines(lines, now - KEPT_S if self._marked_until is None else self._marked_until)
        self._marked_until = max((one.at for one in lines), default=now)
        return made

    def reckon(self, change: Record | None, lines: Callable[[], Sequence[Record]], at: Moment) -> None:
        """What the newest change in force brought so far; nothing where nobody can tell. `lines`: the journal's."""
        if change is None or (self.receipt is not None and self.receipt.change_id != change.id):
            self.receipt, self._reckon_due = None, float("-inf")
        if change is None or self.file is None or at.uptime_s < self._reckon_due:
            return
        try:
            past = self.file.read(change.at - LONGEST_S, change.at + LONGEST_S + BESIDE_S)
            self.receipt = receipt(lines(), change, past, at.taken_at)
        except StorageError:
            self.receipt = None
        settled = self.receipt is not None and self.receipt.is_settled
        self._reckon_due = at.uptime_s + (SETTLED_EVERY_S if settled else RECKON_EVERY_S)

    def reckon_work(self, chat_model: str, at: Moment) -> None:
        """How long tasks keep this model busy per message; nothing where nobody can tell."""
        if at.uptime_s < self._work_due:
            return
        self._work_due = at.uptime_s + RECKON_EVERY_S
        try:
            self.work = None if self.file is None else task_work(self.file.read(at.taken_at - LONGEST_S), chat_model)
        except StorageError:
            self.work = None

    def close(self) -> None:
        """With the end of what went on until now."""
        if self.file is None:
            return
        if self._writes and self._rows.spans:
            self._write(self.file)
        self.file.close()

    def _write(self, file: HistoryFile) -> None:
        before = file.problem
        if file.write(self._rows):
            self._rows = self._rows.done()
        problem = file.problem
        if problem is not None and (before is None or before.fault is not problem.fault):
            log.warning("history not written: %s", problem.fault)


def _seen(look: Look, marks: tuple[Mark, ...] = ()) -> Noted:
    facts, requests = look.facts, look.facts.requests
    at_least = Confidence.LOWER_BOUND
    span = Stretch(
        at=facts.at.taken_at,
        until=facts.at.taken_at,
        level=look.diagnosis.level,
        pressure=facts.memory.pressure if facts.memory is not None else None,
        running=facts.running,
        waiting=facts.waiting,
        held=requests.held if requests is not None else None,
        longest_wait_s=requests.longest_wait_s if requests is not None else None,
        running_at_least=requests is not None and requests.running_confidence is at_least,
        waiting_at_least=requests is not None and requests.waiting_confidence is at_least,
    )
    swap = facts.memory.swap_out_bytes_per_s if facts.memory is not None else None
    told = marks_of_events(facts.log.events) if facts.log is not None else ()
    return Noted(facts.at, span, swap, requests.finished if requests is not None else (), (*marks, *told))
