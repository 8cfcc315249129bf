"""What automatic relief would have done: its own rules, played over the history.

The history does not keep which programs filled the memory, so a turn under memory pressure is only possible; and it
does not keep which fixes were offered, so the chosen one counts as offered.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from tray_app.core.remedies import relief
from tray_app.core.report.history import Past, Stretch
from tray_app.core.report.relief import PlayedRelief, Turn
from tray_app.core.values.finding import Diagnosis, Finding, Level, MemoryPressure, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.reading import Moment
from tray_app.core.values.remedy import ALL_TASKS_OFF, Reason, Remedy, switch_off_id, task_model_named
from tray_app.core.values.requests import RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.task_settings import TASKS, Setting

A_MOMENT_S = 0.001
"""Later than a time that is up: Unix seconds are no exact numbers."""
_PRESSED = (Pressure.WARNING, Pressure.CRITICAL)


class _Overload(Finding, frozen=True, kw_only=True):
    """Stands for whatever overloaded the machine then."""

    @property
    def subject(self) -> str:
        return ""


class _Chosen(Remedy, frozen=True, kw_only=True):
    """Stands for the chosen remedy, which needs nobody's consent."""

    name: str

    @property
    def id(self) -> str:
        return self.name


def played(past: Past, wish: relief.Wish, limits: Limits, since: float, now: float) -> PlayedRelief:
    """From `since` to `now`, as if it had been switched on all the time and had never been taken back by hand."""
    spans = tuple(_clipped(past.spans, since, now))
    made: list[tuple[float, float | None, bool]] = []
    state, end = relief.Relief(), since
    for span in spans:
        if span.at > end + A_MOMENT_S:  # nobody looked: the timers start anew, as after a sleep
            state = replace(state, since_s=None)
        end = max(end, span.until)
        state = _over(span, state, wish, limits, made, spans)
    turns = tuple(
        Turn(at, until, sure, *_calls(past, wish, at, now if until is None else until)) for at, until, sure in made
    )
    return PlayedRelief(since, now, sum(one.until - one.at for one in spans), turns)


def _clipped(spans: Iterable[Stretch], since: float, now: float) -> Iterable[Stretch]:
    inside = (replace(one, at=max(one.at, since), until=min(one.until, now)) for one in spans)
    return sorted((one for one in inside if one.at <= one.until), key=lambda one: one.at)


def _over(
    span: Stretch,
    state: relief.Relief,
    wish: relief.Wish,
    limits: Limits,
    made: list[tuple[float, float | None, bool]],
    spans: Sequence[Stretch],
) -> relief.Relief:
    """One span: looked at where it begins, and whenever a time of the rules is up in it."""
    at: float | None = span.at
    while at is not None:
        began = state.since_s
        state, order = relief.step(replace(state, last=None), wish, _situation(span, state, wish, at), limits)
        match order.act:
            case relief.Act.APPLY:
                made.append((at, None, _is_sure(spans, at if began is None else began, at)))
                state = relief.applied(state, str(len(made)))
            case relief.Act.TAKE_BACK:
                made[-1] = (made[-1][0], at, made[-1][2])
                state = relief.taken_back(state, Moment(at, at))
        at = _next(span, state, wish, limits, at)
    return state


def _situation(span: Stretch, state: relief.Relief, wish: relief.Wish, at: float) -> relief.Situation:
    remedy = _Chosen(
        name=wish.remedy_id,
        reason=Reason.EVERY_MESSAGE,
        plan=Plan((Change(Setting.FOLLOW_UPS, before=True, after=False),)),
    )
    open_change = True if state.memory.change_id else None
    return relief.Situation(_diagnosis(span), (remedy,), open_change, Moment(at, at))


def _diagnosis(span: Stretch) -> Diagnosis:
    """As far as the history tells of it."""
    if span.level is Level.OVERLOADED:
        return Diagnosis(Level.OVERLOADED, (_Overload(severity=Severity.OVERLOADED),))
    if span.pressure in _PRESSED:
        return Diagnosis(Level.OVERLOADED)  # no call for relief, and not calm: memory is short
    return Diagnosis(span.level, undecided=() if span.pressure is Pressure.NORMAL else (MemoryPressure,))


def _next(span: Stretch, state: relief.Relief, wish: relief.Wish, limits: Limits, at: float) -> float | None:
    """When something may happen next in this span; None where nothing does before it ends."""
    waits = []
    if state.since_s is not None:
        waits.append(state.since_s + (wish.clear_s if state.memory.change_id else limits.hold_s))
    if state.memory.at is not None and not state.memory.change_id:
        waits.append(state.memory.at + limits.cool_down_s)
    later = [one + A_MOMENT_S for one in waits if one + A_MOMENT_S > at]
    return min((one for one in later if one < span.until), default=None)


def _is_sure(spans: Iterable[Stretch], begin: float, end: float) -> bool:
    return all(one.pressure is Pressure.NORMAL for one in spans if one.at <= end and one.until > begin)


def _calls(past: Past, wish: relief.Wish, at: float, until: float) -> tuple[int, float]:
    """Calls that began in it."""
    tasks = {task.value for task in TASKS if switch_off_id(task) == wish.remedy_id}
    every = wish.remedy_id == ALL_TASKS_OFF or bool(task_model_named(wish.remedy_id))
    found = [
        one
        for one in past.finished
        if one.kind is RequestKind.TASK and at <= one.began_at < until and (every or one.task in tasks)
    ]
    return len(found), sum(one.busy_s for one in found)
