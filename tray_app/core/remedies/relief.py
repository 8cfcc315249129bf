"""Automatic relief: at overload it applies the remedy the user chose, and takes it back when all is calm again.

Off by default. Never twice within the cool-down, never again after the user undid it, never anything but task switches
and an installed task model that fits. What is in ReliefMemory survives a restart; the timers start anew.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.values.finding import CauseKind, Diagnosis, Finding, Level, MemoryPressure, Severity, TaskStorm
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Moment, is_gap
from tray_app.core.values.remedy import Consent, ReliefStage, Remedy


class ReliefMemory(Struct, frozen=True):
    """To be stored. `at`: Unix seconds of the last application. `change_id`: the applied change in the journal."""

    change_id: str = ""
    remedy_id: str = ""
    at: float | None = None
    blocked_remedy: str = ""
    """The user undid this one: it is not applied again until another is chosen or relief is switched on anew."""


class Wish(Struct, frozen=True):
    """The user's settings. `clear_s`: how long it must be calm before relief is taken back."""

    enabled: bool
    remedy_id: str
    clear_s: float


class Relief(Struct, frozen=True):
    """`since_s`: when the overload, or the calm after it, began to be seen, in monotonic seconds."""

    memory: ReliefMemory = ReliefMemory()
    since_s: float | None = None
    last: Moment | None = None


class Act(StrEnum):
    NOTHING = "nothing"
    APPLY = "apply"
    TAKE_BACK = "take-back"


class Order(Struct, frozen=True):
    """What to do now. After APPLY the caller answers with `applied` or `failed`, after TAKE_BACK with `taken_back`."""

    act: Act
    remedy: Remedy | None = None
    change_id: str = ""


NOTHING = Order(Act.NOTHING)


class Situation(Struct, frozen=True):
    """One poll. `change_open`: the journal still holds the relief's change as applied; None: not known now."""

    diagnosis: Diagnosis
    remedies: tuple[Remedy, ...]
    change_open: bool | None
    now: Moment


def step(relief: Relief, wish: Wish, seen: Situation, limits: Limits) -> tuple[Relief, Order]:
    """One poll: the new state, and at most one order."""
    since = relief.since_s
    if relief.last is not None and is_gap(relief.last, seen.now):
        since = None
    relief = replace(_heard(relief, wish, seen), last=seen.now, since_s=since)
    if relief.memory.change_id:
        return _take_back(relief, wish, seen)
    return _apply(relief, wish, seen, limits)


def _heard(relief: Relief, wish: Wish, seen: Situation) -> Relief:
    """What the user did meanwhile: undid the change, switched relief off, or chose another remedy."""
    memory = relief.memory
    if memory.change_id and seen.change_open is False:
        memory = replace(memory, change_id="", blocked_remedy=memory.remedy_id)
    if memory.blocked_remedy and (not wish.enabled or wish.remedy_id != memory.blocked_remedy):
        memory = replace(memory, blocked_remedy="")
    return replace(relief, memory=memory)


def _apply(relief: Relief, wish: Wish, seen: Situation, limits: Limits) -> tuple[Relief, Order]:
    chosen, stands = _chosen(wish, seen), stage(relief.memory, wish, seen, limits)
    if stands in (ReliefStage.OFF, ReliefStage.LEFT_TO_USER):
        return replace(relief, since_s=None), NOTHING
    if not _is_called_for(seen):
        return (relief if _is_blind(seen.diagnosis) else replace(relief, since_s=None)), NOTHING
    since = relief.since_s if relief.since_s is not None else seen.now.uptime_s
    relief = replace(relief, since_s=since)
    if chosen is None or stands is not ReliefStage.READY:
        return relief, NOTHING
    if seen.now.uptime_s - since < limits.hold_s:
        return relief, NOTHING
    # Counted from the attempt: one that fails is not tried at every poll.
    memory = replace(relief.memory, remedy_id=chosen.id, at=seen.now.taken_at)
    return replace(relief, memory=memory, since_s=None), Order(Act.APPLY, chosen)


def stage(memory: ReliefMemory, wish: Wish, seen: Situation, limits: Limits) -> ReliefStage:
    """Where it stands: what is told is what decides."""
    if memory.change_id:
        return ReliefStage.IN_FORCE
    if not wish.enabled or not wish.remedy_id:
        return ReliefStage.OFF
    if wish.remedy_id == memory.blocked_remedy:
        return ReliefStage.LEFT_TO_USER
    if _cools_down(memory, seen.now, limits):
        return ReliefStage.COOLS_DOWN
    return _stage_at_overload(_chosen(wish, seen)) if _is_called_for(seen) else ReliefStage.READY


def _stage_at_overload(chosen: Remedy | None) -> ReliefStage:
    if chosen is None:
        return ReliefStage.NOT_OFFERED
    return {Consent.NONE: ReliefStage.READY, Consent.NEVER: ReliefStage.NOT_ALLOWED}.get(chosen.needs, ReliefStage.ASKS)


def _chosen(wish: Wish, seen: Situation) -> Remedy | None:
    return next((one for one in seen.remedies if one.id == wish.remedy_id), None)


def _is_called_for(seen: Situation) -> bool:
    return any(_calls_for_relief(finding) for finding in seen.diagnosis.findings)


def _calls_for_relief(finding: Finding) -> bool:
    if finding.severity is not Severity.OVERLOADED:
        return False
    return not (isinstance(finding, MemoryPressure) and finding.cause is not CauseKind.MODEL)


def _cools_down(memory: ReliefMemory, now: Moment, limits: Limits) -> bool:
    if memory.at is None:
        return False
    # A clock that was set back must not lengthen the cool-down for ever.
    passed = now.taken_at - memory.at
    return 0 <= passed < limits.cool_down_s or -limits.cool_down_s < passed < 0


def _take_back(relief: Relief, wish: Wish, seen: Situation) -> tuple[Relief, Order]:
    """Also when relief was switched off meanwhile: what it changed it takes back."""
    if not _is_calm(seen.diagnosis):
        return replace(relief, since_s=None), NOTHING
    if _is_blind(seen.diagnosis) or seen.change_open is None:
        return relief, NOTHING
    since = relief.since_s if relief.since_s is not None else seen.now.uptime_s
    relief = replace(relief, since_s=since)
    if seen.now.uptime_s - since < wish.clear_s:
        return relief, NOTHING
    return relief, Order(Act.TAKE_BACK, change_id=relief.memory.change_id)


def _is_calm(diagnosis: Diagnosis) -> bool:
    """No overload, and memory is not short either: taking relief back adds load."""
    short = any(isinstance(finding, MemoryPressure) for finding in (*diagnosis.findings, *diagnosis.explained))
    return not short and diagnosis.level is not Level.OVERLOADED


def _is_blind(diagnosis: Diagnosis) -> bool:
    """A poll that could not judge says neither overload nor calm: the timers stand still."""
    return diagnosis.level is Level.UNKNOWN or bool({TaskStorm, MemoryPressure} & {*diagnosis.undecided})


def applied(relief: Relief, change_id: str) -> Relief:
    """The change was written; the calm after it is counted from the next poll."""
    return replace(relief, memory=replace(relief.memory, change_id=change_id), since_s=None)


def failed(relief: Relief) -> Relief:
    """Nothing was written. The cool-down runs, so that it is not tried at every poll."""
    return replace(relief, since_s=None)


def taken_back(relief: Relief, now: Moment) -> Relief:
    """The change is undone; the cool-down runs from here."""
    memory = replace(relief.memory, change_id="", at=now.taken_at)
    return replace(relief, memory=memory, since_s=None)
