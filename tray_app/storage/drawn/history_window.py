"""What the history holds of a window of time, brought down by SQLite to what a picture can show.

A week of a busy machine is a hundred thousand rows: they are added up where they lie. What lies long enough ago does
not change any more and is asked for once; only the newest rows are read one by one, and each time.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from itertools import starmap
from math import inf
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tray_app.core.report.details.calls import added, call_sums, day_of
from tray_app.core.report.details.pictures import CALL_DAYS, Kept
from tray_app.core.report.details.scale import Frame, Offset, TimeWindow, frame, midnights
from tray_app.core.report.details.stored import CallSum, SpanSum, Stored
from tray_app.core.report.history import Mark, MarkKind, Stretch
from tray_app.core.values.finding import Level
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.storage.history import HistoryFile

if TYPE_CHECKING:
    import sqlite3

RECENT_S = 300.0
"""What ended since the last full five minutes is in no sum: it is read one by one."""
AHEAD_S = 120.0
"""What was written by another process a moment ago is not of the future."""

SETTLED_S = 180.0
"""What ended longer ago is in the file: it is written once a minute."""
QUARTER_S = 900.0
"""Days begin on a quarter of an hour, wherever one is."""
KEPT_ONES_S = 3900.0
"""Requests that were read one by one are kept as long as an hour's picture may ask for them again."""

_PLACE = "CAST((at - :since) / :step AS INTEGER)"
_WHOLE = f"at >= :since AND {_PLACE} = CAST((until - :since) / :step AS INTEGER)"
# `begin` to `end`: a part of the window; what reaches over its end belongs to the next one.
_SUMS = f"""
    SELECT {_PLACE} AS place, sum(until - at),
    sum((until - at) * (level = 'tight')), sum((until - at) * (level = 'overloaded')),
    sum((until - at) * (level = 'unknown')), sum((until - at) * (ifnull(pressure, '') = 'warning')),
    sum((until - at) * (ifnull(pressure, '') = 'critical')),
    sum((until - at) * (ifnull(pressure, 'unknown') = 'unknown')),
    max(running), max(waiting), max(held),
    max(running_at_least AND running IS NOT NULL), max(waiting_at_least AND waiting IS NOT NULL)
    FROM spans WHERE at >= :begin AND at < :end AND at < :pending AND {_WHOLE} GROUP BY place"""  # noqa: S608 - of constants
_OVER = f"""
    SELECT at, until, level, pressure, running, waiting, held, longest_wait_s, swap_out_bytes, running_at_least,
    waiting_at_least FROM spans WHERE at >= :begin - :longest AND until >= :begin AND at < :end AND at < :pending
    AND (until < :end OR :end >= :until) AND NOT ({_WHOLE})"""  # noqa: S608 - of constants
_LONGEST = "SELECT ifnull(max(until - at), 0.0) FROM spans"
_ONE_BY_ONE = """
    SELECT model, kind, task, began_at, ended_at, first_token_at, busy_s, held_s, served, broken_off
    FROM finished WHERE ended_at >= ? AND ended_at < ? ORDER BY ended_at"""
_CALLS = """
    SELECT {place} AS place, kind, task, model, count(*), sum(served), sum(busy_s), sum(held_s),
    sum(broken_off)
    FROM finished WHERE ended_at >= :begin AND ended_at < :single GROUP BY place, kind, task, model"""
_COUNT = "SELECT count(*) FROM finished WHERE ended_at >= ? AND ended_at < ?"
_MARKS = "SELECT at, kind, model, change_id, setting, value, count FROM marks WHERE at >= :since AND at < :until"
_OLDEST = "SELECT (SELECT min(at) FROM spans), (SELECT min(ended_at) FROM finished)"
_AHEAD = (
    "SELECT EXISTS(SELECT 1 FROM spans WHERE at > :ahead) OR EXISTS(SELECT 1 FROM finished WHERE ended_at > :ahead)"
)
_LEVELS = {one.value: one for one in Level}
_PRESSURES: dict[str | None, Pressure | None] = {None: None, **{one.value: one for one in Pressure}}
_KINDS = {one.value: one for one in RequestKind}
_MARK_KINDS = {one.value: one for one in MarkKind}


