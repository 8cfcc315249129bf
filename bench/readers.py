"""What one look at memory and GPU costs, in CPU time, beside the least a look can cost: one read of /proc/meminfo.

    python bench/readers.py [--series 7] [--looks 200]

Every row is measured in turns within the same minute; the number is the least of several series in microseconds, and
how many times the floor that is. psutil's own call is there as the usual way. Without /proc the floor is that call.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from tray_app.core.diagnosis.pressure import PressureState, gauges, step
from tray_app.core.values.limits import Limits
from tray_app.readers.gpu import GpuReader
from tray_app.readers.memory import MemoryReader

MEMINFO = Path("/proc/meminfo")


def looks() -> dict[str, Callable[[], object]]:
    """The floor first."""
    memory, gpu = MemoryReader(), GpuReader()
    scale, limits = gauges(sys.platform, Limits()), {"available": 50.0, "psi-some-avg10": 0.0, "kernel-ratio": 0.9}
    floor = {"read /proc/meminfo": MEMINFO.read_bytes} if MEMINFO.exists() else {}
    return {
        **floor,
        "psutil.virtual_memory + swap_memory": lambda: (psutil.virtual_memory(), psutil.swap_memory()),
        "MemoryReader.collect": memory.collect,
        "MemoryReader.read": lambda: memory.read(time.time()),
        "GpuReader.read": lambda: gpu.read(time.time()),
        "core.pressure.step": lambda: step(PressureState(), scale, limits, 1.0),
    }


def least_us(functions: list[Callable[[], object]], count: int, series: int) -> list[float]:
    """Microseconds of CPU time per call; the functions take turns, so that a noisy second is everyone's."""
    best = [float("inf")] * len(functions)
    for _ in range(series):
        for index, function in enumerate(functions):
            function()
            began = time.process_time()
            for _ in range(count):
                function()
            best[index] = min(best[index], (time.process_time() - began) / count * 1e6)
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--series", type=int, default=7)
    parser.add_argument("--looks", type=int, default=200)
    options = parser.parse_args()
    named = looks()
    times = least_us(list(named.values()), options.looks, options.series)
    print(f"{'look':38} {'CPU us':>9} {'x floor':>8}")
    for name, spent in zip(named, times, strict=True):
        print(f"{name:38} {spent:9.1f} {spent / times[0]:8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
