"""What a change brought: the same length of time before it and after it, from the history. Pure, and never a guess.

A figure is compared only where both sides know it from enough answers; else it is told why not.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from statistics import median

from msgspec import Struct

from tray_app.core.report.history import Past, Stretch
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure

ENOUGH_ANSWERS = 5
LONGEST_S = 86_400.0
"""A day: what was before that was another life of the machine."""
UNTOLD_SHARE = 0.1
"""Where more of the requests than this cannot be told apart, calls per answer are no figure."""
_MARKS = frozenset({Event.APPLIED, Event.UNDONE})
_PRESSED = (Pressure.WARNING, Pressure.CRITICAL)


class Side(Struct, frozen=True):
    """One side of a change, Unix seconds and seconds. None: not known on this side."""

    since: float
    until: float
    watched_s: float
    """How much of it somebody looked."""
    answers: int
    first_tokens: int
    """Of how many answers it is known when their first word came."""
    first_token_s: float | None
    """The median from the arrival of a message to its first word."""
    untold: int
    """Requests of which nobody knows whether they were chats or tasks."""
    task_calls: int
    task_s: float
    longest_wait_s: float | None
    pressed_s: float
    swap_out_bytes: float

    @property
    def missing(self) -> int:
        """Answers until it may be compared."""
        return max(0, ENOUGH_ANSWERS - self.answers)

    @property
    def is_told_apart(self) -> bool:
        return self.untold <= UNTOLD_SHARE * (self.answers + self.task_calls + self.untold)

    @property
    def calls_per_answer(self) -> float | None:
        return self.task_calls / self.answers if self.answers and self.is_told_apart else None

    @property
    def task_s_per_answer(self) -> float | None:
        return self.task_s / self.answers if self.answers and self.is_told_apart else None


class Figure(StrEnum):
    """What is compared. Values are stable: they appear in the JSON output."""

    FIRST_WORD = "first_token_s"
    CALLS = "calls_per_answer"
    TASK_SECONDS = "task_s_per_answer"
    LONGEST_WAIT = "longest_wait_s"
    PRESSED = "pressed_share"
    SWAPPED = "swap_out_bytes"


class NotCompared(StrEnum):
    """Why a figure has no two sides. Values are stable: they appear in the JSON output."""

    TOO_FEW = "too-few-answers"
    NOT_TIMED = "first-words-not-timed"  # only the relay of chat first sees them
    NOT_TOLD_APART = "requests-not-told-apart"
    NOT_SEEN = "not-seen"


class Comparison(Struct, frozen=True):
    """One figure on both sides, or why there are not two."""

    figure: Figure
    before: float | None
    after: float | None
    why_not: NotCompared | None = None


class Receipt(Struct, frozen=True):
    """A change and both sides of it."""

    change_id: str
    at: float
    changes: tuple[Change, ...]
    before: Side
    after: Side

    @property
    def missing(self) -> int:
        """Answers after the change until it may be compared."""
        return self.after.missing

    @property
    def is_settled(self) -> bool:
        """Enough answers on both sides."""
        return not (self.before.missing or self.after.missing)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        return tuple(_compared(figure, self.before, self.after) for figure in Figure)


def receipt(lines: Sequence[Record], change: Record, past: Past, now: float) -> Receipt:
    """`lines`: the journal's, one by one, which tell when anything else was changed; `change`: one of their changes."""
    mine = [one.at for one in lines if one.id == change.id and one.event is Event.APPLIED]
    at = mine[0] if mine else change.at
    marks = sorted(one.at for one in lines if one.event in _MARKS and one.at != at)
    end = min([now, at + LONGEST_S, *(mark for mark in marks if mark > at)])
    begin = max([at - max(0.0, end - at), *(mark for mark in marks if mark < at)])
    return Receipt(change.id, at, change.changes, _side(begin, at, past), _side(at, max(at, end), past))


def _side(since: float, until: float, past: Past) -> Side:
    """What lies wholly in it; a span counts for the part that does."""
    inside = [one for one in past.finished if one.began_at >= since and one.ended_at <= until]
    answers = [one for one in inside if one.kind is RequestKind.CHAT and one.served]
    tasks = [one for one in inside if one.kind is RequestKind.TASK]
    firsts = [one.first_token_at - one.began_at for one in answers if one.first_token_at is not None]
    waits = [one.longest_wait_s for one in past.spans if since <= one.at < until and one.longest_wait_s is not None]
    parts = [(one, _overlap_s(one, since, until)) for one in past.spans]
    return Side(
        since=since,
        until=until,
        watched_s=sum(part for _, part in parts),
        answers=len(answers),
        first_tokens=len(firsts),
        first_token_s=median(firsts) if firsts else None,
        untold=sum(one.kind is RequestKind.UNKNOWN for one in inside),
        task_calls=len(tasks),
        task_s=sum(one.busy_s for one in tasks),
        longest_wait_s=_longest(waits, inside, parts),
        pressed_s=sum(part for one, part in parts if one.pressure in _PRESSED),
        swap_out_bytes=sum(one.swap_out_bytes * _share(one, part) for one, part in parts),
    )


def _overlap_s(one: Stretch, since: float, until: float) -> float:
    return max(0.0, min(one.until, until) - max(one.at, since))


def _share(one: Stretch, part: float) -> float:
    return part / (one.until - one.at) if one.until > one.at else 0.0


def _longest(
    seen: Iterable[float], inside: Iterable[FinishedRequest], parts: Iterable[tuple[Stretch, float]]
) -> float | None:
    """As it was seen, or as the relay tells of each call; nothing waited where somebody looked and saw none."""
    waits = [*seen, *(one.ended_at - one.began_at - one.busy_s - one.held_s for one in inside)]
    known = [wait for wait in waits if wait > 0]
    if known:
        return max(known)
    return 0.0 if any(part and one.waiting is not None for one, part in parts) else None


def _compared(figure: Figure, before: Side, after: Side) -> Comparison:
    values = _value(figure, before), _value(figure, after)
    return Comparison(figure, *values, why_not=_why_not(figure, before, after, *values))


def _value(figure: Figure, side: Side) -> float | None:
    match figure:
        case Figure.FIRST_WORD:
            return side.first_token_s
        case Figure.CALLS:
            return side.calls_per_answer
        case Figure.TASK_SECONDS:
            return side.task_s_per_answer
        case Figure.LONGEST_WAIT:
            return side.longest_wait_s
        case Figure.PRESSED:
            return side.pressed_s / side.watched_s if side.watched_s else None
        case Figure.SWAPPED:
            return side.swap_out_bytes if side.watched_s else None


def _why_not(figure: Figure, before: Side, after: Side, one: float | None, other: float | None) -> NotCompared | None:
    if before.missing or after.missing:
        return NotCompared.TOO_FEW
    if figure is Figure.FIRST_WORD and min(before.first_tokens, after.first_tokens) < ENOUGH_ANSWERS:
        return NotCompared.NOT_TIMED
    if figure in (Figure.CALLS, Figure.TASK_SECONDS) and not (before.is_told_apart and after.is_told_apart):
        return NotCompared.NOT_TOLD_APART
    return NotCompared.NOT_SEEN if one is None or other is None else None
