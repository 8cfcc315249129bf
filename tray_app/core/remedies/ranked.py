"""What helps here, best first: each remedy with its exact plan, a reason and a predicted effect."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.fit.candidates import CANDIDATES, Candidate
from tray_app.core.remedies.advice import advice, last_resorts, spills_alone
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.models import hosted_remedies, kept_private, model_remedies, same_as_chat
from tray_app.core.remedies.switches import all_off, autocomplete_hurts, no_thinking, running_tasks, switches_off
from tray_app.core.values.finding import Diagnosis, ModelSpills, ModelThrash, PromptCacheGrowth
from tray_app.core.values.fit import Basis, Verdict
from tray_app.core.values.remedy import (
    AdviceKind,
    HostedModel,
    Remedy,
    Strategy,
    StrategyKind,
    StrategyReason,
    UseModel,
)
from tray_app.core.values.task_settings import Setting


def remedies(facts: Facts, diagnosis: Diagnosis, candidates: tuple[Candidate, ...] = CANDIDATES) -> tuple[Remedy, ...]:
    """Best first. Nothing that cannot be undone comes first, and nothing that evicts the chat model comes at all."""
    here = Case(facts, diagnosis)
    ordered = _ordered(here, candidates)
    if ordered and not ordered[0].undoable:
        return ()
    return tuple(ordered)


def _ordered(here: Case, candidates: tuple[Candidate, ...]) -> list[Remedy]:
    advised = advice(here)
    urgent = {AdviceKind.CONTEXT_LENGTH} if spills_alone(here) is not None else set()
    if here.found(PromptCacheGrowth) and not here.tasks_hurt:
        urgent.add(AdviceKind.CACHE_RAM)
    first = [remedy for remedy in advised if remedy.kind in urgent]
    rest = [remedy for remedy in advised if remedy not in first]
    helps = here.tasks_hurt or (here.found(ModelSpills) is not None and not here.blames_program)
    tasks = _for_tasks(here, candidates) if helps else []
    return [*first, *tasks, *rest, *last_resorts(here)]


def _for_tasks(here: Case, candidates: tuple[Candidate, ...]) -> list[Remedy]:
    models, off = model_remedies(here, candidates), switches_off(here)
    fitting = [one for one in models if one.fit is not None and one.fit.verdict is Verdict.FITS]
    others = [one for one in models if one not in fitting]
    ready = [one for one in fitting if one.download is None]
    pulls = [one for one in fitting if one.download is not None]
    first, later = (ready, pulls) if ready else (pulls, ready)
    typing = [one for one in off if one.task is Setting.AUTOCOMPLETE and autocomplete_hurts(here)]
    follow = [one for one in off if one.task is Setting.FOLLOW_UPS]
    quiet = no_thinking(here)
    left = [one for one in off if one not in typing and one not in follow]
    back = same_as_chat(here)
    thrashes = here.found(ModelThrash) is not None
    return [
        *([back] if back is not None and thrashes else []),
        *typing,
        *first,
        *([back] if back is not None and not thrashes else []),
        *follow,
        *([quiet] if quiet is not None else []),
        *later,
        *others,
        *hosted_remedies(here),
        *left,
        *all_off(here),
    ]


def strategies(
    facts: Facts, diagnosis: Diagnosis, candidates: tuple[Candidate, ...] = CANDIDATES
) -> tuple[Strategy, ...]:
    """The three answers in the order of the documentation; exactly one suits, unless nothing hurts or is known."""
    here = Case(facts, diagnosis)
    offered = _ordered(here, candidates)
    small = next((one for one in offered if isinstance(one, UseModel)), None)
    hosted = next((one for one in offered if isinstance(one, HostedModel)), None)
    fewer = any(one.strategy is StrategyKind.FEWER_TASKS for one in offered)
    fits = small is not None and small.fit is not None and small.fit.verdict is Verdict.FITS
    others = StrategyReason.SMALL_MODEL_IS_BETTER if fits else StrategyReason.NOTHING_FITS
    return (
        Strategy(StrategyKind.SMALL_MODEL, fits, *_small_reason(small, here, candidates)),
        Strategy(
            StrategyKind.HOSTED_MODEL,
            not fits and not fewer and hosted is not None,
            StrategyReason.LISTED_ALREADY if hosted else StrategyReason.NONE_LISTED,
            hosted.subject if hosted else "",
        ),
        Strategy(
            StrategyKind.FEWER_TASKS, not fits and fewer, others if fewer else StrategyReason.NOTHING_TO_SWITCH_OFF
        ),
    )


_TIGHT = {
    Basis.PRESSURE: StrategyReason.PRESSURE,
    Basis.LOADED: StrategyReason.PRESSURE,
    Basis.AVAILABLE: StrategyReason.LITTLE_AVAILABLE,
    Basis.BUDGET: StrategyReason.BUDGET_NEARLY_FULL,
}


def _small_reason(small: UseModel | None, here: Case, candidates: tuple[Candidate, ...]) -> tuple[StrategyReason, str]:
    """The reason by which it was decided, and the model it is about."""
    if small is None or small.fit is None:
        return _why_none(here, candidates)
    if small.fit.verdict is Verdict.FITS:
        return StrategyReason.FITS_BESIDE, small.subject
    tight = small.fit.verdict is Verdict.TIGHT
    unknown = StrategyReason.FIT_UNKNOWN
    return _TIGHT.get(small.fit.basis, unknown) if tight else unknown, small.subject


def _why_none(here: Case, candidates: tuple[Candidate, ...]) -> tuple[StrategyReason, str]:
    if here.facts.settings is None:
        return StrategyReason.SETTINGS_UNKNOWN, ""
    if here.facts.chat_model is None:
        return StrategyReason.NO_CHAT_MODEL, ""
    if not running_tasks(here):
        return StrategyReason.NO_TASK_IS_ON, ""
    private, new = kept_private(here, candidates)
    if private is not None:
        return StrategyReason.FITS_BUT_PRIVATE, private.name
    return (StrategyReason.WOULD_BE_PRIVATE, new.name) if new is not None else (StrategyReason.NO_SMALL_MODEL_FITS, "")
