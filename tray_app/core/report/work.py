"""How long tasks keep each model busy for one message, from the history. Pure, and never a guess."""

from collections import defaultdict

from msgspec import Struct

from tray_app.core.report.history import Past
from tray_app.core.report.receipt import ENOUGH_ANSWERS, UNTOLD_SHARE
from tray_app.core.values.names import same_model
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.task_settings import Setting


class TaskWork(Struct, frozen=True):
    """Seconds of task work per message over the last `answers` messages. `chat_model_s`: on the chat model, and of it
    by task, where the calls tell their task. `others`: on other models, by name."""

    answers: int
    chat_model_s: float
    by_task: tuple[tuple[Setting, float], ...] = ()
    others: tuple[tuple[str, float], ...] = ()

    def of(self, task: Setting) -> float | None:
        """None where no call told that it was this task."""
        return next((seconds for one, seconds in self.by_task if one is task), None)

    def on(self, model: str) -> float | None:
        """None where that model was not seen at tasks."""
        return next((seconds for name, seconds in self.others if same_model(name, model)), None)


def task_work(past: Past, chat_model: str) -> TaskWork | None:
    """None where there were too few answers, or too many requests of which nobody knows whether they were tasks."""
    served = [one for one in past.finished if one.served]
    answers = sum(one.kind is RequestKind.CHAT and _at(one, chat_model) for one in served)
    tasks = [one for one in past.finished if one.kind is RequestKind.TASK and one.model]
    untold = sum(one.kind is RequestKind.UNKNOWN for one in past.finished)
    if answers < ENOUGH_ANSWERS or untold > UNTOLD_SHARE * (answers + len(tasks) + untold):
        return None
    mine, others = 0.0, defaultdict[str, float](float)
    by_task = defaultdict[Setting, float](float)
    known = {setting.value: setting for setting in Setting}
    for one in tasks:
        if not _at(one, chat_model):
            others[one.model or ""] += one.busy_s / answers
            continue
        mine += one.busy_s / answers
        if one.task in known:
            by_task[known[one.task]] += one.busy_s / answers
    return TaskWork(answers, mine, tuple(sorted(by_task.items())), tuple(sorted(others.items())))


def _at(one: FinishedRequest, model: str) -> bool:
    return one.model is not None and same_model(one.model, model)
