"""This machine as it is: the readers, and what they say together about requests."""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from tray_app.app.containers import ContainerReader
from tray_app.app.rhythm import unknown
from tray_app.core.requests.count import RequestInputs, RequestState, step
from tray_app.core.requests.runners import with_models, with_names
from tray_app.core.values.connections import Connections
from tray_app.core.values.errors import ServiceError
from tray_app.core.values.limits import Limits
from tray_app.core.values.machine_look import MachineLook
from tray_app.core.values.reading import Known, Reading, value_of
from tray_app.core.values.runner_slot import RunnerSlot
from tray_app.core.values.snapshot import (
    Host,
    Memory,
    Ollama,
    OpenWebUI,
    Pressure,
    Processes,
    ProcessRole,
    Requests,
)
from tray_app.readers.connections import ConnectionReader
from tray_app.readers.gpu import GpuReader
from tray_app.readers.host import host
from tray_app.readers.memory import MemoryReader
from tray_app.readers.processes import ProcessReader
from tray_app.readers.server_log import ServerLog
from tray_app.services import runner


class RealMachine:
    """Readers of this machine; owned by one thread."""

    def __init__(
        self,
        ollama_port: int,
        cache_dir: Path,
        limits: Callable[[], Limits],
        allow_docker: Callable[[], bool] = lambda: False,
    ) -> None:
        self._port = ollama_port
        self._memory = MemoryReader(limits())
        self._gpu = GpuReader(cache_dir / "gpu.json")
        self._processes = ProcessReader()
        self._containers = ContainerReader(allow_docker)
        self._connections = ConnectionReader()
        self._log = ServerLog()
        self._state = RequestState()
        self._pressed = False
        self._loading = False

    @property
    def host(self) -> Host:
        return host()

    def look(self, taken_at: float) -> MachineLook:
        """Memory, GPU, processes, log. Other programs are only weighed while memory is short."""
        gpu = self._gpu.read(taken_at)
        spilled = gpu.value.spilled_bytes if isinstance(gpu, Known) else None
        memory = self._memory.read(taken_at, model_loading=self._loading, spilled_bytes=spilled)
        self._pressed = _pressed(memory)
        processes = self._processes.read(taken_at, ask_others=self._pressed)
        if isinstance(processes, Known):
            found = replace(processes.value, containers=self._containers.read(taken_at))
            processes = Known(found, processes.taken_at)
        return MachineLook(memory, gpu, processes, self._log.read(taken_at))

    def close(self) -> None:
        self._log.close()
        self._containers.close()

    def named(self, seen: MachineLook, ollama: Reading[Ollama]) -> MachineLook:
        """Runners and log events with the names of their models; whether one is loading."""
        known = value_of(ollama)
        if known is None:
            return seen
        processes, log = seen.processes, seen.ollama_log
        if isinstance(processes, Known):
            processes = Known(with_models(processes.value, known), processes.taken_at)
            self._loading = any(one.loading for one in processes.value.watched)
        if isinstance(log, Known):
            log = Known(with_names(log.value, known), log.taken_at)
        return replace(seen, processes=processes, ollama_log=log)

    def requests(
        self,
        taken_at: float,
        uptime_s: float,
        seen: MachineLook,
        ollama: Reading[Ollama],
        open_webui: Reading[OpenWebUI],
    ) -> Reading[Requests]:
        """Connections and slots now, with what was remembered of the polls before."""
        processes = value_of(seen.processes) or Processes()
        connections = self._connections.read(taken_at, processes, self._port)
        inputs = RequestInputs(
            taken_at=taken_at,
            uptime_s=uptime_s,
            processes=seen.processes,
            ollama=ollama,
            connections=connections,
            slots=self._slots(processes, connections, taken_at),
            log=seen.ollama_log,
            open_webui=open_webui,
        )
        self._state, requests = step(self._state, inputs)
        return Known(requests, taken_at)

    def _slots(
        self, processes: Processes, connections: Reading[Connections], taken_at: float
    ) -> tuple[tuple[int, Reading[tuple[RunnerSlot, ...]]], ...]:
        """`/slots` of every llama-server that has a connection, or whose connections cannot be seen."""
        answers = []
        for one in processes.watched:
            if one.role is not ProcessRole.OLLAMA_RUNNER or not one.port or one.loading:
                continue
            if not one.name.startswith("llama-server"):
                continue  # older runners have no such endpoint
            if isinstance(connections, Known) and connections.value.at_runner(one.port) == 0:
                continue  # idle: asking would only wake it
            answers.append((one.port, self._ask_slots(one.port, taken_at)))
        return tuple(answers)

    @staticmethod
    def _ask_slots(port: int, taken_at: float) -> Reading[tuple[RunnerSlot, ...]]:
        try:
            found = runner.slots(port)
        except ServiceError as error:
            return unknown(error)
        return Known(found, taken_at)


def _pressed(memory: Reading[Memory]) -> bool:
    return isinstance(memory, Known) and memory.value.pressure in {Pressure.WARNING, Pressure.CRITICAL}
