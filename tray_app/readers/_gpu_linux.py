"""GPUs on Linux: NVIDIA through NVML where its driver is loaded, AMD through amdgpu's files in /sys."""

import ctypes
import os
import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.snapshot import BudgetBasis, Gpu
from tray_app.readers._nvml import MemoryInfo, Nvml, Utilization
from tray_app.readers._raw import Source, number, read_file

# Signs of an NVIDIA driver; /dev/dxg is the one inside WSL 2.
_DRIVER = ("proc/driver/nvidia", "dev/nvidiactl", "dev/dxg")
# amdgpu files; sizes in bytes (kernel documentation, "amdgpu: Memory information and GPU busy").
_AMD = ("mem_info_vram_total", "mem_info_vram_used", "mem_info_gtt_used", "gpu_busy_percent", "product_name")
_INTEGRATED_BYTES = 1 << 30
"""A card with less memory of its own is a processor's graphics: models live in RAM there."""


class Raw(Struct, frozen=True):
    """`parts`: `nvml0-memory`, `card1-mem_info_vram_total` and the like. Empty: no GPU that we know how to ask."""

    parts: tuple[tuple[str, Source], ...] = ()


class Collector:
    def __init__(self, root: Path = Path("/"), nvml: Nvml | None = None) -> None:
        self._root = root
        self._nvml = nvml or Nvml()

    def collect(self) -> Raw:
        """NVML only where a driver is loaded: its library is large."""
        parts: list[tuple[str, Source]] = []
        if any(os.path.exists(self._root / sign) for sign in _DRIVER):
            parts += self._nvml.collect()
        for card in sorted((self._root / "sys/class/drm").glob("card[0-9]*/device/mem_info_vram_total")):
            name = card.parent.parent.name
            parts += [(f"{name}-{file}", read_file(card.parent / file)) for file in _AMD]
        return Raw(tuple(parts))


def decode(raw: Raw) -> Gpu | Unknown | None:
    """Cards of one maker added up, as Ollama spreads a model over them; None: no GPU, models live in RAM."""
    parts = dict(raw.parts)
    nvidia = _nvidia(parts)
    if isinstance(nvidia, Gpu):
        return nvidia
    return _amd(parts) or nvidia


def _nvidia(parts: Mapping[str, Source]) -> Gpu | Unknown | None:
    memories = {name: source for name, source in parts.items() if re.fullmatch(r"nvml\d+-memory", name)}
    answered = [
        MemoryInfo.from_buffer_copy(text)
        for text in memories.values()
        if isinstance(text, bytes) and _has(text, MemoryInfo)
    ]
    if not answered:
        problem = parts.get("nvml") or next(iter(memories.values()), None)
        if problem is None:
            return None
        refused = problem if isinstance(problem, Unknown) else Unknown(Why.BAD_ANSWER, "nvml")
        # Jetson and DGX Spark share one memory with the processor and have no number of their own.
        return None if refused.why is Why.UNSUPPORTED else refused
    busy = [
        Utilization.from_buffer_copy(text).gpu
        for name, text in parts.items()
        if name.endswith("-utilization") and isinstance(text, bytes) and _has(text, Utilization)
    ]
    return Gpu(
        budget_bytes=sum(memory.total for memory in answered),
        basis=BudgetBasis.VRAM,
        name=_text(parts.get("nvml0-name")),
        used_bytes=sum(min(memory.used, memory.total) for memory in answered),
        busy_percent=float(min(max(busy), 100)) if busy else None,
    )


def _amd(parts: Mapping[str, Source]) -> Gpu | None:
    cards = [
        name.removesuffix("-mem_info_vram_total")
        for name in parts
        if name.endswith("-mem_info_vram_total") and (_number(parts, name) or 0) >= _INTEGRATED_BYTES
    ]
    if not cards:
        return None
    used, shared, busy = (
        [value for card in cards if (value := _number(parts, f"{card}-{file}")) is not None]
        for file in ("mem_info_vram_used", "mem_info_gtt_used", "gpu_busy_percent")
    )
    return Gpu(
        budget_bytes=sum(_number(parts, f"{card}-mem_info_vram_total") or 0 for card in cards),
        basis=BudgetBasis.VRAM,
        name=_text(parts.get(f"{cards[0]}-product_name")),
        used_bytes=sum(used) if len(used) == len(cards) else None,
        shared_used_bytes=sum(shared) if len(shared) == len(cards) else None,
        busy_percent=float(min(max(busy), 100)) if busy else None,
    )


def _has(text: bytes, structure: type[MemoryInfo | Utilization]) -> bool:
    return len(text) >= ctypes.sizeof(structure)


def _number(parts: Mapping[str, Source], name: str) -> int | None:
    text = parts.get(name)
    return number(text) if isinstance(text, bytes) else None


def _text(source: Source | None) -> str:
    """A device's name, made safe to show: one line of printable characters."""
    text = source.decode("utf-8", "replace") if isinstance(source, bytes) else ""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:80]
