"""Which way suits this machine: the answers to the problem side by side, all from the facts of one poll."""

from tray_app.core.remedies.case import Case
from tray_app.core.remedies.chat_first import chat_first, why_not
from tray_app.core.remedies.hosted import why_none
from tray_app.core.remedies.models import (
    in_use,
    is_small_for,
    kept_private,
    lists_chosen_only,
    thinks_on,
    thought_of,
)
from tray_app.core.remedies.ranked import for_tasks, tasks_matter
from tray_app.core.remedies.strategy import Strategy, StrategyReason
from tray_app.core.remedies.switches import calls, running_tasks
from tray_app.core.report.work import TaskWork
from tray_app.core.tasks.cost import price_range
from tray_app.core.values.fit import Basis, Fit, Verdict
from tray_app.core.values.remedy import AllTasksOff, HostedModel, Remedy, StrategyKind, SwitchOff, UseModel
from tray_app.core.values.task_settings import Setting

Why = tuple[StrategyReason, str]


def strategies(here: Case, work: TaskWork | None = None) -> tuple[Strategy, ...]:
    """The three answers in the order of the documentation, then chat first; exactly one suits, unless nothing hurts or
    is known. `work`: how long tasks took, where the history tells.

    Their reasons are those of this machine, also where no task does harm and none of them is offered.
    """
    offered, matter = for_tasks(here), tasks_matter(here)
    small = next((one for one in offered if isinstance(one, UseModel)), None)
    hosted = next((one for one in offered if isinstance(one, HostedModel)), None)
    fewer = next((one for one in offered if one.strategy is StrategyKind.FEWER_TASKS), None)
    relay = chat_first(here)
    fits = small is not None and small.fit is not None and small.fit.verdict is Verdict.FITS
    best = _suiting(small if fits else None, relay, fewer, hosted) if matter else StrategyKind.NONE
    before = work.chat_model_s if work is not None else None
    return (
        _moved(StrategyKind.SMALL_MODEL, small, best, _small_reason(small, here), here, work),
        _moved(StrategyKind.HOSTED_MODEL, hosted, best, _hosted_reason(hosted, here), here, work),
        Strategy(
            StrategyKind.FEWER_TASKS,
            best is StrategyKind.FEWER_TASKS,
            _fewer_reason(fewer, here, fits=fits, relay=relay is not None),
            remedy=fewer,
            calls=_calls_of(fewer),
            seconds_before=before,
            seconds_after=_left(fewer, work),
            usd=0.0,
            lost=_lost(fewer),
        ),
        Strategy(
            StrategyKind.CHAT_FIRST,
            best is StrategyKind.CHAT_FIRST,
            StrategyReason.TASKS_CAN_WAIT if relay is not None else why_not(here),
            remedy=relay,
            calls=_pair(*calls(running_tasks(here))) if relay is not None else None,
            seconds_before=before,
            seconds_after=0.0 if relay is not None else None,
            usd=0.0,
        ),
    )


def _suiting(*ranked: Remedy | None) -> StrategyKind:
    """Of the first that is there."""
    return next((one.strategy for one in ranked if one is not None), StrategyKind.NONE)


def _moved(
    kind: StrategyKind,
    remedy: UseModel | HostedModel | None,
    best: StrategyKind,
    why: Why,
    here: Case,
    work: TaskWork | None,
) -> Strategy:
    """Tasks on another model: none stands before a chat any more."""
    before = work.chat_model_s if work is not None else None
    there = work.on(remedy.model) if work is not None and remedy is not None else None
    usd = _price(remedy, here) if isinstance(remedy, HostedModel) else 0.0 if kind is StrategyKind.SMALL_MODEL else None
    return Strategy(
        kind,
        best is kind,
        *why,
        remedy=remedy,
        calls=_calls_of(remedy),
        seconds_before=before,
        seconds_after=0.0 if remedy is not None else None,
        seconds_there=there,
        usd=usd,
    )


def _price(remedy: HostedModel, here: Case) -> float | None:
    """At most, for every message may be the first of a chat; None where the endpoint tells no prices."""
    entry = next((one for one in here.facts.listed or () if one.id == remedy.model), None)
    found = price_range(entry.served.price, running_tasks(here)) if entry is not None else None
    return None if found is None else found.most_usd


def _calls_of(remedy: Remedy | None) -> tuple[float, float] | None:
    return _pair(remedy.effect.calls_per_message, remedy.effect.calls_per_chat) if remedy is not None else None


