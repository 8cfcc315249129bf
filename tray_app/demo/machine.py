"""The played machine: a 32 GB Mac whose memory, processes and connections follow what the stand-ins really do.

Only the counters are played. Pressure comes from core/diagnosis and requests from core/requests, as on a real one.
"""

import time
from collections.abc import Iterator

from msgspec.structs import replace

from tray_app.core.diagnosis.pressure import PressureState, gauges, step
from tray_app.core.requests.count import RequestInputs, RequestState
from tray_app.core.requests.count import step as step_requests
from tray_app.core.requests.runners import with_models
from tray_app.core.values.connections import Client, Connections
from tray_app.core.values.errors import ServiceError
from tray_app.core.values.limits import Limits
from tray_app.core.values.machine_look import MachineLook
from tray_app.core.values.reading import Known, Reading, Unknown, Why, value_of
from tray_app.core.values.runner_slot import RunnerSlot
from tray_app.core.values.snapshot import (
    BudgetBasis,
    Gpu,
    Host,
    Memory,
    Ollama,
    OpenWebUI,
    Processes,
    ProcessRole,
    Requests,
    WatchedProcess,
)
from tray_app.core.values.units import GIB
from tray_app.services import runner as runner_service
from tray_app.standins.ollama import DemoOllama

TOTAL = 32 * GIB
SYSTEM = 3 * GIB
PROGRAMS = 8 * GIB
"""A browser, an editor, Open WebUI: what else runs on such a machine."""
COMPRESSED_IDLE = 0.5 * GIB
COMPRESSED_PER_WAITING = 1.1 * GIB
"""Each waiting request brings its prompt and the prompt cache that llama-server keeps; programs are squeezed for it."""
SETTLE_S = 3.0
CLOCK = 10.0
"""The played kernel's clock runs ten times as fast, so that nobody has to wait a minute for pressure to ease."""
SERVER_PID, RUNNER_PID = 501, 620


class PlayedMachine:
    """What `observer.Machine` asks for; `ollama` is the stand-in whose load it shows."""

    def __init__(self, ollama: DemoOllama) -> None:
        self._ollama = ollama
        self._started_at = time.time()
        self._compressed = COMPRESSED_IDLE
        self._at = time.monotonic()
        self._pressure = PressureState()
        self._requests = RequestState()
        self._clients: dict[int, Client] = {}
        self._ports = 50000

    @property
    def host(self) -> Host:
        return Host("darwin", "15.6", "arm64", apple_silicon=True)

    def look(self, taken_at: float) -> MachineLook:
        gpu = Gpu(
            budget_bytes=self._ollama.scheduler.budget_bytes,
            basis=BudgetBasis.METAL,
            name="Apple M2 Pro",
            unified=True,
            used_bytes=self._ollama.used_bytes(),
        )
        return MachineLook(
            memory=Known(self._memory(), taken_at),
            gpu=Known(gpu, taken_at),
            processes=Known(self._processes(), taken_at),
            ollama_log=Unknown(Why.MISSING, "server.log"),
        )

    def named(self, seen: MachineLook, ollama: Reading[Ollama]) -> MachineLook:
        known, processes = value_of(ollama), value_of(seen.processes)
        if known is None or processes is None or not isinstance(seen.processes, Known):
            return seen
        return replace(seen, processes=Known(with_models(processes, known), seen.processes.taken_at))

    def requests(
        self,
        taken_at: float,
        uptime_s: float,
        seen: MachineLook,
        ollama: Reading[Ollama],
        open_webui: Reading[OpenWebUI],
    ) -> Reading[Requests]:
        """The real counting over played connections and the stand-in's own `/slots`."""
        inputs = RequestInputs(
            taken_at=taken_at,
            uptime_s=uptime_s,
            processes=seen.processes,
            ollama=ollama,
            connections=Known(self._connections(), taken_at),
            slots=tuple(self._slots(taken_at)),
            open_webui=open_webui,
        )
        self._requests, requests = step_requests(self._requests, inputs)
        return Known(requests, taken_at)

    def _memory(self) -> Memory:
        """The compressor follows the queue with some delay, as programs are squeezed one after the other."""
        now = time.monotonic()
        share = min(1.0, (now - self._at) / SETTLE_S)
        self._at = now
        # The kernel leaves a squeezed program alone; what is not used soon stays compressed for a while.
        goal = COMPRESSED_IDLE + COMPRESSED_PER_WAITING * min(self._ollama.waiting, 4)
        self._compressed += (goal - self._compressed) * share
        wired = SYSTEM + self._ollama.used_bytes()
        available = max(GIB // 4, int(TOTAL - wired - self._compressed - PROGRAMS * 0.45))
        pages_free = max(GIB // 4, int(TOTAL - wired - self._compressed))
        ratio = pages_free / (pages_free + self._compressed * 2)
        judged = step(self._pressure, gauges("darwin", Limits()), {"kernel-ratio": ratio}, now * CLOCK)
        self._pressure = judged.state
        return Memory(
            total_bytes=TOTAL,
            available_bytes=available,
            pressure=judged.pressure,
            inputs=judged.inputs,
            swap_used_bytes=0,
            swap_total_bytes=0,
            wired_bytes=wired,
            compressed_bytes=int(self._compressed),
        )

    def _processes(self) -> Processes:
        server = WatchedProcess(
            SERVER_PID, self._started_at, ProcessRole.OLLAMA_SERVER, "ollama", memory_bytes=90 * 2**20, cpu_percent=1.0
        )
        runners = [
            WatchedProcess(
                pid=RUNNER_PID + index,
                started_at=self._started_at,
                role=ProcessRole.OLLAMA_RUNNER,
                name="llama-server",
                memory_bytes=600 * 2**20,
                cpu_percent=12.0 if one.running() else 0.0,
                parent_pid=SERVER_PID,
                blob_digest=f"sha256-{one.model.blob_digest}",
                port=self._ollama.runner_port(one.model.name),
                context_length=one.context,
                parallel=one.slots,
            )
            for index, one in enumerate(self._ollama.scheduler.loaded())
        ]
        return Processes(watched=(server, *runners))

    def _connections(self) -> Connections:
        """One connection for each request that runs or waits at the stand-in."""
        scheduler = self._ollama.scheduler
        with scheduler.changed:
            work = [*scheduler.pending, *(one for runner in scheduler.runners for one in runner.work)]
            at_runner = [(self._ollama.runner_port(one.model.name), len(one.running())) for one in scheduler.runners]
        clients: dict[int, Client] = {}
        for one in work:
            self._ports += id(one) not in self._clients
            clients[id(one)] = self._clients.get(id(one)) or Client("127.0.0.1", self._ports, "open-webui")
        self._clients = clients
        return Connections(tuple(clients.values()), tuple((port, count) for port, count in at_runner if port))

    def _slots(self, taken_at: float) -> Iterator[tuple[int, Reading[tuple[RunnerSlot, ...]]]]:
        for one in self._ollama.scheduler.loaded():
            port = self._ollama.runner_port(one.model.name)
            if port is None:
                continue
            try:
                yield port, Known(runner_service.slots(port), taken_at)
            except ServiceError as error:
                yield port, Unknown(Why.BAD_ANSWER, error.detail)
