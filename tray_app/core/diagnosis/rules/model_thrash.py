"""Two models evict each other, or one reloads again and again because its requests want different contexts."""

from tray_app.core.diagnosis.displacement import Thrash
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.tasks.target import Where
from tray_app.core.values.finding import (
    OLLAMA,
    ModelThrash,
    QueueBacklog,
    TaskModelDoesNotFit,
    TasksOnBigModel,
    TaskStorm,
    ThrashCause,
)
from tray_app.core.values.names import full_name

EXPLAINS = (TaskStorm, QueueBacklog, TaskModelDoesNotFit, TasksOnBigModel)


def check(facts: Facts) -> tuple[ModelThrash, ...] | None:
    """At least `reloads` displacements in the window, and a model among them that came back."""
    if facts.runners is None and facts.log is None:
        return None
    seen = facts.thrash
    if seen is None or seen.loads < facts.limits.reloads or seen.reloads < 2:
        return ()
    sizes = _sizes(facts)
    subject = max(seen.models, key=lambda name: sizes.get(name, 0), default=OLLAMA)
    others = tuple(name for name in seen.models if name != subject)
    target = facts.target(subject)
    to_others = target is not None and target.where is Where.OTHER and full_name(target.model) in others
    found = ModelThrash(
        model=subject,
        loads=seen.loads,
        window_s=facts.limits.thrash_window_s,
        cause=_cause(seen, runs_tasks=bool(facts.lands_on(subject))),
        other_model=others or None,
        task_model=target.model if target is not None and to_others else None,
        contexts=seen.contexts if len(seen.contexts) > 1 else None,
    )
    return (found,)


def _cause(seen: Thrash, *, runs_tasks: bool) -> ThrashCause:
    if seen.several:
        return ThrashCause.EVICTION
    if len(seen.contexts) <= 1:
        return ThrashCause.RELOAD
    return ThrashCause.CONTEXT if runs_tasks else ThrashCause.CLIENTS_CONTEXT


def _sizes(facts: Facts) -> dict[str, int]:
    if facts.here is None:
        return {full_name(one.model): one.memory_bytes or 0 for one in facts.runners or () if one.model}
    installed = {full_name(model.name): model.size_bytes for model in facts.installed}
    return installed | {full_name(model.name): model.size_bytes for model in facts.here}