def _pair(later: float | None, first: float | None) -> tuple[float, float] | None:
    return None if later is None or first is None else (later, first)


def _lost(remedy: Remedy | None) -> tuple[Setting, ...]:
    match remedy:
        case SwitchOff(task=task):
            return (task,)
        case AllTasksOff(plan=plan):
            return tuple(change.setting for change in plan.changes)
        case _:
            return ()


def _left(remedy: Remedy | None, work: TaskWork | None) -> float | None:
    """Seconds of task work that stay; None where the history does not tell how long these tasks take."""
    if remedy is None or work is None:
        return None
    gone = [work.of(task) for task in _lost(remedy)]
    known = [one for one in gone if one is not None]
    return max(0.0, work.chat_model_s - sum(known)) if len(known) == len(gone) else None


_TIGHT = {
    Basis.PRESSURE: StrategyReason.PRESSURE,
    Basis.LOADED: StrategyReason.PRESSURE,
    Basis.AVAILABLE: StrategyReason.LITTLE_AVAILABLE,
    Basis.BUDGET: StrategyReason.BUDGET_NEARLY_FULL,
}


def _small_reason(small: UseModel | None, here: Case) -> Why:
    """The reason by which it was decided, and the model it is about."""
    if small is None or small.fit is None:
        return _why_none(here)
    return _by_fit(small.fit), small.subject


def _by_fit(fit: Fit) -> StrategyReason:
    """Of a model that could be used."""
    if fit.verdict is Verdict.TIGHT:
        return _TIGHT[fit.basis]
    return StrategyReason.FITS_BESIDE if fit.verdict is Verdict.FITS else StrategyReason.FIT_UNKNOWN


def _why_none(here: Case) -> Why:
    if here.facts.settings is None:
        return StrategyReason.SETTINGS_UNKNOWN, ""
    if here.facts.chat_model is None:
        return StrategyReason.NO_CHAT_MODEL, ""
    if not running_tasks(here):
        return StrategyReason.NO_TASK_IS_ON, ""
    used = in_use(here)
    return (StrategyReason.IN_USE, used) if used else _why_no_model(here)


def _why_no_model(here: Case) -> Why:
    private, new = kept_private(here)
    if private is not None:
        return StrategyReason.FITS_BUT_PRIVATE, private.name
    if new is not None:
        return StrategyReason.WOULD_BE_PRIVATE, new.name
    offers = thought_of(here)
    if not offers:
        return _why_none_to_try(here)
    usable = [one for one in offers if not one.fit.verdict.is_bad]
    thinker = next((one for one in usable if thinks_on(one, here) and one.fit.verdict is Verdict.FITS), None)
    if thinker is not None:
        return StrategyReason.FITS_BUT_THINKS, thinker.name
    if usable:
        return _by_fit(usable[0].fit), usable[0].name
    held = any(one.fit.basis is Basis.MAX_LOADED for one in offers)
    return (StrategyReason.ONE_AT_A_TIME if held else StrategyReason.NO_SMALL_MODEL_FITS), ""


def _why_none_to_try(here: Case) -> Why:
    if here.candidates and not any(is_small_for(one.download_bytes, here) for one in here.candidates):
        return StrategyReason.CHAT_MODEL_IS_SMALL, ""
    if here.facts.listed is None:
        return StrategyReason.MODELS_UNKNOWN, ""
    return (StrategyReason.NEW_ARE_NOT_LISTED if lists_chosen_only(here) else StrategyReason.NONE_TO_TRY), ""


def _hosted_reason(hosted: HostedModel | None, here: Case) -> Why:
    if hosted is not None:
        return StrategyReason.LISTED_ALREADY, hosted.subject
    if here.facts.settings is None:
        return StrategyReason.SETTINGS_UNKNOWN, ""
    return why_none(here) if running_tasks(here) else (StrategyReason.NO_TASK_IS_ON, "")


def _fewer_reason(fewer: Remedy | None, here: Case, *, fits: bool, relay: bool) -> StrategyReason:
    if fewer is None:
        unknown = here.facts.settings is None
        return StrategyReason.SETTINGS_UNKNOWN if unknown else StrategyReason.NOTHING_TO_SWITCH_OFF
    if fits:
        return StrategyReason.SMALL_MODEL_IS_BETTER
    return StrategyReason.CHAT_FIRST_IS_BETTER if relay else StrategyReason.NOTHING_FITS
