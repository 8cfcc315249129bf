"""Autocomplete runs on a local model: one call for every pause while typing."""

from tray_app.core.diagnosis.big_model import big_models, local_ollama
from tray_app.core.diagnosis.recent import History
from tray_app.core.tasks.releases import AUTOCOMPLETE_BY_ACCOUNT
from tray_app.core.tasks.target import Where, autocomplete_used, target_of, tasks_on, version_of
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.reading import Unknown
from tray_app.core.values.snapshot import OpenWebUI, Snapshot
from tray_app.core.values.task_settings import Setting


def check(snapshot: Snapshot, _history: History, limits: Limits) -> tuple[Finding, ...] | Unknown:
    """Tight where everyone gets it (before 0.6.0) or our own account uses it; info where only accounts could know."""
    if isinstance(snapshot.open_webui, Unknown):
        return snapshot.open_webui
    server = snapshot.open_webui.value
    if isinstance(server.tasks, Unknown):
        return server.tasks
    if Setting.AUTOCOMPLETE not in tasks_on(server, server.tasks.value):
        return ()
    return _on_local(server, snapshot, limits)


def _on_local(server: OpenWebUI, snapshot: Snapshot, limits: Limits) -> tuple[Finding, ...] | Unknown:
    ollama = local_ollama(snapshot)
    if isinstance(ollama, Unknown):
        return ollama
    for model in sorted(ollama.value.loaded, key=lambda one: one.size_bytes, reverse=True):
        target = target_of(model.name, snapshot)
        if isinstance(target, Unknown):
            return target
        if target.where in (Where.SAME, Where.OTHER):
            small = not same_model(target.model, model.name) and not _is_big(target.model, snapshot, limits)
            return (_finding(target.model, server, small=small),)
    return ()


def _finding(lands: str, server: OpenWebUI, *, small: bool) -> Finding:
    """`small`: a small model of its own takes it, which hurts nobody."""
    used = autocomplete_used(server) is True
    everyone = version_of(server) < AUTOCOMPLETE_BY_ACCOUNT
    used_by = "everyone" if everyone else "own-account" if used else "not-known"
    severity = Severity.TIGHT if used and not small else Severity.INFO
    return Finding(Kind.AUTOCOMPLETE_ON, lands, severity, (Evidence("used_by", used_by),))


def _is_big(name: str, snapshot: Snapshot, limits: Limits) -> bool:
    big = big_models(snapshot, limits)
    return not isinstance(big, Unknown) and any(same_model(one.model.name, name) for one in big)
