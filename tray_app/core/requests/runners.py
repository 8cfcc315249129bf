"""Which model a runner serves: its command line names a blob, people know a model. Pure."""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from tray_app.core.values.connections import Owner
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

LOADING_S = 300.0
"""Ollama gives up on a load after five minutes without progress (OLLAMA_LOAD_TIMEOUT)."""


def names_by_blob(ollama: Ollama) -> dict[str, tuple[str, ...]]:
    """Blob digest -> names of the installed models on it; a loaded one first, for two names share one runner."""
    loaded = {full_name(model.name) for model in ollama.loaded}
    found: dict[str, list[str]] = {}
    for model in sorted(ollama.installed, key=lambda one: full_name(one.name) not in loaded):
        if model.blob_digest:
            found.setdefault(model.blob_digest, []).append(model.name)
    return {blob: tuple(names) for blob, names in found.items()}


def with_models(processes: Processes, ollama: Ollama, old: Collection[int] = ()) -> Processes:
    """The processes with each runner's model name, and `loading` where /api/ps does not list it yet.

    Ollama lists a model once it is loaded, so `ollama.loaded` must be as new as the processes. `old`: pids of runners
    that are there for longer than a load takes (LOADING_S). Another server's runner only gets its name, where the same
    file is installed here too.
    """
    names = names_by_blob(ollama)
    left = list(ollama.loaded)
    runners: dict[int, WatchedProcess] = {}
    nameless: list[WatchedProcess] = []
    all_known = all(one.blob_digest for one in ollama.installed if one.remote_host is None)
    for runner in processes.watched:
        if runner.role is not ProcessRole.OLLAMA_RUNNER:
            continue
        candidates = (runner.model,) if runner.model else names.get(runner.blob_digest or "", ())
        entry = _entry(candidates, left) if runner.owner.is_ours else None
        if entry is not None:
            left.remove(entry)
            runners[runner.pid] = replace(runner, model=entry.name, loading=False, owner=Owner.OURS)
        elif not runner.owner.is_ours:
            runners[runner.pid] = replace(runner, model=candidates[0] if candidates else None, loading=False)
        elif candidates:
            runners[runner.pid] = replace(runner, model=candidates[0], loading=runner.pid not in old)
        elif runner.owner is Owner.UNSURE and runner.blob_digest and all_known:
            runners[runner.pid] = replace(runner, owner=Owner.OTHER)  # its file is not among ours
        else:
            nameless.append(runner)
    for runner in nameless:
        # The blob is not known yet. One runner and one entry left belong together.
        only = left[0] if len(left) == len(nameless) == 1 else None
        loading = not left and runner.pid not in old
        runners[runner.pid] = replace(runner, model=only.name if only else None, loading=loading)
    watched = (runners.get(one.pid, one) for one in processes.watched)
    return replace(processes, watched=tuple(_settled(one) for one in watched))


def _settled(one: WatchedProcess) -> WatchedProcess:
    """A runner that could be ours, does not load and is not listed belongs to another server."""
    unlisted = one.role is ProcessRole.OLLAMA_RUNNER and one.owner is Owner.UNSURE and not one.loading
    return replace(one, owner=Owner.OTHER) if unlisted else one


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
