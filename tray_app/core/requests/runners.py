"""Which model a runner serves: its command line names a blob, people know a model. Pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from tray_app.core.values.names import full_name
from tray_app.core.values.snapshot import (
    LoadedModel,
    LogEvent,
    Ollama,
    OllamaLog,
    Processes,
    ProcessRole,
    WatchedProcess,
)


def names_by_blob(ollama: Ollama) -> dict[str, tuple[str, ...]]:
    """Blob digest -> names of the installed models on it; a loaded one first, for two names share one runner."""
    loaded = {full_name(model.name) for model in ollama.loaded}
    found: dict[str, list[str]] = {}
    for model in sorted(ollama.installed, key=lambda one: full_name(one.name) not in loaded):
        if model.blob_digest:
            found.setdefault(model.blob_digest, []).append(model.name)
    return {blob: tuple(names) for blob, names in found.items()}


def with_models(processes: Processes, ollama: Ollama) -> Processes:
    """The processes with each runner's model name, and `loading` where /api/ps does not list it yet.

    Ollama lists a model once it is loaded, so `ollama.loaded` must be as new as the processes.
    """
    names = names_by_blob(ollama)
    left = list(ollama.loaded)
    runners: dict[int, WatchedProcess] = {}
    unsure: list[WatchedProcess] = []
    for runner in processes.watched:
        if runner.role is not ProcessRole.OLLAMA_RUNNER:
            continue
        candidates = (runner.model,) if runner.model else names.get(runner.blob_digest or "", ())
        entry = _entry(candidates, left)
        if entry is not None:
            left.remove(entry)
            runners[runner.pid] = replace(runner, model=entry.name, loading=False)
        elif candidates:
            runners[runner.pid] = replace(runner, model=candidates[0], loading=True)
        else:
            unsure.append(runner)
    for runner in unsure:
        # The blob is not known yet. One runner and one entry left belong together.
        only = left[0] if len(left) == len(unsure) == 1 else None
        runners[runner.pid] = replace(runner, model=only.name if only else None, loading=not left)
    return replace(processes, watched=tuple(runners.get(one.pid, one) for one in processes.watched))


def _entry(names: Sequence[str], loaded: Sequence[LoadedModel]) -> LoadedModel | None:
    wanted = {full_name(name) for name in names}
    return next((model for model in loaded if full_name(model.name) in wanted), None)


def with_names(log: OllamaLog, ollama: Ollama) -> OllamaLog:
    """The log's events with the name of each model whose blob is known."""
    names = names_by_blob(ollama)

    def named(event: LogEvent) -> LogEvent:
        known = names.get(event.blob_digest or "")
        return replace(event, model=known[0]) if known and event.model is None else event

    return replace(log, events=tuple(map(named, log.events)))
