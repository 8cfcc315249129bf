"""What helps here, best first: each remedy with its exact plan, a reason and a predicted effect."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.fit.candidates import CANDIDATES, Candidate
from tray_app.core.remedies.advice import advice, ends, last_resorts, spills_alone
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.chat_first import chat_first
from tray_app.core.remedies.hosted import hosted_remedies, why_none
from tray_app.core.remedies.models import (
    in_use,
    is_small_for,
    kept_private,
    lists_chosen_only,
    model_remedies,
    same_as_chat,
    thinks_on,
    thought_of,
)
from tray_app.core.remedies.switches import all_off, autocomplete_hurts, no_thinking, running_tasks, switches_off
from tray_app.core.values.finding import Diagnosis, ModelSpills, ModelThrash, PromptCacheGrowth
from tray_app.core.values.fit import Basis, Fit, Verdict
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


def remedies(
    facts: Facts,
    diagnosis: Diagnosis,
    candidates: tuple[Candidate, ...] = CANDIDATES,
    relay_port: int | None = None,
) -> tuple[Remedy, ...]:
    """Best first. Nothing that ends an answer or unloads a model comes first, and nothing that evicts the chat model
    comes at all. `relay_port`: where our relay stands; None where none can be started."""
    here = Case(facts, diagnosis)
    ordered = _ordered(here, candidates, relay_port)
    left = ends(here)
    if ordered and not ordered[0].undoable:
        return tuple(left)
    return (*left, *ordered) if here.blames_program else (*ordered, *left)


def _ordered(here: Case, candidates: tuple[Candidate, ...], relay_port: int | None) -> list[Remedy]:
    advised = advice(here)
    urgent = {AdviceKind.CONTEXT_LENGTH} if spills_alone(here) is not None else set()
    if here.found(PromptCacheGrowth) and not here.tasks_hurt:
        urgent.add(AdviceKind.CACHE_RAM)
    first = [remedy for remedy in advised if remedy.kind in urgent]
    rest = [remedy for remedy in advised if remedy not in first]
    tasks = _for_tasks(here, candidates, relay_port) if _tasks_matter(here) else []
    return [*first, *tasks, *rest, *last_resorts(here)]


def _tasks_matter(here: Case) -> bool:
    return here.tasks_hurt or (here.found(ModelSpills) is not None and not here.blames_program)


def _for_tasks(here: Case, candidates: tuple[Candidate, ...], relay_port: int | None = None) -> list[Remedy]:
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
    relay = chat_first(here, relay_port) if relay_port is not None else None
    return [
        *([back] if back is not None and thrashes else []),
        *([relay] if relay is not None and not fitting else []),
        *typing,
        *first,
        *([back] if back is not None and not thrashes else []),
        *follow,
        *([quiet] if quiet is not None else []),
        *([relay] if relay is not None and fitting else []),
        *later,
        *others,
        *hosted_remedies(here),
        *left,
        *all_off(here),
    ]


def strategies(
    facts: Facts, diagnosis: Diagnosis, candidates: tuple[Candidate, ...] = CANDIDATES
) -> tuple[Strategy, ...]:
    """The three answers in the order of the documentation; exactly one suits, unless nothing hurts or is known.

    Their reasons are those of this machine, also where no task does harm and none of them is offered.
    """
    here = Case(facts, diagnosis)
    offered, matter = _for_tasks(here, candidates), _tasks_matter(here)
    small = next((one for one in offered if isinstance(one, UseModel)), None)
    hosted = next((one for one in offered if isinstance(one, HostedModel)), None)
    fewer = any(one.strategy is StrategyKind.FEWER_TASKS for one in offered)
    fits = small is not None and small.fit is not None and small.fit.verdict is Verdict.FITS
    others = StrategyReason.SMALL_MODEL_IS_BETTER if fits else StrategyReason.NOTHING_FITS
    why_hosted = (StrategyReason.LISTED_ALREADY, hosted.subject) if hosted is not None else _why_not_hosted(here)
    suits_hosted = matter and not fits and not fewer and hosted is not None
    return (
        Strategy(StrategyKind.SMALL_MODEL, matter and fits, *_small_reason(small, here, candidates)),
        Strategy(StrategyKind.HOSTED_MODEL, suits_hosted, *why_hosted),
        Strategy(StrategyKind.FEWER_TASKS, matter and not fits and fewer, others if fewer else _why_not_fewer(here)),
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
    return _by_fit(small.fit), small.subject


def _by_fit(fit: Fit) -> StrategyReason:
    """Of a model that could be used."""
    if fit.verdict is Verdict.TIGHT:
        return _TIGHT[fit.basis]
    return StrategyReason.FITS_BESIDE if fit.verdict is Verdict.FITS else StrategyReason.FIT_UNKNOWN


def _why_none(here: Case, candidates: tuple[Candidate, ...]) -> tuple[StrategyReason, str]:
    if here.facts.settings is None:
        return StrategyReason.SETTINGS_UNKNOWN, ""
    if here.facts.chat_model is None:
        return StrategyReason.NO_CHAT_MODEL, ""
    if not running_tasks(here):
        return StrategyReason.NO_TASK_IS_ON, ""
    used = in_use(here)
    return (StrategyReason.IN_USE, used) if used else _why_no_model(here, candidates)


def _why_no_model(here: Case, candidates: tuple[Candidate, ...]) -> tuple[StrategyReason, str]:
    private, new = kept_private(here, candidates)
    if private is not None:
        return StrategyReason.FITS_BUT_PRIVATE, private.name
    if new is not None:
        return StrategyReason.WOULD_BE_PRIVATE, new.name
    offers = thought_of(here, candidates)
    if not offers:
        return _why_none_to_try(here, candidates)
    usable = [one for one in offers if not one.fit.verdict.is_bad]
    thinker = next((one for one in usable if thinks_on(one, here) and one.fit.verdict is Verdict.FITS), None)
    if thinker is not None:
        return StrategyReason.FITS_BUT_THINKS, thinker.name
    if usable:
        return _by_fit(usable[0].fit), usable[0].name
    held = any(one.fit.basis is Basis.MAX_LOADED for one in offers)
    return (StrategyReason.ONE_AT_A_TIME if held else StrategyReason.NO_SMALL_MODEL_FITS), ""


def _why_none_to_try(here: Case, candidates: tuple[Candidate, ...]) -> tuple[StrategyReason, str]:
    if candidates and not any(is_small_for(one.download_bytes, here) for one in candidates):
        return StrategyReason.CHAT_MODEL_IS_SMALL, ""
    if here.facts.listed is None:
        return StrategyReason.MODELS_UNKNOWN, ""
    return (StrategyReason.NEW_ARE_NOT_LISTED if lists_chosen_only(here) else StrategyReason.NONE_TO_TRY), ""


def _why_not_hosted(here: Case) -> tuple[StrategyReason, str]:
    if here.facts.settings is None:
        return StrategyReason.SETTINGS_UNKNOWN, ""
    return why_none(here) if running_tasks(here) else (StrategyReason.NO_TASK_IS_ON, "")


def _why_not_fewer(here: Case) -> StrategyReason:
    return StrategyReason.SETTINGS_UNKNOWN if here.facts.settings is None else StrategyReason.NOTHING_TO_SWITCH_OFF