class _Old(Struct, frozen=True):
    """What was asked for before, and by which question."""

    key: tuple[object, ...] = ()
    sums: tuple[SpanSum, ...] = ()
    spans: tuple[Stretch, ...] = ()
    calls: tuple[CallSum, ...] = ()


class _Days(Struct, frozen=True):
    """What ended on each of the days, from the first one up to `until`. `longest_s`: of all spans."""

    days: tuple[float, ...] = ()
    until: float = 0.0
    calls: tuple[CallSum, ...] = ()
    longest_s: float = 0.0


class _Ones(Struct, frozen=True):
    """Requests that were read one by one: all that ended from `since` to before `until`, in that order."""

    since: float = inf
    until: float = inf
    rows: tuple[FinishedRequest, ...] = ()


class HistoryWindow:
    """Reads one file for pictures; owned by one thread."""

    def __init__(self, file: HistoryFile, offset: Offset) -> None:
        self._file = file
        self._offset = offset
        self._old: dict[TimeWindow, _Old] = {}  # a tab may show one and the next tab another
        self._days = _Days()
        self._ones = _Ones()
        self._midnights: tuple[float, tuple[float, ...]] = (-1.0, ())

    def kept(self, window: TimeWindow, now: float, pending_since: float) -> Kept:
        """`pending_since`: from there on spans are not asked for, because whoever keeps them has them all. StorageError
        where the file cannot be read."""
        shown = frame(window, now)
        quarter = now // QUARTER_S
        if self._midnights[0] != quarter:
            self._midnights = quarter, midnights(now, CALL_DAYS, self._offset)
        days = self._midnights[1]
        return self._file.reading(
            lambda database: self._asked(database, shown, days, now, pending_since), Kept(days=days)
        )

    def _asked(
        self, database: "sqlite3.Connection", shown: Frame, days: tuple[float, ...], now: float, pending: float
    ) -> Kept:
        recent = (now - SETTLED_S) // RECENT_S * RECENT_S
        single = shown.since if shown.is_fine else min(recent, shown.starts(shown.place(now) - 1))
        ones = self._one_by_one(database, min(single, frame(TimeWindow.HOUR, now).since), now)
        self._days = _days(database, self._days, days, recent, ones)
        at = {"since": shown.since, "step": shown.step_s, "until": shown.until, "pending": pending}
        at |= {"longest": self._days.longest_s + 2 * RECENT_S, "ahead": now + AHEAD_S}
        old = self._old.get(shown.window)
        if old is None or old.key != (shown, single):
            old = self._old[shown.window] = _old(database, shown, single, at, ones)
        at |= {"begin": single, "end": shown.until}
        oldest = min(filter(None, database.execute(_OLDEST).fetchone()), default=None)
        (ahead,) = database.execute(_AHEAD, at).fetchone()
        stored = Stored(
            (*old.sums, *starmap(_span_sum, database.execute(_SUMS, at))),
            (*old.spans, *_spans(database.execute(_OVER, at))),
            old.calls,
            _ended(ones, single),
            _marks(database.execute(_MARKS, at)),
            oldest,
            bool(ahead),
        )
        return Kept(stored, days, self._days.calls, _ended(ones, recent))

    def _one_by_one(self, database: "sqlite3.Connection", since: float, now: float) -> tuple[FinishedRequest, ...]:
        """From then on; only what may have come since the last time is asked for."""
        known, end = self._ones, now + AHEAD_S
        if not known.since <= since <= known.until <= now:
            known = _Ones(since, since)
        new = _finished(database.execute(_ONE_BY_ONE, (known.until, end)))
        first = min(since, max(known.since, now - KEPT_ONES_S))  # the longer window comes again, too
        rows = (*_ended(known.rows, first), *new)
        settled = max(since, known.until, now - SETTLED_S)
        self._ones = _Ones(first, settled, _ended(rows, first, settled))
        return _ended(rows, since)


