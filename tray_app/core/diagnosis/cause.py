"""Who takes the memory when it is short: a model, or another program."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.diagnosis.big_model import has_gpu, local_ollama
from tray_app.core.values.reading import Known, value_of
from tray_app.core.values.snapshot import Ollama, Presence, Pressure, ProcessRole, Snapshot

PROGRAM_SHARE = 0.05
"""A program below this share of RAM explains no shortage, even where nothing larger was seen."""
MODEL_SHARE = 0.5
"""Models above this share of RAM are the largest thing in it, whatever else runs."""


class CauseKind(StrEnum):
    MODEL = "model"
    PROGRAM = "program"
    UNKNOWN = "unknown"


class Cause(Struct, frozen=True):
    kind: CauseKind
    name: str = ""
    bytes: int | None = None


NOBODY = Cause(CauseKind.UNKNOWN)


def pressure_of(snapshot: Snapshot) -> Pressure:
    memory = value_of(snapshot.memory)
    return memory.pressure if memory is not None else Pressure.UNKNOWN


def is_pressed(snapshot: Snapshot) -> bool:
    return pressure_of(snapshot) in (Pressure.WARNING, Pressure.CRITICAL)


def cause_of(snapshot: Snapshot) -> Cause:
    """The larger of all loaded models together and the largest other program; unknown where one is not seen."""
    memory = value_of(snapshot.memory)
    total = memory.total_bytes if memory is not None else 0
    models, name = _models(snapshot)
    processes = value_of(snapshot.processes)
    other = processes.largest_other if processes is not None else None
    if models is None:
        return NOBODY
    if other is not None:
        if models >= other.memory_bytes and models > 0:
            return Cause(CauseKind.MODEL, name, models)
        if other.memory_bytes >= PROGRAM_SHARE * total:
            return Cause(CauseKind.PROGRAM, other.name, other.memory_bytes)
        return NOBODY
    return Cause(CauseKind.MODEL, name, models) if 0 < MODEL_SHARE * total <= models else NOBODY


def _models(snapshot: Snapshot) -> tuple[int | None, str]:
    """Bytes of RAM that models take, with the largest one's name; None where nothing tells."""
    ollama = local_ollama(snapshot)
    if not isinstance(ollama, Known):
        return (0, "") if isinstance(snapshot.ollama, Known) else _runners(snapshot)
    if ollama.value.presence is Presence.ABSENT:
        return 0, ""
    if not ollama.value.loaded:
        return _runners(snapshot)
    sizes = _in_ram(ollama.value, snapshot)
    return sum(size for size, _name in sizes), max(sizes, default=(0, ""))[1]


def _in_ram(ollama: Ollama, snapshot: Snapshot) -> list[tuple[int, str]]:
    """All of a model where GPU and CPU share the memory; else only what is not in VRAM."""
    gpu = value_of(snapshot.gpu)
    unified = gpu.unified if gpu is not None else snapshot.host.apple_silicon or not has_gpu(snapshot)
    sizes = [
        (model.size_bytes if unified else model.size_bytes - model.size_vram_bytes, model.name)
        for model in ollama.loaded
    ]
    return [(size, name) for size, name in sizes if size > 0]


def _runners(snapshot: Snapshot) -> tuple[int | None, str]:
    """While a model loads, or where Ollama does not answer, its runner tells."""
    processes = value_of(snapshot.processes)
    if processes is None:
        return None, ""
    runners = [one for one in processes.watched if one.role is ProcessRole.OLLAMA_RUNNER]
    sizes = [(one.memory_bytes, one.model or one.name) for one in runners if one.memory_bytes]
    if not sizes:
        return (None, "") if runners else (0, "")
    return sum(size for size, _name in sizes), max(sizes)[1]
