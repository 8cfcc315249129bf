"""A task model is chosen, but Open WebUI silently uses the chat model, or tasks of other users fail."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.tasks.slots import slot_for
from tray_app.core.tasks.target import Target, TaskServer, presets_left_out, tasks_on
from tray_app.core.values.finding import TaskModelDoesNotFit, TaskModelUnusable, TasksOnBigModel, Unusable
from tray_app.core.values.snapshot import WebUIModel

EXPLAINS = (TasksOnBigModel, TaskModelDoesNotFit)


def check(facts: Facts) -> tuple[TaskModelUnusable, ...] | None:
    """Judged for the models in memory; where none is, for the local models that Open WebUI lists."""
    if facts.tasks is None or facts.listed is None:
        return None
    if not tasks_on(facts.tasks):
        return ()
    seen: dict[str, TaskModelUnusable] = {}
    for model in _chat_models(facts):
        target = facts.target(model)
        if target is None:
            return None
        if target.unusable is not None and target.chosen not in seen:
            seen[target.chosen] = _finding(model, target, target.unusable, facts.other_users)
        elif target.chosen and target.chosen not in seen and (left := presets_left_out(model, facts.tasks)):
            seen[target.chosen] = _left_out(model, target, left, facts.tasks)
    return tuple(seen.values())


def _chat_models(facts: Facts) -> list[str]:
    if facts.here:
        return [model.name for model in sorted(facts.here, key=lambda one: -one.size_bytes)]
    listed = facts.listed or ()
    return [entry.ollama_name for entry in listed if entry.ollama_name and entry.active and not entry.preset]


def _finding(model: str, target: Target, reason: Unusable, users: int | None) -> TaskModelUnusable:
    fails = reason in {Unusable.PRIVATE, Unusable.BASE_GONE}
    return TaskModelUnusable(
        model=target.chosen,
        reason=reason,
        slot=target.slot,
        falls_back_to="" if fails else model,
        users=users if reason is Unusable.PRIVATE else None,
    )


def _left_out(model: str, target: Target, presets: tuple[WebUIModel, ...], server: TaskServer) -> TaskModelUnusable:
    return TaskModelUnusable(
        model=target.chosen,
        reason=Unusable.PRESETS,
        slot=slot_for(presets[0], server.release),
        falls_back_to=model,
        presets=tuple(one.name for one in presets),
    )
