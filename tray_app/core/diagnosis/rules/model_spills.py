"""Part of a model runs on the CPU although there is a GPU."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.snapshot import LoadedModel


def check(facts: Facts) -> tuple[Finding, ...] | None:
    """Also of an Ollama on another machine: it tells how much of a model its GPU holds."""
    if facts.ollama is None:
        return None
    spills = ((model, facts.spilled_bytes(model)) for model in facts.ollama.loaded)
    return tuple(_finding(model, spilled, facts) for model, spilled in spills if spilled)


def _finding(model: LoadedModel, spilled: int, facts: Facts) -> Finding:
    evidence = [
        Evidence("spilled_bytes", spilled, "bytes"),
        Evidence("model_bytes", model.size_bytes, "bytes"),
        Evidence("spilled_share", round(100 * spilled / model.size_bytes, 1), "percent"),
    ]
    if model.context_length is not None:
        evidence.append(Evidence("context_length", model.context_length, "tokens"))
    if facts.budget is not None and not facts.is_remote:
        evidence.append(Evidence("budget_bytes", facts.budget.bytes, "bytes"))
    return Finding(Kind.MODEL_SPILLS, model.name, Severity.TIGHT, tuple(evidence))
