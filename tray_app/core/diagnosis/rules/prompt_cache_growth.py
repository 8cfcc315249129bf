"""A runner holds far more memory than its model: old prompts that llama-server keeps, up to 8 GiB by default."""

from tray_app.core.diagnosis.big_model import local_ollama
from tray_app.core.diagnosis.recent import History
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.reading import Unknown, value_of
from tray_app.core.values.snapshot import BudgetBasis, ProcessRole, Snapshot, WatchedProcess

OVERHEAD_BYTES = 512 * 2**20
"""What a runner process takes besides its model, at most (0.3 to 0.5 GiB)."""


def check(snapshot: Snapshot, history: History, limits: Limits) -> tuple[Finding, ...] | Unknown:
    """The log's own figure where it is seen, else the runner's memory less the model's part in RAM."""
    ollama = local_ollama(snapshot)
    if isinstance(ollama, Unknown) and ollama is not snapshot.ollama:
        return ollama
    runners = _runners(snapshot)
    logged = history.prompt_cache_with(snapshot)
    if logged is not None and logged >= limits.prompt_cache_bytes:
        largest = max(runners, key=lambda one: one.memory_bytes or 0, default=None)
        return (_finding(largest.model if largest is not None and largest.model else "Ollama", logged, "log"),)
    if isinstance(snapshot.processes, Unknown):
        return snapshot.processes if logged is None else ()
    found = ((one, _grown(one, snapshot)) for one in runners)
    return tuple(
        _finding(one.model or one.name, grown, "memory")
        for one, grown in found
        if grown is not None and grown >= limits.prompt_cache_bytes
    )


def _finding(model: str, grown: int, source: str) -> Finding:
    evidence = (Evidence("grown_bytes", grown, "bytes"), Evidence("source", source))
    return Finding(Kind.PROMPT_CACHE_GROWTH, model, Severity.TIGHT, evidence)


def _runners(snapshot: Snapshot) -> list[WatchedProcess]:
    processes = value_of(snapshot.processes)
    watched = processes.watched if processes is not None else ()
    return [one for one in watched if one.role is ProcessRole.OLLAMA_RUNNER and not one.loading]


def _grown(runner: WatchedProcess, snapshot: Snapshot) -> int | None:
    """None on a GPU, where a process figure may or may not hold the weights, and where the model is not listed."""
    gpu, ollama = value_of(snapshot.gpu), value_of(snapshot.ollama)
    if runner.memory_bytes is None or runner.model is None or gpu is None or ollama is None:
        return None
    if gpu.basis is not BudgetBasis.RAM:
        return None
    name = runner.model
    model = next((one for one in ollama.loaded if same_model(one.name, name)), None)
    if model is None:
        return None
    return runner.memory_bytes - model.size_bytes - OVERHEAD_BYTES
