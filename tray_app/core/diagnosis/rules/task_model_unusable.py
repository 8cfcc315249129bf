"""A task model is chosen, but Open WebUI silently uses the chat model, or tasks of other users fail."""

from tray_app.core.diagnosis.big_model import local_ollama
from tray_app.core.diagnosis.recent import History
from tray_app.core.tasks.target import Target, Unusable, target_of, tasks_on
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Unknown, value_of
from tray_app.core.values.snapshot import OpenWebUI, Snapshot, WebUIModel


def check(snapshot: Snapshot, _history: History, _limits: Limits) -> tuple[Finding, ...] | Unknown:
    """Judged for the models in memory; where none is, for the local models that Open WebUI lists."""
    if isinstance(snapshot.open_webui, Unknown):
        return snapshot.open_webui
    server = snapshot.open_webui.value
    if isinstance(server.tasks, Unknown):
        return server.tasks
    if isinstance(server.models, Unknown):
        return server.models
    if not tasks_on(server, server.tasks.value):
        return ()
    seen: dict[str, Finding] = {}
    for model in _chat_models(snapshot, server):
        target = target_of(model, snapshot)
        if isinstance(target, Unknown):
            return target
        if target.unusable is not None and target.chosen not in seen:
            seen[target.chosen] = _finding(model, target, target.unusable, server)
    return tuple(seen.values())


def _chat_models(snapshot: Snapshot, server: OpenWebUI) -> list[str]:
    ollama = local_ollama(snapshot)
    if isinstance(ollama, Known) and ollama.value.loaded:
        return [model.name for model in sorted(ollama.value.loaded, key=lambda one: -one.size_bytes)]
    listed: tuple[WebUIModel, ...] = value_of(server.models) or ()
    return [entry.ollama_name for entry in listed if entry.ollama_name and entry.active and not entry.preset]


def _finding(model: str, target: Target, reason: Unusable, server: OpenWebUI) -> Finding:
    evidence = [
        Evidence("reason", reason.value),
        Evidence("slot", target.slot.value),
        Evidence("falls_back_to", "" if reason is Unusable.PRIVATE else model),
    ]
    users = value_of(server.user_count)
    if reason is Unusable.PRIVATE and users is not None:
        evidence.append(Evidence("users", users, "users"))
    return Finding(Kind.TASK_MODEL_UNUSABLE, target.chosen, Severity.TIGHT, tuple(evidence))
