"""Whose is each of Ollama's processes? Several servers may run here, and a runner outlives a killed server. Pure.

A runner is a child of its server, and the server that is watched listens on the watched port. Where ports are hidden,
or several servers could be the one, a runner is ours when `/api/ps` lists its model (runners.py).
"""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from tray_app.core.values.connections import Owner
from tray_app.core.values.snapshot import Processes, ProcessRole, ServerConfig, WatchedProcess


def with_owners(processes: Processes, port: int, *, local: bool) -> Processes:
    """The processes with their owner. `port`: of the watched Ollama; not `local`: it runs on another machine."""
    found = [one for one in processes.watched if one.role is ProcessRole.OLLAMA_SERVER]
    pids = {one.pid for one in found}
    # A child that still looks like its server is about to become a runner.
    servers = [one for one in found if one.parent_pid not in pids]
    ours = _candidates(servers, port) if local else frozenset()
    owners = {one.pid: _server_owner(one.pid, ours) for one in found}
    return replace(processes, watched=tuple(_owned(one, owners, ours) for one in processes.watched))


def _candidates(servers: Sequence[WatchedProcess], port: int) -> frozenset[int]:
    """Who may listen on the watched port. One that is seen to do so leaves none of the hidden ones a place."""
    listening = [one.pid for one in servers if not one.apart and port in (one.ports or ())]
    hidden = [one.pid for one in servers if one.apart or one.ports is None]
    return frozenset(listening or hidden)


def _server_owner(pid: int, ours: Collection[int]) -> Owner:
    if pid not in ours:
        return Owner.OTHER
    return Owner.OURS if len(ours) == 1 else Owner.UNSURE


def _owned(one: WatchedProcess, owners: dict[int, Owner], ours: Collection[int]) -> WatchedProcess:
    if one.pid in owners:
        return replace(one, owner=owners[one.pid])
    return replace(one, owner=_runner_owner(one, owners, ours)) if one.role is ProcessRole.OLLAMA_RUNNER else one


def _runner_owner(runner: WatchedProcess, owners: dict[int, Owner], ours: Collection[int]) -> Owner:
    if runner.orphaned:
        return Owner.NOBODY
    if runner.parent_pid in owners:
        return owners[runner.parent_pid]
    if len(ours) != 1:
        return Owner.UNSURE
    if runner.parent_pid is not None:
        return Owner.OTHER  # somebody else started it: our server's runners are its children
    return Owner.OURS if len(owners) == 1 else Owner.UNSURE


def with_environment(config: ServerConfig, processes: Processes | None) -> ServerConfig:
    """What the log says of the server's settings, and where it says nothing its environment."""
    watched = processes.watched if processes is not None else ()
    ours = [one for one in watched if one.role is ProcessRole.OLLAMA_SERVER and one.owner is Owner.OURS]
    started = ours[0].config if len(ours) == 1 and ours[0].config is not None else ServerConfig()
    return ServerConfig(
        num_parallel=config.num_parallel or started.num_parallel,
        max_loaded_models=config.max_loaded_models or started.max_loaded_models,
        context_length=config.context_length or started.context_length,
        kv_cache_type=config.kv_cache_type or started.kv_cache_type,
        gpu_total_bytes=config.gpu_total_bytes,
        told=config.told or started.told,
        keep_alive_s=config.keep_alive_s if config.keep_alive_s is not None else started.keep_alive_s,
    )
