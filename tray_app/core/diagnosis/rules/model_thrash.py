"""Two models evict each other, or one reloads again and again because its requests want different contexts."""

from tray_app.core.diagnosis.big_model import local_ollama
from tray_app.core.diagnosis.displacement import Thrash, thrash
from tray_app.core.diagnosis.recent import History
from tray_app.core.tasks.target import Where, target_of
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.names import full_name
from tray_app.core.values.reading import Unknown, value_of
from tray_app.core.values.snapshot import Snapshot


def check(snapshot: Snapshot, history: History, limits: Limits) -> tuple[Finding, ...] | Unknown:
    """At least `reloads` displacements in the window, and a model among them that came back."""
    if isinstance(snapshot.processes, Unknown) and isinstance(snapshot.ollama_log, Unknown):
        return snapshot.processes
    seen = thrash(snapshot, history, limits.thrash_window_s)
    if seen is None or seen.loads < limits.reloads or seen.reloads < 2:
        return ()
    sizes = _sizes(snapshot)
    subject = max(seen.models, key=lambda name: sizes.get(name, 0))
    others = tuple(name for name in seen.models if name != subject)
    evidence = [
        Evidence("loads", seen.loads, "loads"),
        Evidence("window_s", limits.thrash_window_s, "s"),
        Evidence("cause", _cause(seen)),
    ]
    if others:
        evidence.append(Evidence("other_model", ",".join(others)))
        target = target_of(subject, snapshot)
        if not isinstance(target, Unknown) and target.where is Where.OTHER and full_name(target.model) in others:
            evidence.append(Evidence("task_model", target.model))
    if len(seen.contexts) > 1:
        evidence.append(Evidence("contexts", ",".join(map(str, seen.contexts)), "tokens"))
    return (Finding(Kind.MODEL_THRASH, subject, Severity.OVERLOADED, tuple(evidence)),)


def _cause(seen: Thrash) -> str:
    """`eviction`: several models; `context`: one model with several contexts; `reload`: one model, no reason seen."""
    if len(seen.models) > 1:
        return "eviction"
    return "context" if len(seen.contexts) > 1 else "reload"


def _sizes(snapshot: Snapshot) -> dict[str, int]:
    ollama = local_ollama(snapshot)
    if isinstance(ollama, Unknown):
        processes = value_of(snapshot.processes)
        watched = processes.watched if processes is not None else ()
        return {full_name(one.model): one.memory_bytes or 0 for one in watched if one.model}
    installed = {full_name(model.name): model.size_bytes for model in ollama.value.installed}
    return installed | {full_name(model.name): model.size_bytes for model in ollama.value.loaded}
