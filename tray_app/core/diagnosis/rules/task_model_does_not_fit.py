"""The chosen task model cannot live in memory beside the chat model."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.tasks.target import Target, Where
from tray_app.core.values.finding import TaskModelDoesNotFit
from tray_app.core.values.names import same_model
from tray_app.core.values.snapshot import LoadedModel


def check(facts: Facts) -> tuple[TaskModelDoesNotFit, ...] | None:
    """Judged while the chat model is loaded and its task model is not: two that are loaded together do fit."""
    if facts.here is None or facts.unasked is None:
        return None
    if not facts.unasked:
        return ()
    for chat in facts.here:
        target = facts.target(chat.name)
        if target is None:
            return None
        if target.where is Where.OTHER:
            finding = _misfit(chat, target, facts)
            return (finding,) if finding is not None else ()
    return ()


def _misfit(chat: LoadedModel, target: Target, facts: Facts) -> TaskModelDoesNotFit | None:
    if any(same_model(model.name, target.model) for model in facts.here or ()):
        return None
    candidate = facts.installed_as(target.model)
    if candidate is None or candidate.remote_host:
        return None
    fit = facts.beside(candidate)
    if not fit.verdict.is_bad:
        return None
    return TaskModelDoesNotFit(
        model=target.chosen,
        verdict=fit.verdict,
        chat_model=chat.name,
        need_bytes=fit.need_bytes,
        room_bytes=fit.room_bytes,
    )
