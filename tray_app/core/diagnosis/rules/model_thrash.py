"""Two models evict each other, or one reloads again and again because its requests want different contexts."""

from tray_app.core.diagnosis.displacement import Thrash
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.tasks.target import Where
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.names import full_name


def check(facts: Facts) -> tuple[Finding, ...] | None:
    """At least `reloads` displacements in the window, and a model among them that came back."""
    if facts.runners is None and facts.log is None:
        return None
    seen = facts.thrash
    if seen is None or seen.loads < facts.limits.reloads or seen.reloads < 2:
        return ()
    sizes = _sizes(facts)
    subject = max(seen.models, key=lambda name: sizes.get(name, 0))
    others = tuple(name for name in seen.models if name != subject)
    evidence = [
        Evidence("loads", seen.loads, "loads"),
        Evidence("window_s", facts.limits.thrash_window_s, "s"),
        Evidence("cause", _cause(seen)),
    ]
    if others:
        evidence.append(Evidence("other_model", ",".join(others)))
        target = facts.target(subject)
        if target is not None and target.where is Where.OTHER and full_name(target.model) in others:
            evidence.append(Evidence("task_model", target.model))
    if len(seen.contexts) > 1:
        evidence.append(Evidence("contexts", ",".join(map(str, seen.contexts)), "tokens"))
    return (Finding(Kind.MODEL_THRASH, subject, Severity.OVERLOADED, tuple(evidence)),)


def _cause(seen: Thrash) -> str:
    """`eviction`: several models; `context`: one model with several contexts; `reload`: one model, no reason seen."""
    if len(seen.models) > 1:
        return "eviction"
    return "context" if len(seen.contexts) > 1 else "reload"


def _sizes(facts: Facts) -> dict[str, int]:
    if facts.here is None:
        watched = facts.processes.watched if facts.processes is not None else ()
        return {full_name(one.model): one.memory_bytes or 0 for one in watched if one.model}
    installed = {full_name(model.name): model.size_bytes for model in facts.installed}
    return installed | {full_name(model.name): model.size_bytes for model in facts.here}
