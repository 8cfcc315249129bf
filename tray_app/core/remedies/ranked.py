"""What helps here, best first: each remedy with its exact plan, a reason and a predicted effect."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.fit.candidates import CANDIDATES, Candidate
from tray_app.core.remedies.advice import advice, last_resorts, spills_alone
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.models import HOSTED_MODEL, SMALL_MODEL, hosted_remedies, model_remedies
from tray_app.core.remedies.switches import FEWER_TASKS, autocomplete_hurts, no_thinking, task_remedies
from tray_app.core.values.finding import Diagnosis, ModelSpills, PromptCacheGrowth
from tray_app.core.values.fit import Verdict
from tray_app.core.values.remedy import Remedy, Strategy


def remedies(facts: Facts, diagnosis: Diagnosis, candidates: tuple[Candidate, ...] = CANDIDATES) -> tuple[Remedy, ...]:
    """Best first. Nothing that cannot be undone comes first, and nothing that evicts the chat model comes at all."""
    here = Case(facts, diagnosis)
    ordered = _ordered(here, candidates)
    if ordered and not ordered[0].undoable:
        return ()
    return tuple(ordered)


def _ordered(here: Case, candidates: tuple[Candidate, ...]) -> list[Remedy]:
    advised = advice(here)
    first = [remedy for remedy in advised if remedy.id == "context-length" and spills_alone(here) is not None]
    if here.found(PromptCacheGrowth) and not here.tasks_hurt:
        first = [*first, *(remedy for remedy in advised if remedy.id == "cache-ram")]
    rest = [remedy for remedy in advised if remedy not in first]
    helps = here.tasks_hurt or (here.found(ModelSpills) is not None and not here.blames_program)
    tasks = _for_tasks(here, candidates) if helps else []
    return [*first, *tasks, *rest, *last_resorts(here)]


def _for_tasks(here: Case, candidates: tuple[Candidate, ...]) -> list[Remedy]:
    models, off = model_remedies(here, candidates), task_remedies(here)
    fitting = [one for one in models if one.fit is not None and one.fit.verdict is Verdict.FITS]
    others = [one for one in models if one not in fitting]
    ready = [one for one in fitting if not one.plan.actions]
    pulls = [one for one in fitting if one.plan.actions]
    first, later = (ready, pulls) if ready else (pulls, ready)
    typing = [one for one in off if one.id == "autocomplete-off" and autocomplete_hurts(here)]
    follow = [one for one in off if one.id == "follow-ups-off"]
    quiet = no_thinking(here)
    left = [one for one in off if one not in typing and one not in follow]
    return [
        *typing,
        *first,
        *follow,
        *([quiet] if quiet is not None else []),
        *later,
        *others,
        *hosted_remedies(here),
        *left,
    ]


def strategies(
    facts: Facts, diagnosis: Diagnosis, candidates: tuple[Candidate, ...] = CANDIDATES
) -> tuple[Strategy, ...]:
    """The three answers in the order of the documentation; exactly one suits, unless nothing hurts or is known."""
    here = Case(facts, diagnosis)
    offered = _ordered(here, candidates)
    small = next((one for one in offered if one.strategy == SMALL_MODEL), None)
    hosted = next((one for one in offered if one.strategy == HOSTED_MODEL), None)
    fewer = next((one for one in offered if one.strategy == FEWER_TASKS), None)
    fits = small is not None and small.fit is not None and small.fit.verdict is Verdict.FITS
    return (
        Strategy(SMALL_MODEL, fits, _small_reason(small), small.id if small else "", small.subject if small else ""),
        Strategy(
            HOSTED_MODEL,
            not fits and fewer is None and hosted is not None,
            "listed-already" if hosted else "none-listed",
            hosted.id if hosted else "",
            hosted.subject if hosted else "",
        ),
        Strategy(
            FEWER_TASKS,
            not fits and fewer is not None,
            ("small-model-is-better" if fits else "nothing-fits") if fewer else "nothing-to-switch-off",
            fewer.id if fewer else "",
        ),
    )


def _small_reason(small: Remedy | None) -> str:
    if small is None or small.fit is None:
        return "no-small-model-fits"
    return {Verdict.FITS: "fits-beside", Verdict.TIGHT: small.fit.basis}.get(small.fit.verdict, "fit-unknown")
