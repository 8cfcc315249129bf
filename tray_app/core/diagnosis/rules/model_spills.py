"""Part of a model runs on the CPU although there is a GPU."""

from tray_app.core.diagnosis.big_model import spilled_bytes
from tray_app.core.diagnosis.recent import History
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Unknown, value_of
from tray_app.core.values.snapshot import LoadedModel, Snapshot


def check(snapshot: Snapshot, _history: History, _limits: Limits) -> tuple[Finding, ...] | Unknown:
    if isinstance(snapshot.ollama, Unknown):
        return snapshot.ollama
    spills = ((model, spilled_bytes(model, snapshot)) for model in snapshot.ollama.value.loaded)
    return tuple(_finding(model, spilled, snapshot) for model, spilled in spills if spilled)


def _finding(model: LoadedModel, spilled: int, snapshot: Snapshot) -> Finding:
    evidence = [
        Evidence("spilled_bytes", spilled, "bytes"),
        Evidence("model_bytes", model.size_bytes, "bytes"),
        Evidence("spilled_share", round(100 * spilled / model.size_bytes, 1), "percent"),
    ]
    if model.context_length is not None:
        evidence.append(Evidence("context_length", model.context_length, "tokens"))
    gpu = value_of(snapshot.gpu)
    if gpu is not None and _is_local(snapshot):
        evidence.append(Evidence("budget_bytes", gpu.budget_bytes, "bytes"))
    return Finding(Kind.MODEL_SPILLS, model.name, Severity.TIGHT, tuple(evidence))


def _is_local(snapshot: Snapshot) -> bool:
    ollama = value_of(snapshot.ollama)
    return ollama is not None and ollama.local
