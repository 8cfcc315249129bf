"""`elbowroom status`, `settings` and `journal` as whole processes beside the least that a look at a server costs.

    python bench/status.py [--runs 9]

The floor imports httpx and psutil and makes one GET that is refused: httpx loads its transport only with its first
client, and every command of ours needs one. Prints wall, CPU and peak memory (medians, all commands in turn) and the
ratios. Byte code is written before the first counted run; the pause of one second between the two samples of
`status` is part of its wall time.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import psutil
from msgspec import Struct

REFUSED = "http://127.0.0.1:9"
FLOOR = f"""
import httpx, psutil
try:
    httpx.get({REFUSED!r})
except httpx.ConnectError:
    pass
"""


class Cost(Struct, frozen=True):
    wall_s: float
    cpu_s: float
    peak_mib: float


def once(command: list[str]) -> Cost:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # `settings` ends with 1 where no server answers, `journal` with 3 where it is empty.
    assert process.returncode in {0, 1, 3}, (command, process.returncode)
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Cost(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(one, name) for one in costs) for name in Cost.__struct_fields__))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        ours = [sys.executable, "-m", "tray_app", "--home", home, "--ollama", REFUSED, "--open-webui", REFUSED]
        commands = {
            "import httpx, psutil; one refused GET": [sys.executable, "-c", FLOOR],
            "elbowroom status --json": [*ours, "status", "--json"],
            "elbowroom settings": [*ours, "settings"],
            "elbowroom journal": [*ours, "journal"],
        }
        for command in commands.values():
            once(command)
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                costs[name].append(once(command))
    floor = median(costs["import httpx, psutil; one refused GET"])
    print(f"{f'{runs} runs in turn, medians':40}{'wall s':>8}{'CPU s':>8}{'MiB':>8}   CPU ratio  memory ratio")
    for name, found in costs.items():
        one = median(found)
        ratios = f"{one.cpu_s / floor.cpu_s:12.2f}{one.peak_mib / floor.peak_mib:14.2f}"
        print(f"{name:40}{one.wall_s:8.2f}{one.cpu_s:8.3f}{one.peak_mib:8.1f}{ratios}")
    print(f"Python {sys.version.split()[0]}, {len(psutil.pids())} processes on this machine")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
