"""Part of a model runs on the CPU although there is a GPU."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.values.finding import ModelSpills
from tray_app.core.values.snapshot import LoadedModel


def check(facts: Facts) -> tuple[ModelSpills, ...] | None:
    """Also of an Ollama on another machine: it tells how much of a model its GPU holds."""
    if facts.ollama is None:
        return None
    spills = [(model, facts.spilled_bytes(model)) for model in facts.ollama.loaded]
    found = tuple(_finding(model, spilled, facts) for model, spilled in spills if spilled)
    return found if found or all(spilled is not None for _, spilled in spills) else None


def _finding(model: LoadedModel, spilled: int, facts: Facts) -> ModelSpills:
    return ModelSpills(
        model=model.name,
        spilled_bytes=spilled,
        model_bytes=model.size_bytes,
        spilled_share=round(100 * spilled / model.size_bytes, 1),
        context_length=model.context_length,
        budget_bytes=None if facts.is_remote else facts.budget_bytes,
    )
