"""Task calls crowd a big local model: the case this app exists for."""

from tray_app.core.diagnosis.facts import BigModel, Facts
from tray_app.core.diagnosis.traffic import Traffic, running_on
from tray_app.core.tasks.releases import AUTOCOMPLETE_BY_ACCOUNT
from tray_app.core.tasks.target import autocomplete_used, tasks_on
from tray_app.core.values.finding import (
    AutocompleteOn,
    CauseKind,
    MemoryPressure,
    QueueBacklog,
    TasksBy,
    TasksOnBigModel,
    TaskStorm,
)
from tray_app.core.values.requests import RequestKind
from tray_app.core.values.task_settings import Setting

BUSY_PERIOD_S = 600.0
"""How far back the beginning of a busy stretch is looked for."""
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
    if not _tasks_are_there(traffic, tasks, facts):
        return None
    spilled = facts.spilled_bytes(model)
    # An unseen cause may be another program: then only a model that fills half of the memory is blamed (cause_of).
    pressed = facts.is_pressed and facts.cause.kind is CauseKind.MODEL
    waits = _chat_waits(facts, model.name, traffic)
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


def _tasks_are_there(traffic: Traffic, by_settings: tuple[Setting, ...] | None, facts: Facts) -> bool:
    """As each request is told by name, else as the settings and whose they are make likely."""
    if traffic.waiting_tasks is not None:
        return bool(traffic.tasks or traffic.waiting_tasks)
    return bool(traffic.tasks or (by_settings and facts.attribution.tasks_come(traffic)))


def _chat_waits(facts: Facts, model: str, traffic: Traffic) -> bool:
    """Does a chat stand behind tasks? All that run are tasks, and what waits cannot all be tasks of its own.

    A chat's tasks come after its answer or beside its beginning (title, from 0.10 on), so while no chat ran since
    the model was last idle, what waits behind a task is the chat; unless it may be another tab's autocomplete.
    """
    if not traffic.tasks or traffic.tasks != traffic.running or not traffic.waiting:
        return False
    if traffic.waiting_chats is not None:
        return traffic.waiting_chats > 0
    if facts.busy_chats == 0 or _chat_ran(facts, model):
        return False
    return traffic.waiting > (0 if facts.busy_chats else _other_autocompletes(facts))


def _other_autocompletes(facts: Facts) -> int:
    """Waiting requests that may be typing in another tab: none where autocomplete is off or unused."""
    if facts.tasks is None:
        return 1
    by_account = facts.tasks.release >= AUTOCOMPLETE_BY_ACCOUNT
    used = autocomplete_used(facts.tasks) or by_account
    return 1 if used and Setting.AUTOCOMPLETE in tasks_on(facts.tasks) else 0


def _chat_ran(facts: Facts, model: str) -> bool:
    """Was a chat answered since the model was last idle?"""
    for poll in facts.before.backwards(BUSY_PERIOD_S, facts.seen):
        if poll.active is None:
            continue
        if poll.running == 0:
            return False
        if any(one.kind is RequestKind.CHAT for one in running_on(model, poll.active, poll.loaded)):
            return True
    return False