def _days(
    database: "sqlite3.Connection",
    known: _Days,
    days: tuple[float, ...],
    recent: float,
    ones: tuple[FinishedRequest, ...],
) -> _Days:
    """What ended on each day, up to `recent`. Only what came since is added up, unless the file is no longer the one
    that was read: somebody wrote late, or pruned."""
    if known.days == days and known.until == recent:
        return known
    (longest,) = database.execute(_LONGEST).fetchone()
    marks = {f"day{number}": day for number, day in enumerate(days)}
    where = " + ".join(f"(ended_at >= :{name})" for name in marks) + " - 1"

    def of(since: float) -> tuple[CallSum, ...]:
        return _sums(database, _Sums(since, recent, where, marks, day_of(days)), ones)

    if known.days == days and known.until < recent:
        calls = added(known.calls, of(known.until))
        if database.execute(_COUNT, (days[0], recent)).fetchone()[0] == sum(one.calls for one in calls):
            return _Days(days, recent, calls, longest)
    return _Days(days, recent, of(days[0]), longest)


class _Sums(Struct, frozen=True):
    """What ended from `since` to before `until`, by its place: `where` as SQL with its numbers, and the same as a
    function."""

    since: float
    until: float
    where: str
    numbers: dict[str, float]
    place: Callable[[float], int]


def _sums(database: "sqlite3.Connection", asked: _Sums, ones: tuple[FinishedRequest, ...]) -> tuple[CallSum, ...]:
    """`ones`, the newest, were read one by one already: SQLite adds up what ended before them."""
    read = ones[0].ended_at if ones else asked.until
    between = _ended(ones, asked.since, asked.until)
    numbers = {**asked.numbers, "begin": asked.since, "single": min(asked.until, read)}
    older = _call_sums(database.execute(_CALLS.format(place=asked.where), numbers))
    return added(older, call_sums(between, asked.place))


def _old(
    database: "sqlite3.Connection",
    shown: Frame,
    single: float,
    at: dict[str, float],
    ones: tuple[FinishedRequest, ...],
) -> _Old:
    """What of a long window lies before `single`; nothing of a short one."""
    if shown.is_fine:
        return _Old((shown, single))
    part = {**at, "begin": shown.since, "end": single}
    where = "CAST((ended_at - :since) / :step AS INTEGER)"
    return _Old(
        (shown, single),
        tuple(starmap(_span_sum, database.execute(_SUMS, part))),
        _spans(database.execute(_OVER, part)),
        _sums(database, _Sums(shown.since, single, where, part, shown.place), ones),
    )


def _ended(rows: tuple[FinishedRequest, ...], since: float, until: float = inf) -> tuple[FinishedRequest, ...]:
    """Those that ended from then to before then, of some in the order in which they ended."""
    return rows[bisect_left(rows, since, key=_end) : bisect_left(rows, until, key=_end)]


def _end(one: FinishedRequest) -> float:
    return one.ended_at


def _span_sum(place: int, watched_s: float, *others: Any) -> SpanSum:
    *more, held, running, waiting = others
    return SpanSum(place, watched_s, *more, held, bool(running), bool(waiting))  # type: ignore[call-arg]


def _spans(rows: Iterable[tuple[Any, ...]]) -> tuple[Stretch, ...]:
    """What no version of this app writes is left out, as in read()."""
    return tuple(
        Stretch(at, until, _LEVELS[level], _PRESSURES[pressure], *others, bool(running), bool(waiting))  # type: ignore[call-arg]
        for at, until, level, pressure, *others, running, waiting in rows
        if level in _LEVELS and pressure in _PRESSURES
    )


def _finished(rows: Iterable[tuple[Any, ...]]) -> tuple[FinishedRequest, ...]:
    known = _KINDS.get
    return tuple(
        [  # a list is made faster than a tuple of a generator, and an hour may have ten thousand
            FinishedRequest(model, found, "", task, began, ended, first, busy, held, served == 1, broken_off)
            for model, kind, task, began, ended, first, busy, held, served, broken_off in rows
            if (found := known(kind)) is not None
        ]
    )


def _call_sums(rows: Iterable[tuple[Any, ...]]) -> tuple[CallSum, ...]:
    return tuple(CallSum(place, _KINDS[kind], *others) for place, kind, *others in rows if kind in _KINDS)


def _marks(rows: Iterable[tuple[Any, ...]]) -> tuple[Mark, ...]:
    return tuple(Mark(at, _MARK_KINDS[kind], *others) for at, kind, *others in rows if kind in _MARK_KINDS)
