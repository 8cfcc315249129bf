"""How things were over time: level, memory pressure and the requests that ran and waited, step by step. Pure.

A step in which nobody looked is no step at all: it is a gap, and nothing is drawn through it.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from tray_app.core.report.details.scale import Frame
from tray_app.core.report.details.stored import SpanSum, Stored
from tray_app.core.report.history import Mark, Stretch
from tray_app.core.values.finding import Level
from tray_app.core.values.snapshot import Pressure

LEVELS = (Level.CALM, Level.TIGHT, Level.OVERLOADED, Level.UNKNOWN)
PRESSURES = (Pressure.NORMAL, Pressure.WARNING, Pressure.CRITICAL, Pressure.UNKNOWN)
"""The order of the seconds in a TimeStep."""


class TimeStep(Struct, frozen=True, gc=False):
    """One step in which somebody looked. Seconds in the order of LEVELS and PRESSURES; counts: the most in it."""

    place: int
    watched_s: float
    levels: tuple[float, float, float, float]
    pressures: tuple[float, float, float, float]
    running: int | None
    waiting: int | None
    held: int | None
    running_at_least: bool = False
    waiting_at_least: bool = False


class Timeline(Struct, frozen=True):
    """`gaps`: from one step up to before another in which nobody looked. `marks`: oldest first."""

    steps: tuple[TimeStep, ...] = ()
    gaps: tuple[tuple[int, int], ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def watched_s(self) -> float:
        return sum(one.watched_s for one in self.steps)

    def seconds(self, pressure: Pressure) -> float:
        """How long memory pressure was so, as far as it was seen."""
        return sum(one.pressures[PRESSURES.index(pressure)] for one in self.steps)

    def level_seconds(self, level: Level) -> float:
        return sum(one.levels[LEVELS.index(level)] for one in self.steps)

    @property
    def most_waiting(self) -> int | None:
        """None: it was never known."""
        return max((one.waiting for one in self.steps if one.waiting is not None), default=None)

    @property
    def most_running(self) -> int | None:
        return max((one.running for one in self.steps if one.running is not None), default=None)

    @property
    def waiting_at_least(self) -> bool:
        """What waited most is a lower bound."""
        return any(one.waiting_at_least for one in self.steps if one.waiting is not None)

    @property
    def running_at_least(self) -> bool:
        return any(one.running_at_least for one in self.steps if one.running is not None)


def timeline(shown: Frame, stored: Stored, pending: Sequence[Stretch], marks: Iterable[Mark], now: float) -> Timeline:
    """`pending`: spans that the file does not have yet; `marks`: as `marks_in` found them."""
    found: dict[int, _Slot] = {}
    for one in stored.sums:
        if 0 <= one.place < shown.steps:
            _slot(found, one.place).add_sum(one)
    for span in (*stored.spans, *pending):
        for place, seconds in _parts(shown, span):
            _slot(found, place).add(span, seconds)
    steps = tuple(found[place].step(place) for place in sorted(found))
    last = min(shown.steps, shown.place(now))  # the step that goes on is no gap yet
    return Timeline(steps, tuple(_gaps([one.place for one in steps], last)), tuple(marks))


def marks_in(shown: Frame, *sources: Iterable[Mark]) -> tuple[Mark, ...]:
    """Those of the window, each once, oldest first."""
    found = {
        (one.at, one.kind, one.model, one.change_id, one.setting): one
        for source in sources
        for one in source
        if shown.since <= one.at < shown.until
    }
    return tuple(sorted(found.values(), key=lambda one: one.at))


def _parts(shown: Frame, span: Stretch) -> Iterator[tuple[int, float]]:
    """The steps that a span lies in, and how long in each. One that was only a moment lies in its step for no time."""
    since, until = max(span.at, shown.since), min(span.until, shown.until)
    if span.at >= shown.until or span.until < shown.since or until < since:
        return
    first = shown.place(since)
    last = shown.place(until) if until > since else first
    for place in range(max(0, first), min(shown.steps - 1, last) + 1):
        begin, end = shown.starts(place), shown.starts(place + 1)
        seconds = min(until, end) - max(since, begin)
        if seconds > 0 or until == since:
            yield place, seconds


def _gaps(places: Sequence[int], last: int) -> Iterator[tuple[int, int]]:
    before = 0
    for place in (*places, last):
        if place > before:
            yield before, place
        before = place + 1


class _Slot:
    """One step while it is added up."""

    def __init__(self) -> None:
        self.watched = 0.0
        self.levels = [0.0] * len(LEVELS)
        self.pressures = [0.0] * len(PRESSURES)
        self.running: int | None = None
        self.waiting: int | None = None
        self.held: int | None = None
        self.running_at_least = self.waiting_at_least = False

    def add(self, span: Stretch, seconds: float) -> None:
        self.watched += seconds
        self.levels[LEVELS.index(span.level)] += seconds
        self.pressures[PRESSURES.index(span.pressure or Pressure.UNKNOWN)] += seconds
        self._counts(span)

    def add_sum(self, one: SpanSum) -> None:
        self.watched += one.watched_s
        calm = one.watched_s - one.tight_s - one.overloaded_s - one.blind_s
        normal = one.watched_s - one.warning_s - one.critical_s - one.unread_s
        for place, seconds in enumerate((max(0.0, calm), one.tight_s, one.overloaded_s, one.blind_s)):
            self.levels[place] += seconds
        for place, seconds in enumerate((max(0.0, normal), one.warning_s, one.critical_s, one.unread_s)):
            self.pressures[place] += seconds
        self._counts(one)

    def _counts(self, one: Stretch | SpanSum) -> None:
        self.running = _most(self.running, one.running)
        self.waiting = _most(self.waiting, one.waiting)
        self.held = _most(self.held, one.held)
        self.running_at_least |= one.running_at_least and one.running is not None
        self.waiting_at_least |= one.waiting_at_least and one.waiting is not None

    def step(self, place: int) -> TimeStep:
        a, b, c, d = self.levels
        e, f, g, h = self.pressures
        counts = self.running, self.waiting, self.held, self.running_at_least, self.waiting_at_least
        return TimeStep(place, self.watched, (a, b, c, d), (e, f, g, h), *counts)


def _slot(found: dict[int, _Slot], place: int) -> _Slot:
    slot = found.get(place)
    if slot is None:
        slot = found[place] = _Slot()
    return slot


def _most(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)
