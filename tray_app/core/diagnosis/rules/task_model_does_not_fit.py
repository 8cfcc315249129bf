"""The chosen task model cannot live in memory beside the chat model."""

from tray_app.core.diagnosis.big_model import local_ollama
from tray_app.core.diagnosis.recent import History
from tray_app.core.fit.verdict import beside
from tray_app.core.tasks.target import Target, Where, come_unasked, target_of
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.fit import Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.reading import Unknown, value_of
from tray_app.core.values.snapshot import LoadedModel, Ollama, Snapshot


def check(snapshot: Snapshot, _history: History, limits: Limits) -> tuple[Finding, ...] | Unknown:
    """Judged while the chat model is loaded and its task model is not: two that are loaded together do fit."""
    ollama = local_ollama(snapshot)
    if isinstance(ollama, Unknown):
        return ollama
    if isinstance(snapshot.open_webui, Unknown):
        return snapshot.open_webui
    server = snapshot.open_webui.value
    settings = value_of(server.tasks)
    if settings is None or not come_unasked(server, settings):
        return server.tasks if isinstance(server.tasks, Unknown) else ()
    for chat in ollama.value.loaded:
        target = target_of(chat.name, snapshot)
        if isinstance(target, Unknown):
            return target
        if target.where is Where.OTHER:
            finding = _misfit(chat, target, ollama.value, snapshot, limits)
            return (finding,) if finding is not None else ()
    return ()


def _misfit(chat: LoadedModel, target: Target, ollama: Ollama, snapshot: Snapshot, limits: Limits) -> Finding | None:
    if any(same_model(model.name, target.model) for model in ollama.loaded):
        return None
    candidate = next((model for model in ollama.installed if same_model(model.name, target.model)), None)
    if candidate is None or candidate.remote_host:
        return None
    fit = beside(candidate, snapshot, limits)
    if fit.verdict not in (Verdict.EVICTS, Verdict.SPILLS):
        return None
    evidence = [Evidence("verdict", fit.verdict.value), Evidence("chat_model", chat.name)]
    if fit.need_bytes is not None:
        evidence.append(Evidence("need_bytes", fit.need_bytes, "bytes"))
    if fit.room_bytes is not None:
        evidence.append(Evidence("room_bytes", fit.room_bytes, "bytes"))
    return Finding(Kind.TASK_MODEL_DOES_NOT_FIT, target.chosen, Severity.TIGHT, tuple(evidence))
