"""The played machine: a 32 GB Mac whose memory, processes and connections follow what the stand-ins really do.

Only the counters are played; everything above them is what runs on a real machine.
"""

import time
from collections.abc import Callable

from tray_app.core.values.connections import OPEN_WEBUI_POOL, RELAY_POOL, Client, Connections
from tray_app.core.values.reading import Known, Reading, Unknown, Why
from tray_app.core.values.snapshot import (
    BudgetBasis,
    Gpu,
    Host,
    OllamaLog,
    Processes,
    ProcessRole,
    ServerConfig,
    WatchedProcess,
)
from tray_app.core.values.units import GIB, MIB
from tray_app.readers._counters import Counters
from tray_app.readers.machine import Machine
from tray_app.readers.memory import MemoryReader
from tray_app.standins.ollama import DemoOllama

TOTAL = 32 * GIB
SYSTEM = 3 * GIB
PROGRAMS = 8 * GIB
"""A browser, an editor, Open WebUI: what else runs on such a machine."""
COMPRESSED_IDLE = 0.5 * GIB
COMPRESSED_PER_WAITING = 1.1 * GIB
"""Each waiting request brings its prompt and the prompt cache that llama-server keeps; programs are squeezed for it."""
MOST_SQUEEZED = 4.4 * GIB
"""What there is to squeeze: even then a small model still fits."""
SETTLE_S = 3.0
CLOCK = 10.0
"""The played kernel's clock runs ten times as fast, so that nobody has to wait a minute for pressure to ease."""
SETTINGS = ServerConfig(told=True)
"""The stand-in was started with none of its own."""
SERVER_PID, RUNNER_PID, WEBUI_PID = 501, 620, 480


def _fast_clock() -> float:
    return time.monotonic() * CLOCK


def played_machine(
    ollama: DemoOllama,
    *,
    settle_s: float = SETTLE_S,
    per_waiting: float = COMPRESSED_PER_WAITING,
    pressure_clock: Callable[[], float] = _fast_clock,
) -> Machine:
    """`ollama` is the stand-in whose load it shows. A story that must always be the same has no settling and a clock
    that it moves itself; `per_waiting`: what each waiting request squeezes."""
    memory = MemoryReader(
        collector=PlayedKernel(ollama, settle_s, per_waiting),
        decode=lambda counters: counters,
        platform="darwin",
        pressure_clock=pressure_clock,
    )
    host = Host("darwin", "15.6", "arm64", apple_silicon=True)
    return Machine(host, memory, PlayedGpu(ollama), PlayedProcesses(ollama), PlayedConnections(ollama), NoLog())


class PlayedKernel:
    """The compressor follows the queue with some delay, as programs are squeezed one after the other."""

    def __init__(self, ollama: DemoOllama, settle_s: float, per_waiting: float) -> None:
        self._ollama = ollama
        self._per_waiting = per_waiting
        self._settle_s = settle_s
        self._compressed = COMPRESSED_IDLE
        self._at = time.monotonic()

    def collect(self) -> Counters:
        now = time.monotonic()
        share = min(1.0, (now - self._at) / self._settle_s) if self._settle_s else 1.0
        self._at = now
        # The kernel leaves a squeezed program alone; what is not used soon stays compressed for a while.
        goal = COMPRESSED_IDLE + min(self._per_waiting * self._ollama.waiting, MOST_SQUEEZED)
        self._compressed += (goal - self._compressed) * share
        wired = SYSTEM + self._ollama.used_bytes()
        pages_free = max(GIB // 4, int(TOTAL - wired - self._compressed))
        return Counters(
            counted_at=now,
            total_bytes=TOTAL,
            available_bytes=max(GIB // 4, int(TOTAL - wired - self._compressed - PROGRAMS * 0.45)),
            gauges=(("kernel-ratio", pages_free / (pages_free + self._compressed * 2)),),
            swap_used_bytes=0,
            swap_total_bytes=0,
            swapped_in_bytes=0,
            swapped_out_bytes=0,
            wired_bytes=wired,
            compressed_bytes=int(self._compressed),
        )


class PlayedGpu:
    """Metal's limit, as far as the stand-in keeps to it."""

    def __init__(self, ollama: DemoOllama) -> None:
        self._ollama = ollama

    def read(self, taken_at: float) -> Reading[Gpu]:
        gpu = Gpu(
            budget_bytes=self._ollama.scheduler.budget_bytes,
            basis=BudgetBasis.METAL,
            name="Apple M1 Pro",
            unified=True,
            used_bytes=self._ollama.used_bytes(),
        )
        return Known(gpu, taken_at)


class PlayedProcesses:
    """The stand-in as a server with one runner for each loaded model, and an Open WebUI beside it."""

    def __init__(self, ollama: DemoOllama) -> None:
        self._ollama = ollama
        self._started_at = time.time()

    def read(
        self,
        taken_at: float,
        *,
        ask_others: bool = False,  # noqa: ARG002 - no other program is large enough here to be named
    ) -> Reading[Processes]:
        at = self._started_at
        server = WatchedProcess(SERVER_PID, at, ProcessRole.OLLAMA_SERVER, "ollama", 90 * MIB, 1.0, config=SETTINGS)
        web = WatchedProcess(WEBUI_PID, at, ProcessRole.OPEN_WEBUI, "open-webui", 700 * MIB, 2.0)
        runners = [
            WatchedProcess(
                pid=RUNNER_PID + index,
                started_at=at,
                role=ProcessRole.OLLAMA_RUNNER,
                name="llama-server",
                memory_bytes=600 * MIB,
                cpu_percent=12.0 if one.running() else 0.0,
                blob_digest=f"sha256-{one.model.blob_digest}",
                port=self._ollama.runner_port(one.model.name),
                context_length=one.context,
                parallel=one.slots,
                has_slots=True,
            )
            for index, one in enumerate(self._ollama.scheduler.loaded())
        ]
        return Known(Processes(watched=(server, *runners, web)), taken_at)


class PlayedConnections:
    """One connection for each request that runs or waits at the stand-in."""

    def __init__(self, ollama: DemoOllama) -> None:
        self._ollama = ollama
        self._clients: dict[int, Client] = {}
        self._ports = 50000

    def read(
        self,
        taken_at: float,
        processes: Processes,  # noqa: ARG002 - it asks the stand-in itself
        server_port: int,  # noqa: ARG002
    ) -> Reading[Connections]:
        scheduler = self._ollama.scheduler
        with scheduler.changed:
            work = [*scheduler.pending, *(one for runner in scheduler.runners for one in runner.work)]
            at_runner = [(self._ollama.runner_port(one.model.name), len(one.running())) for one in scheduler.runners]
        clients: dict[int, Client] = {}
        for one in work:
            self._ports += id(one) not in self._clients
            pool = RELAY_POOL if one.relayed else OPEN_WEBUI_POOL
            clients[id(one)] = self._clients.get(id(one)) or Client("127.0.0.1", self._ports, pool)
        self._clients = clients
        runners = tuple((port, count) for port, count in at_runner if port)
        return Known(Connections(tuple(clients.values()), runners), taken_at)


class NoLog:
    """The stand-in writes none."""

    def read(
        self,
        taken_at: float,  # noqa: ARG002 - every source is asked for a time
        processes: Processes | None = None,  # noqa: ARG002
    ) -> Reading[OllamaLog]:
        return Unknown(Why.MISSING, "server.log")

    def close(self) -> None:
        """Nothing is held open."""
