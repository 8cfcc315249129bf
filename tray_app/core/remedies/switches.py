"""Remedies that switch tasks off, one by one or all, or stop them from thinking."""

import json
from typing import TypeVar

from msgspec.structs import replace

from tray_app.core.remedies.case import Case, once
from tray_app.core.tasks.releases import TASK_KINDS, TITLE_BESIDE_ANSWER, support
from tray_app.core.tasks.target import UNASKED, Where, tasks_on
from tray_app.core.values.finding import AutocompleteOn, Severity
from tray_app.core.values.names import same_model
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.remedy import AllTasksOff, Effect, NoThinking, Reason, Remedy, SwitchOff
from tray_app.core.values.snapshot import Capability
from tray_app.core.values.task_settings import TASKS, Comes, Setting, Switch

R = TypeVar("R", bound=Remedy)


def calls(tasks: tuple[Setting, ...]) -> tuple[float | None, float | None]:
    """Calls saved per later message and per first message; None where it depends on what the user does.

    With default settings a task that comes by itself makes one call (Open WebUI 0.5 to 0.12, middleware.py).
    """
    unasked = [task for task in tasks if task in UNASKED]
    if not unasked:
        return None, None
    later = [task for task in unasked if TASK_KINDS[task].comes is Comes.EVERY_MESSAGE]
    return float(len(later)), float(len(unasked))


@once
def running_tasks(here: Case) -> tuple[Setting, ...]:
    """Tasks with a switch that is on."""
    settings = here.facts.settings
    if settings is None:
        return ()
    return tuple(task for task in TASKS if settings.switch(task) is Switch.ON)


def switches_off(here: Case) -> list[SwitchOff]:
    """In order of relief: what runs with every message, then once per chat, then what the user causes."""
    if here.facts.settings is None:
        return _unplanned(here)
    return [_off(task, here) for task in _order(here, running_tasks(here))]


def autocomplete_hurts(here: Case) -> bool:
    """It is shown to be used: by everyone before 0.6.0, by our own account, or a rule says so."""
    if here.facts.unasked is None:
        return False
    found = here.found(AutocompleteOn)
    return Setting.AUTOCOMPLETE in here.facts.unasked or (found is not None and found.severity is not Severity.INFO)


def _order(here: Case, on: tuple[Setting, ...]) -> list[Setting]:
    """By the calls they cause. A title beside the answer hurts more than tags, one after it less."""
    beside = here.facts.release >= TITLE_BESIDE_ANSWER

    def rank(task: Setting) -> tuple[int, bool]:
        return list(Comes).index(TASK_KINDS[task].comes), (task is Setting.TITLES) is not beside

    return sorted(on, key=rank)


_WHEN = {
    Comes.EVERY_MESSAGE: Reason.EVERY_MESSAGE,
    Comes.FIRST_MESSAGE: Reason.FIRST_MESSAGE,
    Comes.WHILE_TYPING: Reason.WHILE_TYPING,
    Comes.WEB_SEARCH: Reason.WEB_SEARCH,
    Comes.FILES: Reason.FILES,
}


def _off(task: Setting, here: Case) -> SwitchOff:
    later, first = calls((task,))
    beside = task is Setting.TITLES and here.facts.release >= TITLE_BESIDE_ANSWER
    reason = Reason.BESIDE_ANSWER if beside else _WHEN[TASK_KINDS[task].comes]
    if reason is Reason.WHILE_TYPING and not autocomplete_hurts(here):
        reason = Reason.WHERE_SWITCHED_ON
    effect = Effect(calls_per_message=later, calls_per_chat=first)
    plan = Plan((Change(task, before=True, after=False),))
    return planned(here, SwitchOff(task=task, plan=plan, reason=reason, effect=effect))


def all_off(here: Case) -> list[AllTasksOff]:
    """Where that is more than one."""
    on = running_tasks(here)
    if len(on) < 2:
        return []
    later, first = calls(on)
    effect = Effect(later, calls_per_chat=first, calls_per_minute=task_calls_per_minute(here))
    plan = Plan(tuple(Change(task, before=True, after=False) for task in on))
    stay = here.facts.tasks is not None and len(tasks_on(here.facts.tasks)) > len(on)
    reason = Reason.SOME_HAVE_NO_SWITCH if stay else Reason.PLAIN_CHAT
    return [planned(here, AllTasksOff(plan=plan, reason=reason, effect=effect))]


def _unplanned(here: Case) -> list[SwitchOff]:
    """The settings cannot be read: what would help is named, but there is no plan."""
    if here.facts.open_webui is None:
        return []
    if not support(here.facts.release, Setting.FOLLOW_UPS):
        return []
    later, first = calls((Setting.FOLLOW_UPS,))
    effect = Effect(later, calls_per_chat=first)
    return [planned(here, SwitchOff(task=Setting.FOLLOW_UPS, reason=Reason.EVERY_MESSAGE, effect=effect))]


def no_thinking(here: Case) -> NoThinking | None:
    """Tell the task model not to think, where Open WebUI can (0.11.1) and the model that runs the tasks would."""
    settings, chat = here.facts.settings, here.facts.chat_model
    if settings is None or settings.task_model_params is None or chat is None:
        return None
    target = here.facts.target(chat.name)
    if target is None or target.where not in (Where.SAME, Where.OTHER):
        return None
    model = here.facts.installed_as(target.model)
    if model is None or Capability.THINKING not in (model.capabilities or ()):
        return None
    change = thinking_change(settings.task_model_params)
    if change is None:
        return None
    return planned(here, NoThinking(model=model.name, plan=Plan((change,)), reason=Reason.THINKS_BEFORE_TITLE))


def thinking_change(params: str) -> Change | None:
    """`think: false` added to the parameters that are there; None where it is set already."""
    try:
        given = json.loads(params)
    except ValueError:
        return None
    if not isinstance(given, dict) or given.get("think") is False:
        return None
    return Change(Setting.TASK_MODEL_PARAMS, given, {**given, "think": False})


def task_calls_per_minute(here: Case) -> float | None:
    """Task calls on the chat model over the last hour, where they were told apart."""
    requests = here.facts.requests
    if requests is None or here.facts.chat_model is None:
        return None
    mine = [load for load in requests.last_hour if same_model(load.model, here.facts.chat_model.name)]
    seen = sum(load.task_requests for load in mine)
    return round(seen / 60, 2) if seen else None


def planned(here: Case, remedy: R) -> R:
    """Only shown, not offered, where the settings may not be written; the reason then says what is missing."""
    return remedy if here.may_write else replace(remedy, reason=here.missing, asks=False, advice_only=True)
