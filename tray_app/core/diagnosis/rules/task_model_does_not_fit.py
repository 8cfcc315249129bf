"""The chosen task model cannot live in memory beside the chat model."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.fit.verdict import beside
from tray_app.core.tasks.target import Target, Where
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.names import same_model
from tray_app.core.values.snapshot import LoadedModel


def check(facts: Facts) -> tuple[Finding, ...] | None:
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


def _misfit(chat: LoadedModel, target: Target, facts: Facts) -> Finding | None:
    if any(same_model(model.name, target.model) for model in facts.here or ()):
        return None
    candidate = facts.installed_as(target.model)
    if candidate is None or candidate.remote_host:
        return None
    fit = beside(candidate, facts.place, facts.limits)
    if not fit.verdict.is_bad:
        return None
    evidence = [Evidence("verdict", fit.verdict.value), Evidence("chat_model", chat.name)]
    if fit.need_bytes is not None:
        evidence.append(Evidence("need_bytes", fit.need_bytes, "bytes"))
    if fit.room_bytes is not None:
        evidence.append(Evidence("room_bytes", fit.room_bytes, "bytes"))
    return Finding(Kind.TASK_MODEL_DOES_NOT_FIT, target.chosen, Severity.TIGHT, tuple(evidence))
