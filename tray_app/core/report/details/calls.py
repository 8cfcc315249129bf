"""What background tasks cost: calls and seconds of each kind, per message and per day, and of each model. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from tray_app.core.report.details.lanes import LaneKind, lane_of
from tray_app.core.report.details.stored import CallSum
from tray_app.core.values.requests import FinishedRequest, RequestKind


class CallShare(Struct, frozen=True):
    """Requests of one kind, or on one model, over the days that are told. None: nothing to divide by."""

    calls: int = 0
    busy_s: float = 0.0
    held_s: float = 0.0
    broken_off: int = 0
    by_day: tuple[int, ...] = ()
    """Calls on each of the days, oldest first."""
    busy_by_day: tuple[float, ...] = ()
    per_answer: float | None = None
    """Calls for each answer of a chat."""

    @property
    def each_s(self) -> float | None:
        return self.busy_s / self.calls if self.calls else None


class KindCalls(Struct, frozen=True):
    kind: LaneKind
    share: CallShare


class ModelCalls(Struct, frozen=True):
    """`model` None: it was not seen on which. `tasks`: calls of it that were background tasks."""

    model: str | None
    share: CallShare
    tasks: int


class CallsPicture(Struct, frozen=True):
    """`days`: where each local day began, oldest first; the last one is today and goes on."""

    days: tuple[float, ...]
    kinds: tuple[KindCalls, ...] = ()
    models: tuple[ModelCalls, ...] = ()
    answers: int = 0
    watched_days: int = 0
    """Days of which something is kept: the others say nothing."""

    @property
    def task_calls(self) -> int:
        return sum(one.share.calls for one in self.kinds if one.kind not in (LaneKind.CHAT, LaneKind.UNTOLD))

    @property
    def task_s(self) -> float:
        return sum(one.share.busy_s for one in self.kinds if one.kind not in (LaneKind.CHAT, LaneKind.UNTOLD))


def call_sums(ended: Sequence[FinishedRequest], place: Callable[[float], int]) -> tuple[CallSum, ...]:
    """As the file adds them up. `ended`: in the order in which they ended; `place` of an end never goes back. What lies
    before the first place is left out."""
    made: list[CallSum] = []
    first = bisect_left(ended, 0, key=lambda one: place(one.ended_at))
    while first < len(ended):
        here = place(ended[first].ended_at)
        after = bisect_right(ended, here, first, key=lambda one: place(one.ended_at))
        made += _sums_at(here, ended[first:after])
        first = after
    return tuple(made)


def _sums_at(place: int, ended: Iterable[FinishedRequest]) -> Iterator[CallSum]:
    found: dict[tuple[RequestKind, str | None, str | None], list[FinishedRequest]] = {}
    for one in ended:
        key = one.kind, one.task, one.model
        if key in found:
            found[key].append(one)
        else:
            found[key] = [one]
    for key, alike in found.items():
        yield CallSum(  # of lists: an hour may have ten thousand
            place,
            *key,
            len(alike),
            sum([one.served for one in alike]),
            sum([one.busy_s for one in alike]),
            sum([one.held_s for one in alike]),
            sum([one.broken_off for one in alike]),
        )


def added(known: Iterable[CallSum], more: Iterable[CallSum]) -> tuple[CallSum, ...]:
    """Both together, each place and kind of request once."""
    found = {(one.place, one.kind, one.task, one.model): one for one in known}
    for one in more:
        key = one.place, one.kind, one.task, one.model
        before = found.get(key)
        if before is not None:
            whole, served = before.calls + one.calls, before.served + one.served
            busy, held = before.busy_s + one.busy_s, before.held_s + one.held_s
            found[key] = CallSum(*key, whole, served, busy, held, before.broken_off + one.broken_off)
        else:
            found[key] = one
    return tuple(found.values())


def day_of(days: Sequence[float]) -> Callable[[float], int]:
    """The place of a moment among days that begin then; below 0 before the first."""
    return lambda at: bisect_right(days, at) - 1


def calls(days: tuple[float, ...], sums: Sequence[CallSum], oldest: float | None) -> CallsPicture:
    """`oldest`: the begin of the oldest that is kept."""
    answers = sum(one.served for one in sums if one.kind is RequestKind.CHAT)
    kinds = [(kind, [one for one in sums if lane_of(one.kind, one.task) is kind]) for kind in LaneKind]
    names = sorted({one.model for one in sums}, key=lambda name: (name is None, name or ""))
    models = [(name, [one for one in sums if one.model == name]) for name in names]
    made = [
        ModelCalls(name, _share(here, len(days), None), sum(one.calls for one in here if one.kind is RequestKind.TASK))
        for name, here in models
    ]
    made.sort(key=lambda one: -one.share.busy_s)
    ends = (*days[1:], float("inf"))
    watched = sum(oldest is not None and oldest < end for end in ends)
    return CallsPicture(
        days,
        tuple(KindCalls(kind, _share(here, len(days), answers)) for kind, here in kinds if here),
        tuple(made),
        answers,
        watched,
    )


def _share(here: Sequence[CallSum], days: int, answers: int | None) -> CallShare:
    by_day, busy = [0] * days, [0.0] * days
    for one in here:
        if 0 <= one.place < days:
            by_day[one.place] += one.calls
            busy[one.place] += one.busy_s
    count = sum(one.calls for one in here)
    is_chat = bool(here) and here[0].kind is RequestKind.CHAT
    return CallShare(
        calls=count,
        busy_s=sum(one.busy_s for one in here),
        held_s=sum(one.held_s for one in here),
        broken_off=sum(one.broken_off for one in here),
        by_day=tuple(by_day),
        busy_by_day=tuple(busy),
        per_answer=count / answers if answers and not is_chat else None,
    )
