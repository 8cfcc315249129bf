"""What `elbowroom metrics` costs: a scrape, and standing by, beside the least that an exporter in Python can cost.

    python bench/metrics.py [--minutes 3] [--every 5] [--scrapes 300] [--hosts 1]

The floor is prometheus_client alone with as many samples, in a process of its own in the same minutes; a stand-in plays
each Ollama, idle (no model loaded) and then with a model and requests. Processor time is that of the whole process over
the time, in percent of one core; memory is what the system counts for it (RSS) and its own share (PSS, Linux).
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
from msgspec import Struct

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.ports import free_port
from tray_app.standins.models import BIG
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.scheduler import Pace
from tray_app.standins.server import wait_until
from tray_app.standins.upstream import Call, UpstreamError

ROOT = Path(__file__).parents[1]
FLOOR = """
import sys, threading
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily

class Numbers:
    def collect(self):
        for name in range(int(sys.argv[2])):
            made = GaugeMetricFamily(f"floor_{name}", "A number.", labels=("ollama",))
            made.add_metric(["http://127.0.0.1:11434"], float(name))
            yield made

registry = CollectorRegistry()
registry.register(Numbers())
start_http_server(int(sys.argv[1]), "127.0.0.1", registry=registry)
threading.Event().wait()
"""
SETTLE_S = 20.0
WARM_SCRAPES = 20


class Cost(Struct, frozen=True):
    """`cpu_percent` of a core while standing by; a scrape as a client sees it, and its processor time."""

    cpu_percent: float
    rss_mb: float
    pss_mb: float
    scrape_ms: float
    scrape_cpu_ms: float


class Served:
    """A process that is scraped."""

    def __init__(self, name: str, port: int, words: list[str]) -> None:
        self.name = name
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._child = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._process = psutil.Process(self._child.pid)
        self._spent_s = 0.0
        if not wait_until(self._answers, 60):
            self.end()
            raise RuntimeError(name)

    def _answers(self) -> bool:
        try:
            return bool(self.scrape())
        except OSError:
            return False

    def scrape(self) -> bytes:
        with urllib.request.urlopen(self._url, timeout=10) as answer:
            text: bytes = answer.read()
            return text

    @property
    def samples(self) -> int:
        return sum(not line.startswith(b"#") for line in self.scrape().splitlines())

    def spent_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def begin(self) -> None:
        self._spent_s = self.spent_s()

    def cost(self, seconds: float, scrapes: int) -> Cost:
        """Since `begin`, and of scrapes one after the other from now on."""
        standing_by = (self.spent_s() - self._spent_s) / seconds * 100
        memory = self._process.memory_full_info()
        for _ in range(WARM_SCRAPES):
            self.scrape()
        before, took = self.spent_s(), []
        for _ in range(scrapes):
            began = time.perf_counter()
            self.scrape()
            took.append((time.perf_counter() - began) * 1000)
        cpu_ms = (self.spent_s() - before) / scrapes * 1000
        pss = getattr(memory, "pss", 0)
        return Cost(standing_by, memory.rss / 1e6, pss / 1e6, statistics.median(took), cpu_ms)

    def end(self) -> None:
        self._child.terminate()
        self._child.wait()


@contextmanager
def asked(hosts: list[DemoOllama]) -> Iterator[None]:
    """Somebody chats at each all the time."""
    over = threading.Event()

    def chat(url: str) -> None:
        while not over.is_set():
            try:
                body = {"model": BIG, "messages": [{"role": "user", "content": "Hello"}], "stream": True}
                for _ in Call(url, "/api/chat", body).lines():
                    pass
            except UpstreamError:
                return

    threads = [threading.Thread(target=chat, args=(one.url,), daemon=True) for one in hosts for _ in range(2)]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        over.set()


def measured(served: list[Served], minutes: float, every: float, scrapes: int) -> dict[str, Cost]:
    """All of them in the same minutes, scraped as a Prometheus does."""
    time.sleep(SETTLE_S)
    for one in served:
        one.begin()
    began = time.monotonic()
    while time.monotonic() - began < minutes * 60:
        time.sleep(every)
        for one in served:
            one.scrape()
    seconds = time.monotonic() - began
    return {one.name: one.cost(seconds, scrapes) for one in served}


def shown(title: str, costs: dict[str, Cost]) -> None:
    print(f"\n{title}\n")
    print("| | standing by, of a core | RSS / PSS | a scrape | its processor time |")
    print("|---|---|---|---|---|")
    for name, one in costs.items():
        print(
            f"| {name} | {one.cpu_percent:.2f} % | {one.rss_mb:.1f} / {one.pss_mb:.1f} MB "
            f"| {one.scrape_ms:.1f} ms | {one.scrape_cpu_ms:.1f} ms |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two scrapes while standing by")
    parser.add_argument("--scrapes", type=int, default=300)
    parser.add_argument("--hosts", type=int, default=1)
    options = parser.parse_args()
    python = [sys.executable, "-P"]
    with ExitStack() as ends, tempfile.TemporaryDirectory() as home:
        hosts = [ends.enter_context(DemoOllama(pace=Pace(0.05, 0.001))) for _ in range(options.hosts)]
        port, named = free_port(), [word for one in hosts for word in ("--ollama", one.url)]
        words = ["metrics", "--home", home, "--listen", f"127.0.0.1:{port}", *named]
        ours = Served("elbowroom metrics", port, [*python, "-m", "tray_app", *words])
        ends.callback(ours.end)
        time.sleep(SETTLE_S)
        port, count = free_port(), str(ours.samples)
        floor = Served(f"prometheus_client alone, {count} samples", port, [*python, "-c", FLOOR, str(port), count])
        ends.callback(floor.end)
        how = f"scraped every {options.every:g} s for {options.minutes:g} minutes, {options.hosts} Ollama"
        both, times = [floor, ours], (options.minutes, options.every, options.scrapes)
        shown(f"Idle, no model loaded, {how}", measured(both, *times))
        with asked(hosts):
            shown(f"Two people chat at each, {how}", measured(both, *times))


if __name__ == "__main__":
    main()
