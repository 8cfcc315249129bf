"""What the programs that are watched use of this machine, each with all its processes."""

from collections.abc import Iterable
from itertools import groupby

from msgspec import Struct

from tray_app.core.report.overview import Overview
from tray_app.core.values.connections import Owner
from tray_app.core.values.reading import value_of
from tray_app.core.values.snapshot import Processes, ProcessRole, WatchedProcess

_ORDER = (ProcessRole.OLLAMA_SERVER, ProcessRole.OLLAMA_RUNNER, ProcessRole.OPEN_WEBUI, ProcessRole.RELAY)
_OWNERS = tuple(Owner)


class ProgramLoad(Struct, frozen=True):
    """`cpu_percent` is of one core. None: hidden from us, or for CPU not known at the first look.

    A runner is named with its model, a container with its name. `owner`: of Ollama's processes.
    """

    role: ProcessRole
    model: str | None = None
    container: str | None = None
    memory_bytes: int | None = None
    cpu_percent: float | None = None
    owner: Owner = Owner.OURS


def program_loads(processes: Processes) -> tuple[ProgramLoad, ...]:
    """Ollama's server with its app, each runner, Open WebUI with its workers, our relay, then the containers.

    Other servers and runners come after those of the Ollama that is watched.
    """

    def key(one: WatchedProcess) -> tuple[int, int, str]:
        role = _role(one)
        name = f"{one.model or ''} {one.pid}" if role is ProcessRole.OLLAMA_RUNNER else ""
        return _ORDER.index(role), _OWNERS.index(one.owner), name

    loads = []
    for _, group in groupby(sorted(processes.watched, key=key), key):
        parts = tuple(group)
        first = parts[0]
        loads.append(ProgramLoad(_role(first), first.model, None, _memory(parts), _cpu(parts), first.owner))
    boxes = value_of(processes.containers) or ()
    return (*loads, *(ProgramLoad(one.role, None, one.name, one.memory_bytes, one.cpu_percent) for one in boxes))


def seen_once(loads: Iterable[ProgramLoad]) -> tuple[ProgramLoad, ...]:
    """For people: on Linux a container's processes are seen themselves, and are not told twice."""
    kept = tuple(loads)
    outside = {one.role for one in kept if one.container is None}
    return tuple(one for one in kept if one.container is None or one.role not in outside)


def _role(one: WatchedProcess) -> ProcessRole:
    """The app around Ollama's server counts as part of it."""
    return ProcessRole.OLLAMA_SERVER if one.role is ProcessRole.OLLAMA_APP else one.role


def _memory(parts: tuple[WatchedProcess, ...]) -> int | None:
    """None where one of them is hidden: the rest would look like all of it."""
    sizes = [one.memory_bytes for one in parts]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _cpu(parts: tuple[WatchedProcess, ...]) -> float | None:
    shares = [one.cpu_percent for one in parts]
    return None if None in shares else sum(share for share in shares if share is not None)


def another_ollama(seen: Overview) -> str:
    """The address of an Ollama of this machine that is not the watched one; empty where none is seen."""
    for one in seen.processes.watched if seen.processes is not None else ():
        if one.role is ProcessRole.OLLAMA_SERVER and one.owner is Owner.OTHER and one.ports and not one.apart:
            return f"http://127.0.0.1:{one.ports[0]}"
    return ""
