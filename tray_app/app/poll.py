"""One poll: every source asked once, in the order in which they need each other.

Servers at the rhythm of app/rhythm.py, this machine each time.
"""

import time
from collections.abc import Callable, Collection

from msgspec.structs import replace

from tray_app.app.containers import ContainerReader
from tray_app.app.odd import read
from tray_app.app.rhythm import REQUEST_LIMIT_S, ollama_within, poll_within, unknown
from tray_app.app.servers import OllamaPoll, OpenWebUIPoll, RelayPoll
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.requests.anew import counted
from tray_app.core.requests.inputs import RequestState
from tray_app.core.requests.owners import with_environment, with_owners
from tray_app.core.requests.runners import LOADING_S, with_models, with_names
from tray_app.core.values.connections import Connections
from tray_app.core.values.errors.service import ServiceError
from tray_app.core.values.limits import Limits
from tray_app.core.values.plan import Record
from tray_app.core.values.reading import Known, Reading, value_of
from tray_app.core.values.requests import Requests, RunnerSlot
from tray_app.core.values.snapshot import (
    Gpu,
    Memory,
    Ollama,
    OllamaLog,
    Pressure,
    Processes,
    ProcessRole,
    ServerConfig,
    Slots,
    Snapshot,
    WatchedProcess,
)
from tray_app.readers.machine import Machine
from tray_app.services import runner
from tray_app.services.deadline import all_within


class Poll:
    """Remembers what the next poll needs; owned by one thread. `limits` and `written` are asked in each poll."""

    def __init__(
        self,
        machine: Machine,
        ollama: OllamaPoll,
        open_webui: OpenWebUIPoll,
        containers: ContainerReader,
        relay: RelayPoll,
        limits: Callable[[], Limits],
        written: Callable[[], tuple[Record, ...] | None],
        request_limit: Callable[[], float] = lambda: REQUEST_LIMIT_S,
        now: Callable[[], float] = time.time,
        uptime: Callable[[], float] = time.monotonic,
    ) -> None:
        self.machine = machine
        self.ollama = ollama
        self.open_webui = open_webui
        self._containers = containers
        self._relay = relay
        self._limits = limits
        self._written = written
        self._request_limit = request_limit
        self.now = now
        self.uptime = uptime
        self._requests = RequestState()
        self._runners: frozenset[int] = frozenset()
        self._first_seen: dict[tuple[int, float], float] = {}
        self._log_config = ServerConfig()
        self._was_loading = False
        self._was_running = 0
        self._answered = 0

    def take(self) -> Snapshot:
        """Memory first: a server that hangs delays only itself. A source that breaks is Unknown and ends no other."""
        with all_within(poll_within(self._request_limit())):
            return self._taken()

    def _taken(self) -> Snapshot:
        taken_at, uptime_s = self.now(), self.uptime()
        gpu = read(lambda: self.machine.gpu.read(taken_at))
        memory = self._memory(gpu, taken_at)
        processes = self._processes(memory, taken_at)
        log = self._without_ours(read(lambda: self.machine.log.read(taken_at, value_of(processes))))
        if isinstance(log, Known):
            self._log_config = log.value.config
        self.ollama.config = with_environment(self._log_config, value_of(processes))
        with all_within(ollama_within(self._request_limit())):
            ollama = read(lambda: self.ollama.take(uptime_s, taken_at, process_seen=_server_seen(processes)))
        if isinstance(ollama, Known):
            old = self._old_runners(processes, uptime_s)
            processes, log = self._named(processes, log, ollama.value, old)
        if _loading(processes):  # `/api/ps` leaves a model out until it is loaded
            self.ollama.look_again()
        relay = read(lambda: self._relay.take(taken_at))
        known = value_of(processes) or Processes()
        connections = read(lambda: self.machine.connections.read(taken_at, known, self.ollama.port))
        slots = _slots(known, connections, taken_at)
        requests_run = self._was_running > 0  # asked last: its own questions to Ollama open connections that it keeps
        open_webui = read(lambda: self.open_webui.take(uptime_s, taken_at, requests_run=requests_run))
        taken = Snapshot(
            taken_at=taken_at,
            uptime_s=uptime_s,
            host=self.machine.host,
            memory=memory,
            gpu=gpu,
            processes=processes,
            ollama=ollama,
            connections=connections,
            relay=relay,
            slots=slots,
            ollama_log=log,
            open_webui=open_webui,
            written=self._written(),
        )
        self._requests, snapshot = counted(self._requests, taken)
        self._notice_end(snapshot.requests)
        return snapshot

    def tell_relay(self, rules: LanesRules) -> None:
        """What the relay of chat first goes by from now on, where there is one."""
        with all_within(poll_within(self._request_limit())):
            self._relay.tell(rules)

    def look_again(self, *, models: bool = False) -> None:
        """A change was made; `models`: one was downloaded, deleted or unloaded too."""
        self.open_webui.look_again(models=models)
        if models:
            self.ollama.forget_installed()

    # --- this machine ------------------------------------------------------------------------

    def _memory(self, gpu: Reading[Gpu], taken_at: float) -> Reading[Memory]:
        spilled = gpu.value.spilled_bytes if isinstance(gpu, Known) else None
        limits, loading = self._limits(), self._was_loading
        return read(lambda: self.machine.memory.read(taken_at, limits, model_loading=loading, spilled_bytes=spilled))

    def _processes(self, memory: Reading[Memory], taken_at: float) -> Reading[Processes]:
        """Other programs are only weighed while memory is short."""
        found = read(lambda: self.machine.processes.read(taken_at, ask_others=_pressed(memory)))
        if isinstance(found, Known):
            containers = read(lambda: self._containers.read(taken_at))
            owned = with_owners(found.value, self.ollama.port, local=self.ollama.local)
            found = Known(replace(owned, containers=containers), found.taken_at)
            runners = frozenset(one.pid for one in owned.watched if _is_runner(one))
            if runners != self._runners:  # `/api/ps` has news
                self._runners = runners
                self.ollama.look_again()
        return found

    def _named(
        self, processes: Reading[Processes], log: Reading[OllamaLog], ollama: Ollama, old: Collection[int]
    ) -> tuple[Reading[Processes], Reading[OllamaLog]]:
        """Runners and log events with the names of their models; whether one is loading."""
        if isinstance(processes, Known):
            processes = Known(with_models(processes.value, ollama, old), processes.taken_at)
            self._was_loading = _loading(processes)
        if isinstance(log, Known):
            log = Known(with_names(log.value, ollama), log.taken_at)
        return processes, log

    def _without_ours(self, log: Reading[OllamaLog]) -> Reading[OllamaLog]:
        """Our own questions stand in the log, too: those that were answered since it was last read."""
        answered = self.ollama.service.answered
        ours, self._answered = answered - self._answered, answered
        if not isinstance(log, Known):
            return log
        return Known(replace(log.value, questions=max(0, log.value.questions - ours)), log.taken_at)

    def _old_runners(self, processes: Reading[Processes], uptime_s: float) -> frozenset[int]:
        """Runners that we have seen for longer than a load takes: what Ollama does not list then is not loading."""
        watched = processes.value.watched if isinstance(processes, Known) else ()
        runners = {(one.pid, one.started_at) for one in watched if one.role is ProcessRole.OLLAMA_RUNNER}
        self._first_seen = {one: self._first_seen.get(one, uptime_s) for one in runners}
        return frozenset(pid for (pid, _), since in self._first_seen.items() if uptime_s - since >= LOADING_S)

    # --- what makes a server be asked sooner -------------------------------------------------

    def _notice_end(self, requests: Reading[Requests]) -> None:
        """The end of requests moves a model's expiry: ask once more then."""
        running = (value_of(requests.value.running) or 0) if isinstance(requests, Known) else 0
        if running < self._was_running:
            self.ollama.look_again()
        self._was_running = running


