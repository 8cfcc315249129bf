"""What background tasks cost: calls and seconds of each kind, per message and per day, and of each model. Pure."""

from collections.abc import Iterable, Sequence

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


def day_sums(days: Sequence[float], finished: Iterable[FinishedRequest]) -> tuple[CallSum, ...]:
    """As the file adds them up: `place` is the day on which they ended; what is older is left out."""
    found: dict[tuple[int, RequestKind, str | None, str | None], list[float]] = {}
    for one in finished:
        place = sum(one.ended_at >= day for day in days) - 1
        if place < 0:
            continue
        sums = found.setdefault((place, one.kind, one.task, one.model), [0, 0, 0.0, 0.0, 0.0, 0])
        length = one.ended_at - one.began_at
        sums[:] = [
            sums[0] + 1,
            sums[1] + one.served,
            sums[2] + one.busy_s,
            sums[3] + one.held_s,
            max(sums[4], length),
            sums[5] + one.broken_off,
        ]
    return tuple(
        CallSum(*key, int(a), int(b), c, d, e, int(f)) for key, (a, b, c, d, e, f) in sorted(found.items(), key=str)
    )


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
