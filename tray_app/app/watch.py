"""One look: every source asked in order, one diagnosis, the remedies. Used by the command line and by the worker."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from tray_app.app.poll import OllamaPoll, OpenWebUIPoll
from tray_app.core.diagnosis.alerts import Alerts, Notice, Quiet, Told
from tray_app.core.diagnosis.alerts import step as step_alerts
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.diagnosis.recent import History, Moment
from tray_app.core.fit.candidates import Candidate
from tray_app.core.remedies.ranked import Strategy, remedies, strategies
from tray_app.core.values.finding import Diagnosis
from tray_app.core.values.limits import Limits
from tray_app.core.values.machine_look import MachineLook
from tray_app.core.values.reading import Known, Reading, value_of
from tray_app.core.values.remedy import Remedy
from tray_app.core.values.snapshot import (
    Host,
    Ollama,
    OpenWebUI,
    Processes,
    ProcessRole,
    Requests,
    Snapshot,
    WrittenSetting,
)

SECOND_SAMPLE_S = 1.0
LOADING_S = 300.0
"""Ollama gives up on a load after five minutes without progress (OLLAMA_LOAD_TIMEOUT)."""
NO_ALERTS = Alerts()


class Machine(Protocol):
    """This machine, real or played."""

    @property
    def host(self) -> Host: ...
    def look(self, taken_at: float) -> MachineLook: ...
    def named(self, seen: MachineLook, ollama: Reading[Ollama]) -> MachineLook: ...
    def requests(
        self,
        taken_at: float,
        uptime_s: float,
        seen: MachineLook,
        ollama: Reading[Ollama],
        open_webui: Reading[OpenWebUI],
    ) -> Reading[Requests]: ...


class Look(Struct, frozen=True):
    """One poll and what follows from it."""

    snapshot: Snapshot
    diagnosis: Diagnosis
    remedies: tuple[Remedy, ...]
    alerts: Alerts = NO_ALERTS
    notices: tuple[Notice, ...] = ()


class Observer:
    """Polls and judges. Keeps the history the rules may ask for; owned by one thread."""

    def __init__(
        self,
        machine: Machine,
        ollama: OllamaPoll,
        open_webui: OpenWebUIPoll,
        limits: Callable[[], Limits],
        candidates: Callable[[], tuple[Candidate, ...]],
        written: Callable[[], tuple[WrittenSetting, ...]],
        now: Callable[[], float] = time.time,
        uptime: Callable[[], float] = time.monotonic,
    ) -> None:
        self._machine = machine
        self.ollama = ollama
        self.open_webui = open_webui
        self._limits = limits
        self._candidates = candidates
        self._written = written
        self._now = now
        self._uptime = uptime
        self.history = History()
        self.alerts = Alerts()
        self._runners: frozenset[int] = frozenset()
        self._loading_since: float | None = None
        self._was_running = 0

    def snapshot(self) -> Snapshot:
        """Ask everything that is due. Memory first: a server that hangs delays only itself."""
        taken_at, uptime_s = self._now(), self._uptime()
        seen = self._machine.look(taken_at)
        if isinstance(seen.ollama_log, Known):
            self.ollama.config = seen.ollama_log.value.config
        self._notice_runners(seen.processes)
        ollama = self.ollama.take(uptime_s, taken_at, process_seen=_server_seen(seen.processes))
        seen = self._machine.named(seen, ollama)
        self._notice_loading(uptime_s, seen.processes)
        open_webui = self.open_webui.take(uptime_s, taken_at, requests_run=self._was_running > 0)
        requests = self._machine.requests(taken_at, uptime_s, seen, ollama, open_webui)
        self._notice_end(requests)
        return Snapshot(
            taken_at=taken_at,
            uptime_s=uptime_s,
            host=self._machine.host,
            memory=seen.memory,
            gpu=seen.gpu,
            processes=seen.processes,
            ollama=ollama,
            requests=requests,
            ollama_log=seen.ollama_log,
            open_webui=open_webui,
            written=self._written(),
        )

    def remember_told(self, told: Mapping[str, float]) -> None:
        """Notices of an earlier run still count for their cool-down."""
        self.alerts = replace(self.alerts, told=tuple(Told(cause, at) for cause, at in told.items()))

    def told(self) -> dict[str, float]:
        return {one.cause: one.at for one in self.alerts.told}

    def look(self, quiet: Quiet | None = None) -> Look:
        """One poll, judged against the polls before it; `quiet`: what the user does not want to hear."""
        snapshot = self.snapshot()
        limits = self._limits()
        diagnosis = diagnose(snapshot, self.history, limits)
        self.history = self.history.add(snapshot)
        self.alerts, notices = step_alerts(self.alerts, diagnosis, Moment.of(snapshot), limits, quiet)
        offered = remedies(diagnosis, snapshot, limits, candidates=self._candidates())
        return Look(snapshot, diagnosis, offered, self.alerts, notices)

    def strategies(self, look: Look) -> tuple[Strategy, ...]:
        """The three answers to the problem, with the one that suits this machine."""
        return strategies(look.diagnosis, look.snapshot, self._limits(), candidates=self._candidates())

    def look_twice(self, sleep: Callable[[float], object] = time.sleep) -> Look:
        """Two polls, so that rates are known. Whatever was asked a second ago is not asked again."""
        self.look()
        sleep(SECOND_SAMPLE_S)
        return self.look()

    def _notice_runners(self, processes: Reading[Processes]) -> None:
        """`/api/ps` has news when a runner came or went."""
        found = value_of(processes)
        if found is None:
            return
        runners = frozenset(one.pid for one in found.watched if one.role is ProcessRole.OLLAMA_RUNNER)
        if runners != self._runners:
            self._runners = runners
            self.ollama.look_again()

    def _notice_loading(self, uptime_s: float, processes: Reading[Processes]) -> None:
        """`/api/ps` leaves a model out until it is loaded. A runner that never shows up belongs to another server."""
        if not _loading(processes):
            self._loading_since = None
            return
        self._loading_since = self._loading_since or uptime_s
        if uptime_s - self._loading_since < LOADING_S:
            self.ollama.look_again()

    def _notice_end(self, requests: Reading[Requests]) -> None:
        """The end of requests moves a model's expiry: ask once more then."""
        known = value_of(requests)
        running = (value_of(known.running) if known else None) or 0
        if running < self._was_running:
            self.ollama.look_again()
        self._was_running = running


def _loading(processes: Reading[Processes]) -> bool:
    return isinstance(processes, Known) and any(
        one.role is ProcessRole.OLLAMA_RUNNER and one.loading for one in processes.value.watched
    )


def _server_seen(processes: Reading[Processes]) -> bool:
    return isinstance(processes, Known) and any(
        one.role is ProcessRole.OLLAMA_SERVER for one in processes.value.watched
    )
