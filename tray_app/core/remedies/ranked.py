"""What helps here, best first: each remedy with its exact plan, a reason and a predicted effect."""

from tray_app.core.remedies.advice import advice, ends, last_resorts, spills_alone
from tray_app.core.remedies.case import Case, once
from tray_app.core.remedies.chat_first import chat_first
from tray_app.core.remedies.hosted import hosted_remedies
from tray_app.core.remedies.models import (
    model_remedies,
    same_as_chat,
)
from tray_app.core.remedies.switches import all_off, autocomplete_hurts, no_thinking, switches_off
from tray_app.core.values.finding import ModelSpills, ModelThrash, PromptCacheGrowth
from tray_app.core.values.fit import Verdict
from tray_app.core.values.remedy import (
    AdviceKind,
    Remedy,
)
from tray_app.core.values.task_settings import Setting


def remedies(here: Case) -> tuple[Remedy, ...]:
    """Best first. Nothing that ends an answer or unloads a model comes first, and nothing that evicts the chat model
    comes at all."""
    ordered = _ordered(here)
    left = ends(here)
    if ordered and not ordered[0].undoable:
        return tuple(left)
    return (*left, *ordered) if here.blames_program else (*ordered, *left)


def _ordered(here: Case) -> list[Remedy]:
    advised = advice(here)
    urgent = {AdviceKind.CONTEXT_LENGTH} if spills_alone(here) is not None else set()
    if here.found(PromptCacheGrowth) and not here.tasks_hurt:
        urgent.add(AdviceKind.CACHE_RAM)
    first = [remedy for remedy in advised if remedy.kind in urgent]
    rest = [remedy for remedy in advised if remedy not in first]
    tasks = for_tasks(here) if tasks_matter(here) else ()
    return [*first, *tasks, *rest, *last_resorts(here)]


def tasks_matter(here: Case) -> bool:
    return here.tasks_hurt or (here.found(ModelSpills) is not None and not here.blames_program)


@once
def for_tasks(here: Case) -> tuple[Remedy, ...]:
    """What relieves the chat model of tasks, best first, whether or not that is needed."""
    models, off = model_remedies(here), switches_off(here)
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
    relay = chat_first(here)
    return (
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
    )
