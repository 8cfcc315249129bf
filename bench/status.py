"""`elbowroom status` as a whole process beside `python -c "import httpx, psutil"`, in turn, on this machine.

    python bench/status.py [--runs 9]

Prints wall, CPU and peak memory of both (medians) and the ratios. Byte code is written before the first counted run,
and the second sample's pause of one second is part of the wall time.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import psutil

FLOOR = [sys.executable, "-c", "import httpx, psutil"]


@dataclass(frozen=True)
class Cost:
    wall_s: float
    cpu_s: float
    peak_mib: float


def once(command: list[str]) -> Cost:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (command, process.returncode)
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Cost(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(one, name) for one in costs) for name in ("wall_s", "cpu_s", "peak_mib")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        status = [sys.executable, "-m", "tray_app", "status", "--json", "--home", home]
        for command in (FLOOR, status):
            once(command)
        pairs = [(once(FLOOR), once(status)) for _ in range(runs)]
    floor, ours = median([one for one, _ in pairs]), median([two for _, two in pairs])
    print(f"{runs} runs in turn, medians      wall       CPU      peak memory")
    print(f"import httpx, psutil       {floor.wall_s:7.2f} s {floor.cpu_s:7.2f} s {floor.peak_mib:7.1f} MiB")
    print(f"elbowroom status --json    {ours.wall_s:7.2f} s {ours.cpu_s:7.2f} s {ours.peak_mib:7.1f} MiB")
    print(
        f"ratio                      {ours.wall_s / floor.wall_s:7.2f}   {ours.cpu_s / floor.cpu_s:7.2f}   "
        f"{ours.peak_mib / floor.peak_mib:7.2f}"
    )
    print(f"processes on this machine: {len(psutil.pids())}")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
