"""Task calls crowd a big local model: the case this app exists for."""

from tray_app.core.diagnosis.facts import BigModel, Facts
from tray_app.core.values.finding import (
    AutocompleteOn,
    CauseKind,
    MemoryPressure,
    QueueBacklog,
    TasksBy,
    TasksOnBigModel,
    TaskStorm,
)

EXPLAINS = (QueueBacklog, MemoryPressure, TasksOnBigModel, AutocompleteOn)


def check(facts: Facts) -> tuple[TaskStorm, ...] | None:
    """A big model, tasks on it, requests that pile up, and something that hurts: all four, or nothing."""
    if facts.running is None or facts.big_models is None or facts.settling is not None:
        return None
    found = (_storm(one, facts) for one in facts.big_models)
    return tuple(finding for finding in found if finding is not None)


def _storm(big: BigModel, facts: Facts) -> TaskStorm | None:
    model = big.model
    traffic = facts.traffic(model.name)
    if traffic is None or not traffic.piles_up(facts.limits):
        return None
    tasks = facts.lands_on(model.name)
    if not (traffic.tasks or (tasks and facts.attribution.tasks_come(traffic))):
        return None
    spilled = facts.spilled_bytes(model)
    # An unseen cause may be another program: then only a model that fills half of the memory is blamed (cause_of).
    pressed = facts.is_pressed and facts.cause.kind is CauseKind.MODEL
    waits = facts.chat_waits(model.name, traffic)
    if not (pressed or spilled or waits):
        return None
    return TaskStorm(
        model=model.name,
        running=traffic.running,
        waiting=traffic.waiting,
        running_tasks=traffic.tasks or None,
        longest_wait_s=None if traffic.longest_wait_s is None else round(traffic.longest_wait_s, 1),
        model_bytes=model.size_bytes,
        budget_share=round(big.share * 100, 1),
        pressure=facts.pressure,
        tasks=tasks or (),
        tasks_by=TasksBy.SETTINGS if tasks else TasksBy.REQUESTS,
        chat_waits=waits,
        budget_bytes=big.budget_bytes,
        spilled_bytes=spilled or None,
    )
