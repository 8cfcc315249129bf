"""What is kept of the polls: how things were, for how long, and every request that ended. Pure.

A poll that is like the one before makes its span longer and writes nothing by itself: what is idle is written when it
changes, what is not once a minute. A kill then loses at most the last minute, and of an idle time its end.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.tasks.ollama_connections import has_our_headers
from tray_app.core.values.finding import Level
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.reading import Moment, is_gap
from tray_app.core.values.requests import FinishedRequest
from tray_app.core.values.snapshot import LogEvent, LogEventKind, Pressure
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting
from tray_app.core.values.version import Json

MOST_KEPT = 5_000
"""Rows that wait for a file that cannot be written; then the oldest go."""


class Stretch(Struct, frozen=True, gc=False):
    """How things were from one poll to another, Unix seconds. None: it could not be told then."""

    at: float
    until: float
    level: Level
    pressure: Pressure | None = None
    running: int | None = None
    waiting: int | None = None
    held: int | None = None
    longest_wait_s: float | None = None
    """The longest that was seen to wait at Ollama in it."""
    swap_out_bytes: float = 0.0
    running_at_least: bool = False
    waiting_at_least: bool = False
    """The count is a lower bound: not everybody's requests could be seen."""

    def is_like(self, other: "Stretch") -> bool:
        """Nothing of it is different, but when and how much."""
        return all(getattr(self, name) == getattr(other, name) for name in _STATE)

    @property
    def is_idle(self) -> bool:
        """Nothing goes on: its end is worth no writing of its own."""
        return not (self.running or self.waiting or self.held) and self.pressure in (Pressure.NORMAL, None)


_STATE = ("level", "pressure", "running", "waiting", "held", "running_at_least", "waiting_at_least")


class MarkKind(StrEnum):
    """What happened at an instant. Values are stable: they are in the file."""

    CHANGED = "changed"  # a setting of Open WebUI, by us
    TAKEN_BACK = "taken-back"
    EVICTED = "evicted"  # a model, by Ollama
    REFUSED = "refused"  # requests: Ollama's queue was full
    OUT_OF_MEMORY = "out-of-memory"
    CRASHED = "crashed"  # a runner


class Mark(Struct, frozen=True):
    """Something that happened, Unix seconds. `setting`, `value`: of a change, its setting and what it was set to; a
    value that may hold a secret, as those of connections do, is left out."""

    at: float
    kind: MarkKind
    model: str | None = None
    change_id: str | None = None
    setting: str | None = None
    value: str | None = None
    count: int = 1


_OF_EVENTS = {
    LogEventKind.EVICTION: MarkKind.EVICTED,
    LogEventKind.BUSY: MarkKind.REFUSED,
    LogEventKind.OUT_OF_MEMORY: MarkKind.OUT_OF_MEMORY,
    LogEventKind.CRASH: MarkKind.CRASHED,
}
_OF_LINES = {Event.APPLIED: MarkKind.CHANGED, Event.UNDONE: MarkKind.TAKEN_BACK}
ON, OFF = "on", "off"
"""The values of a switch, as they are kept."""


def marks_of_events(events: Iterable[LogEvent]) -> tuple[Mark, ...]:
    """What Ollama's log told of: what came together, as refusals do, is one mark with a count."""
    found: dict[tuple[MarkKind, str | None], Mark] = {}
    for event in events:
        kind = _OF_EVENTS.get(event.kind)
        if kind is None:
            continue
        model = None if kind is MarkKind.REFUSED else event.model
        before = found.get((kind, model))
        found[kind, model] = Mark(event.at, kind, model, count=1 + (before.count if before is not None else 0))
    return tuple(found.values())


def marks_of_lines(lines: Iterable[Record], after: float) -> tuple[Mark, ...]:
    """What the journal's lines tell of changes that were made or taken back later than that."""
    made = []
    meant: dict[str, tuple[Change, ...]] = {}
    for line in lines:
        meant.setdefault(line.id, line.changes)  # a result that names none is about all that was intended
        kind = _OF_LINES.get(line.event)
        if kind is None or line.at <= after:
            continue
        for change in line.changes or meant[line.id]:
            to = change.before if kind is MarkKind.TAKEN_BACK else change.after
            made.append(Mark(line.at, kind, None, line.id, change.setting.value, _kept_value(change.setting, to)))
    return tuple(made)


def _kept_value(setting: Setting, value: Json) -> str | None:
    if setting is Setting.OLLAMA_CONNECTION:
        return ON if has_our_headers(value) else OFF
    if setting in TASKS and isinstance(value, bool):
        return ON if value else OFF
    return value if setting in SLOTS and isinstance(value, str) else None


class Noted(Struct, frozen=True):
    """What one poll adds. `swap_out_bytes_per_s`: since the poll before."""

    at: Moment
    span: Stretch
    swap_out_bytes_per_s: float | None = None
    finished: tuple[FinishedRequest, ...] = ()
    marks: tuple[Mark, ...] = ()


class Unwritten(Struct, frozen=True):
    """What waits to be written. The last span goes on; `written` is what of it the file holds already."""

    spans: tuple[Stretch, ...] = ()
    finished: tuple[FinishedRequest, ...] = ()
    at: Moment | None = None
    written: Stretch | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def worth(self) -> bool:
        """Is anything here that a file should have?"""
        if self.finished or self.marks or len(self.spans) > 1:
            return True
        if not self.spans:
            return False
        (going,) = self.spans
        if self.written is None or self.written.at != going.at:
            return True
        return (replace(going, until=self.written.until) if going.is_idle else going) != self.written

    def noted(self, seen: Noted) -> "Unwritten":
        """One poll more."""
        gap = self.at is None or is_gap(self.at, seen.at)
        spans = self.spans
        if spans and not gap:
            before = spans[-1]
            passed = max(0.0, seen.span.at - before.until)
            before = replace(
                before,
                until=max(before.until, seen.span.at),
                swap_out_bytes=before.swap_out_bytes + passed * (seen.swap_out_bytes_per_s or 0.0),
            )
            if before.is_like(seen.span):
                waits = [one for one in (before.longest_wait_s, seen.span.longest_wait_s) if one is not None]
                spans = (*spans[:-1], replace(before, longest_wait_s=max(waits, default=None)))
            else:
                spans = (*spans[:-1], before, seen.span)
        else:
            spans = (*spans, seen.span)
        finished = (*self.finished, *seen.finished)[-MOST_KEPT:]
        marks = (*self.marks, *seen.marks)[-MOST_KEPT:]
        return replace(self, spans=spans[-MOST_KEPT:], finished=finished, at=seen.at, marks=marks)

    def done(self) -> "Unwritten":
        """All of it is in the file now."""
        return Unwritten(self.spans[-1:], (), self.at, self.spans[-1] if self.spans else None)


class Past(Struct, frozen=True):
    """What a file held of a time, oldest first."""

    spans: tuple[Stretch, ...] = ()
    finished: tuple[FinishedRequest, ...] = ()
    marks: tuple[Mark, ...] = ()
