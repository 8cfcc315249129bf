"""Remedies that switch tasks off, one by one or all, or stop them from thinking."""

import json

from tray_app.core.remedies.case import Case
from tray_app.core.tasks.releases import TASK_KINDS, TITLE_BESIDE_ANSWER, support
from tray_app.core.tasks.target import UNASKED
from tray_app.core.values.finding import AutocompleteOn, Severity
from tray_app.core.values.names import same_model
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.remedy import Effect, Remedy
from tray_app.core.values.task_settings import TASKS, Comes, Setting, Switch

FEWER_TASKS = "fewer-tasks"


def calls(tasks: tuple[Setting, ...]) -> tuple[float | None, float | None]:
    """Calls saved per later message and per first message; None where it depends on what the user does.

    With default settings a task that comes by itself makes one call (Open WebUI 0.5 to 0.12, middleware.py).
    """
    unasked = [task for task in tasks if task in UNASKED]
    if not unasked:
        return None, None
    later = [task for task in unasked if TASK_KINDS[task].comes is Comes.EVERY_MESSAGE]
    return float(len(later)), float(len(unasked))


def running_tasks(here: Case) -> tuple[Setting, ...]:
    """Tasks with a switch that is on."""
    settings = here.facts.settings
    if settings is None:
        return ()
    return tuple(task for task in TASKS if settings.switch(task) is Switch.ON)


def task_remedies(here: Case) -> list[Remedy]:
    """In order of relief: what runs while typing, then with every message, then once per chat."""
    if here.facts.settings is None:
        return _unplanned(here)
    on = running_tasks(here)
    made = [_off(task, here) for task in _order(here, on)]
    if len(on) > 1:
        made.append(_all_off(on, here))
    return made


def autocomplete_hurts(here: Case) -> bool:
    """It is shown to be used: by everyone before 0.6.0, by our own account, or a rule says so."""
    if here.facts.unasked is None:
        return False
    found = here.found(AutocompleteOn)
    return Setting.AUTOCOMPLETE in here.facts.unasked or (found is not None and found.severity is not Severity.INFO)


def _order(here: Case, on: tuple[Setting, ...]) -> list[Setting]:
    """By the calls they cause. A title beside the answer hurts more than tags, one after it less."""
    typing = autocomplete_hurts(here)
    beside = here.facts.release >= TITLE_BESIDE_ANSWER

    def rank(task: Setting) -> tuple[bool, int, bool]:
        first = typing and task is Setting.AUTOCOMPLETE
        return not first, list(Comes).index(TASK_KINDS[task].comes), (task is Setting.TITLES) is not beside

    return sorted(on, key=rank)


def _off(task: Setting, here: Case) -> Remedy:
    later, first = calls((task,))
    beside = task is Setting.TITLES and here.facts.release >= TITLE_BESIDE_ANSWER
    reason = "beside-answer" if beside else TASK_KINDS[task].comes.value
    effect = Effect(calls_per_message=later, calls_per_chat=first, calls_per_minute=None)
    plan = Plan((Change(task, before=True, after=False),))
    return planned(here, Remedy(f"{task.value}-off", plan, reason, effect, strategy=FEWER_TASKS))


def _all_off(on: tuple[Setting, ...], here: Case) -> Remedy:
    later, first = calls(on)
    effect = Effect(later, calls_per_chat=first, calls_per_minute=task_calls_per_minute(here))
    plan = Plan(tuple(Change(task, before=True, after=False) for task in on))
    return planned(here, Remedy("all-tasks-off", plan, "plain-chat", effect, strategy=FEWER_TASKS))


def _unplanned(here: Case) -> list[Remedy]:
    """The settings cannot be read: what would help is named, but there is no plan."""
    if here.facts.open_webui is None:
        return []
    if not support(here.facts.release, Setting.FOLLOW_UPS):
        return []
    later, first = calls((Setting.FOLLOW_UPS,))
    return [planned(here, Remedy("follow-ups-off", Plan(), "every-message", Effect(later, calls_per_chat=first)))]


def no_thinking(here: Case) -> Remedy | None:
    """Tell the task model not to think, where Open WebUI can (0.11.1) and the model that runs the tasks would."""
    settings, ollama = here.facts.settings, here.facts.ollama
    if settings is None or ollama is None or settings.task_model_params is None or here.facts.chat_model is None:
        return None
    runs = settings.model(here.facts.slot) or here.facts.chat_model.name
    model = next((one for one in ollama.installed if same_model(one.name, runs)), None)
    if model is None or "thinking" not in (model.capabilities or ()):
        return None
    change = thinking_change(settings.task_model_params)
    if change is None:
        return None
    made = Remedy("no-thinking-in-tasks", Plan((change,)), "thinks-before-title", subject=model.name)
    return planned(here, made)


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


def planned(here: Case, remedy: Remedy) -> Remedy:
    """Only shown, not offered, where the settings may not be written; the reason then says what is missing."""
    if here.may_write:
        return remedy
    return Remedy(
        remedy.id,
        remedy.plan,
        here.reason_not,
        remedy.effect,
        remedy.fit,
        remedy.subject,
        advice_only=True,
        strategy=remedy.strategy,
    )
