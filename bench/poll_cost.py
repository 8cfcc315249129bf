"""What one look at the processes costs with 100, 1,000 and 3,000 sleeping ones beside it, in CPU time.

    python bench/poll_cost.py [--series 5] [--polls 20] [--counts 100 1000 3000]

Two yardsticks run in the same minute on the same processes: `psutil.pids()` alone, the least that a look can cost, and
`psutil.process_iter` with name, command line, memory and processor time, the usual way. Watched are one Ollama server,
one runner and one Open WebUI, played by sleeping processes. Numbers are the least of several series, in milliseconds
of this process's CPU time per look. Then each reader alone. Needs a POSIX system; takes about two minutes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from tray_app.core.values.snapshot import Processes
from tray_app.readers.connections import ConnectionReader
from tray_app.readers.gpu import GpuReader
from tray_app.readers.memory import MemoryReader
from tray_app.readers.ollama_log import LogFollower
from tray_app.readers.processes import YOUNG_S, ProcessReader

BLOB = "sha256-" + "0" * 64
ATTRIBUTES = ["name", "cmdline", "memory_info", "cpu_times"]


def cpu_ms(looks: list[Callable[[], object]], polls: int, series: int) -> list[float]:
    """Milliseconds of CPU time per call: the least of several series, for the rest is other people's noise.

    The looks take turns, so that a noisy minute is everyone's.
    """
    best = [float("inf")] * len(looks)
    for _ in range(series):
        for index, look in enumerate(looks):
            look()
            began = time.process_time()
            for _ in range(polls):
                look()
            best[index] = min(best[index], (time.process_time() - began) / polls * 1000)
    return best


@contextmanager
def sleepers() -> Iterator[Callable[[int], None]]:
    """Gives a function that brings the number of sleeping children up to a count; all end with the block."""
    children: list[subprocess.Popen[bytes]] = []

    def grow(count: int) -> None:
        while len(children) < count:
            children.append(subprocess.Popen(["sleep", "3600"], stdin=subprocess.DEVNULL))

    try:
        yield grow
    finally:
        end(children)


@contextmanager
def watched() -> Iterator[list[int]]:
    """An Ollama server, a runner and an Open WebUI, as far as a process list shows."""
    nap = "import time; time.sleep(3600)"
    with tempfile.TemporaryDirectory() as folder:
        server, runner = Path(folder, "ollama"), Path(folder, "llama-server")
        server.symlink_to("/bin/sh")
        runner.symlink_to(sys.executable)
        Path(folder, "serve").write_text("read line\n")
        model = ["--model", f"/models/blobs/{BLOB}", "--port", "4000"]
        children = [
            subprocess.Popen([server, "serve"], cwd=folder, stdin=subprocess.PIPE),
            subprocess.Popen([runner, "-c", nap, *model]),
            subprocess.Popen([sys.executable, "-c", nap, "open-webui", "serve"]),
        ]
        try:
            time.sleep(0.5)
            yield [child.pid for child in children]
        finally:
            end(children)


def end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.kill()
    for child in children:
        child.wait()
        if child.stdin:
            child.stdin.close()


def processes(counts: list[int], polls: int, series: int) -> None:
    rows: list[tuple[int, int, float, float, float, float]] = []
    with watched() as played, sleepers() as grow:
        for count in counts:
            grow(count)
            time.sleep(YOUNG_S + 2)  # a young process is looked at more often: measure the rest of the day
            reader = ProcessReader()
            found = reader.read(0.0)
            missing = set(played) - {one.pid for one in getattr(found, "value", Processes()).watched}
            assert not missing, f"not found: {missing}"
            looks: list[Callable[[], object]] = [
                partial(reader.read, 0.0),
                partial(reader.read, 0.0, ask_others=True),
                psutil.pids,
            ]
            look, asked, floor = cpu_ms(looks, polls, series)
            (usual,) = cpu_ms([lambda: list(psutil.process_iter(ATTRIBUTES))], 2, series)
            rows.append((count, len(psutil.pids()), look, asked, floor, usual))
    print("| sleeping | processes | our look | with the largest other | pids() alone | process_iter | usual / ours |")
    print("|---|---|---|---|---|---|---|")
    for count, total, look, asked, floor, usual in rows:
        cells = [f"{value:.2f} ms" for value in (look, asked, floor, usual)]
        print(f"| {count} | {total} | {' | '.join(cells)} | {usual / look:.0f}x |")
    (first, *_), (last, *_) = rows[:1], rows[-1:]
    allowed = 1.5 * first[2] + last[4]
    print(
        f"\n{last[0]} against {first[0]} sleeping: {last[2]:.2f} ms, allowed 1.5 x {first[2]:.2f} + {last[4]:.2f}"
        f" = {allowed:.2f} ms: {'holds' if last[2] <= allowed else 'EXCEEDED'}"
    )


def readers(polls: int, series: int) -> None:
    """Each reader's own time, so that a slow one can be seen."""
    with tempfile.TemporaryDirectory() as folder, watched():
        log = Path(folder, "server.log")
        log.write_bytes(b"start\n")
        follower = LogFollower(log)
        follower.read(0.0)
        load = b"llama_model_loader: - kv   0: general.architecture str = llama\n" * 190
        access = b'[GIN] 2026/11/22 - 13:21:01 | 200 |  1.948528468s |  127.0.0.1 | POST     "/api/chat"\n'
        found = getattr(ProcessReader().read(0.0), "value", Processes())
        memory, gpu, connections = MemoryReader(), GpuReader(), ConnectionReader()

        def busy_log() -> None:
            with log.open("ab") as file:
                file.write(load + access * 5)
            follower.read(0.0)

        looks: list[tuple[str, Callable[[], object]]] = [
            ("memory", lambda: memory.read(time.time())),
            ("gpu", lambda: gpu.read(time.time())),
            ("connections", lambda: connections.read(0.0, found, 11434)),
            ("log, nothing new", lambda: follower.read(0.0)),
            ("log, one load and five requests", busy_log),
        ]
        print("\n| reader | CPU per look |\n|---|---|")
        for (name, _), cost in zip(looks, cpu_ms([look for _, look in looks], polls, series), strict=True):
            print(f"| {name} | {cost:.3f} ms |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 1000, 3000])
    parser.add_argument("--polls", type=int, default=20)
    parser.add_argument("--series", type=int, default=5)
    options = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, psutil {psutil.__version__}, {os.cpu_count()} processors\n")
    processes(options.counts, options.polls, options.series)
    readers(options.polls, options.series)


if __name__ == "__main__":
    main()
