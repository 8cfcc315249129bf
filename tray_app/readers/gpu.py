"""What models may use: a GPU's memory, the share of a unified memory, else RAM."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from msgspec.structs import replace

from tray_app.core.values.reading import Known, Reading, Unknown
from tray_app.core.values.snapshot import BudgetBasis, Gpu

if sys.platform == "darwin":
    from tray_app.readers import _gpu_macos as _gpu
    from tray_app.readers import _macos as _system
elif sys.platform == "win32":
    from tray_app.readers import _gpu_windows as _gpu
    from tray_app.readers import _windows as _system
else:
    from tray_app.readers import _gpu_linux as _gpu
    from tray_app.readers import _linux as _system

FULL_SHARE = 0.9
"""VRAM counts as full from here on; what shared memory grows after that is spill (NVIDIA's system memory fallback)."""


class Spill:
    """Shared GPU memory always has a floor that the desktop uses; only growth while VRAM is full is spill."""

    def __init__(self) -> None:
        self._floor_bytes: int | None = None

    def measure(self, gpu: Gpu) -> int | None:
        """None on unified memory, without the numbers, or as long as VRAM was never seen with room left."""
        if gpu.unified or gpu.used_bytes is None or gpu.shared_used_bytes is None:
            return None
        if gpu.used_bytes < FULL_SHARE * gpu.budget_bytes:
            self._floor_bytes = gpu.shared_used_bytes
            return 0
        if self._floor_bytes is None:
            return None
        return max(gpu.shared_used_bytes - self._floor_bytes, 0)


class GpuSystem(Protocol):
    def collect(self) -> Any: ...


class GpuReader:
    """`cache_path`: a small JSON file that keeps Metal's answer until the next boot; None: asked once per run.
    `metal`: the command that asks it, for a Mac."""

    def __init__(
        self, cache_path: Path | None = None, *, metal: Sequence[str] = (), collector: GpuSystem | None = None
    ) -> None:
        self._collector = collector or _collector(cache_path, metal)
        self._spill = Spill()
        self._ram: Reading[Gpu] | None = None

    def collect(self) -> Any:
        """The raw sources alone, for `doctor`: see readers/_raw.py sources()."""
        return self._collector.collect()

    def read(self, taken_at: float) -> Reading[Gpu]:
        """One poll. No subprocess, but for Metal's limit once per boot."""
        gpu = _gpu.decode(self._collector.collect())
        if isinstance(gpu, Unknown):
            return gpu
        if gpu is None:
            return self._in_ram(taken_at)
        return Known(replace(gpu, spilled_bytes=self._spill.measure(gpu)), taken_at)

    def _in_ram(self, taken_at: float) -> Reading[Gpu]:
        """RAM does not change, so it is read once; a container's limit counts as RAM."""
        if not isinstance(self._ram, Known):
            counters = _system.decode(_system.Collector().collect())
            if isinstance(counters, Unknown):
                return counters
            budget = min(counters.total_bytes, counters.limit_bytes or counters.total_bytes)
            self._ram = Known(Gpu(budget_bytes=budget, basis=BudgetBasis.RAM), taken_at)
        return Known(self._ram.value, taken_at)


def _collector(cache_path: Path | None, metal: Sequence[str]) -> GpuSystem:
    if sys.platform == "darwin":
        return _gpu.Collector(cache_path, metal=metal)
    else:  # noqa: RET505 - as a branch, the type checker reads it for the other systems only
        return _gpu.Collector()