def _slots(processes: Processes, connections: Reading[Connections], taken_at: float) -> Slots:
    """`/slots` of every llama-server of ours that has a connection, or whose connections cannot be seen."""
    answers = []
    away = {one.pid for one in processes.watched if one.apart}  # in a container's network: here its ports are others'
    for one in processes.watched:
        if not one.has_slots or not one.port or one.loading or not one.owner.is_ours or one.parent_pid in away:
            continue
        if isinstance(connections, Known) and connections.value.at_runner(one.port) == 0:
            continue  # idle: asking would only wake it
        answers.append((one.port, _ask_slots(one.port, taken_at)))
    return tuple(answers)


def _ask_slots(port: int, taken_at: float) -> Reading[tuple[RunnerSlot, ...]]:
    try:
        return read(lambda: Known(runner.slots(port), taken_at))
    except ServiceError as error:
        return unknown(error)


def _pressed(memory: Reading[Memory]) -> bool:
    return isinstance(memory, Known) and memory.value.pressure in {Pressure.WARNING, Pressure.CRITICAL}


def _loading(processes: Reading[Processes]) -> bool:
    return isinstance(processes, Known) and any(_is_runner(one) and one.loading for one in processes.value.watched)


def _is_runner(one: WatchedProcess) -> bool:
    return one.role is ProcessRole.OLLAMA_RUNNER and one.owner.is_ours


def _server_seen(processes: Reading[Processes]) -> bool:
    return isinstance(processes, Known) and any(
        one.role is ProcessRole.OLLAMA_SERVER and one.owner.is_ours for one in processes.value.watched
    )
