"""A runner holds far more memory than its model: old prompts that llama-server keeps, up to 8 GiB by default."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.values.finding import GrowthSource, PromptCacheGrowth
from tray_app.core.values.names import same_model
from tray_app.core.values.snapshot import BudgetBasis, WatchedProcess

OVERHEAD_BYTES = 512 * 2**20
"""What a runner process takes besides its model, at most (0.3 to 0.5 GiB)."""


def check(facts: Facts) -> tuple[PromptCacheGrowth, ...] | None:
    """The log's own figure where it is seen, else the runner's memory less the model's part in RAM."""
    if facts.is_remote:
        return None
    runners = [one for one in facts.runners or () if not one.loading]
    logged, limit = facts.prompt_cache_bytes, facts.limits.prompt_cache_bytes
    if logged is not None and logged >= limit:
        largest = max(runners, key=lambda one: one.memory_bytes or 0, default=None)
        model = largest.model if largest is not None else None
        return (_finding(model or "Ollama", logged, GrowthSource.LOG),)
    if facts.runners is None:
        return None if logged is None else ()
    found = ((one, _grown(one, facts)) for one in runners)
    return tuple(
        _finding(one.model or one.name, grown, GrowthSource.MEMORY)
        for one, grown in found
        if grown is not None and grown >= limit
    )


def _finding(model: str, grown: int, source: GrowthSource) -> PromptCacheGrowth:
    return PromptCacheGrowth(model=model, grown_bytes=grown, source=source)


def _grown(runner: WatchedProcess, facts: Facts) -> int | None:
    """None on a GPU, where a process figure may or may not hold the weights, and where the model is not listed."""
    name = runner.model
    if runner.memory_bytes is None or name is None or facts.gpu is None or facts.gpu.basis is not BudgetBasis.RAM:
        return None
    model = next((one for one in facts.here or () if same_model(one.name, name)), None)
    return None if model is None else runner.memory_bytes - model.size_bytes - OVERHEAD_BYTES
