"""Ollama's and Open WebUI's processes: found once, then only the found ones are looked at.

One poll costs one list of process ids, one look at each new process, and CPU and memory of the few that matter.
"""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil
from msgspec.structs import replace

from tray_app.core.values.reading import Known, Reading, Unknown, Why
from tray_app.core.values.snapshot import OtherProcess, Processes, ProcessRole, ServerConfig, WatchedProcess
from tray_app.readers import footprint_macos
from tray_app.readers.largest import LargestPrograms
from tray_app.readers.left_behind import is_mine
from tray_app.readers.listening import Listening, listening
from tray_app.readers.odd import NO_ANSWER
from tray_app.readers.roles import clean_name, could_matter, program, role_of, runner_facts
from tray_app.readers.server_output import settings_of

YOUNG_S = 12.0
"""A process may still be a copy of its parent (fork, then exec): a new one is looked at again for so long."""
SWEEP, SWEEP_EVERY_S = 4, 5.0
"""Old processes looked at again so often, in turn, for an exec later in life or a reused id: no more often while
somebody waits and polls come faster."""
SETTLES_S = 30.0
"""A server listens a moment after its start, and is asked again until then."""
_FAMILY = {ProcessRole.OLLAMA_SERVER, ProcessRole.OLLAMA_RUNNER}
_REAPERS = {"init", "launchd", "systemd"}
"""What becomes the parent of a process whose own parent ended."""
_GONE = (psutil.NoSuchProcess, psutil.ZombieProcess)
_HIDDEN = (psutil.AccessDenied, RuntimeError)  # the second: see NO_ANSWER


@dataclass(slots=True)
class _Watched:
    """A process that matters and what was seen of it before. `busy_s` is its CPU time at `looked_at` (monotonic)."""

    process: psutil.Process
    identity: WatchedProcess
    looked_at: float = 0.0
    busy_s: float | None = None


@dataclass(slots=True)
class _Look:
    """One process as it is right now. `command_line` None: hidden from us, or the name says that it cannot matter."""

    process: psutil.Process
    name: str
    parent: int | None = None
    command_line: list[str] | None = None


@dataclass(slots=True)
class _Young:
    """A process to look at again until then (monotonic)."""

    until: float
    process: psutil.Process | None = None


class ProcessReader:
    """Keeps what it found between polls; not for use from several threads."""

    def __init__(
        self,
        *,
        system: str = sys.platform,
        pids: Callable[[], Iterable[int]] = psutil.pids,
        process: Callable[[int], psutil.Process] = psutil.Process,
        clock: Callable[[], float] = time.monotonic,
        ports: Callable[[int], Listening] = listening,
        settings: Callable[[int], ServerConfig | None] = settings_of,
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._pids = pids
        self._process = process
        self._clock = clock
        self._memory = _memory_call(system)
        self._largest = LargestPrograms(process, self._memory, clock)
        self._watched: dict[int, _Watched] = {}
        self._listed: list[int] = []
        self._known: set[int] = set()
        self._young: dict[int, _Young] = {}
        self._turn: list[int] = []
        self._sweep_due = float("-inf")
        self._starting = True
        self._nameless = False

    def read(self, taken_at: float, *, ask_others: bool = False) -> Reading[Processes]:
        """Unknown only where the list of processes, or the name of every single one, cannot be had."""
        try:
            listed = list(self._pids())
        except NO_ANSWER as error:
            return Unknown(Why.DENIED, clean_name(str(error)))
        now = self._clock()
        present = self._known
        if listed != self._listed:  # comparing lists is cheaper than making sets
            self._listed, present = listed, set(listed)
            self._forget(present)
        self._find(self._candidates(present, now))
        if self._nameless:
            return Unknown(Why.DENIED, "process names")
        watched = tuple(filter(None, (self._measure(item, now) for item in list(self._watched.values()))))
        largest: OtherProcess | None = None
        if ask_others:
            largest = self._largest.read(present - self._watched.keys())
        return Known(Processes(watched=watched, largest_other=largest), taken_at)

    def _forget(self, present: set[int]) -> None:
        for pid in self._known - present:
            self._young.pop(pid, None)
            self._watched.pop(pid, None)

    def _candidates(self, present: set[int], now: float) -> list[int]:
        """New and young processes, and a few old ones in turn."""
        new = present - self._known if present is not self._known else set()
        if self._known:  # at our own start the rest of the machine is not new
            self._young.update((pid, _Young(now + YOUNG_S)) for pid in new)
        self._starting = not self._known
        self._known = present
        self._young = {pid: young for pid, young in self._young.items() if now <= young.until}
        turn: list[int] = []
        if now >= self._sweep_due:
            self._sweep_due = now + SWEEP_EVERY_S
            self._turn = self._turn or list(present)
            turn, self._turn = self._turn[-SWEEP:], self._turn[:-SWEEP]
        return [pid for pid in dict.fromkeys((*new, *self._young, *turn)) if pid in present]

    def _find(self, candidates: list[int]) -> None:
        """Give each candidate its role, or take it away from one that has become another program."""
        looks = {pid: look for pid in candidates if (look := self._look(pid)) is not None}
        if self._starting or looks:  # our own is among the first: where not even that has a name, nothing was seen
            self._nameless = bool(candidates) and not looks
        roles: dict[int, ProcessRole] = {}
        for pid, look in looks.items():
            role = role_of(look.name, look.command_line, parent_is_ollama=self._is_ollama(look.parent, looks))
            if role is not None:
                roles[pid] = role
        # Open WebUI's workers carry its load and none of its words: they count by descent.
        web = {pid for pid, role in roles.items() if role is ProcessRole.OPEN_WEBUI}
        web |= {
            pid for pid, item in self._watched.items() if item.identity.role is ProcessRole.OPEN_WEBUI
        } - looks.keys()
        while below := {pid for pid, look in looks.items() if look.parent in web and pid not in roles}:
            roles.update(dict.fromkeys(below, ProcessRole.OPEN_WEBUI))
            web |= below
        for pid, look in looks.items():
            if pid in roles:
                self._watch(look, roles[pid])
            else:
                self._watched.pop(pid, None)

    def _is_ollama(self, parent: int | None, looks: dict[int, _Look]) -> bool:
        if parent in looks:
            return program(looks[parent].name) == "ollama"
        return parent in self._watched and program(self._watched[parent].identity.name) == "ollama"

    def _look(self, pid: int) -> _Look | None:
        """A process that cannot matter costs one look at its name."""
        young = self._young.get(pid)
        try:
            process = young.process if young and young.process else self._process(pid)
            if young:
                young.process = process
            with process.oneshot():
                if self._starting and time.time() - process.create_time() <= YOUNG_S:
                    self._young[pid] = _Young(self._clock() + YOUNG_S, process)
                look = _Look(process, process.name())
                if could_matter(look.name):
                    look.command_line = _command_line(process)
                    look.parent = process.ppid()
        except NO_ANSWER:
            return None
        return look

    def _watch(self, look: _Look, role: ProcessRole) -> None:
        try:
            started_at = look.process.create_time()
        except NO_ANSWER:
            return
        identity = WatchedProcess(
            pid=look.process.pid,
            started_at=started_at,
            role=role,
            name=clean_name(look.name),
            has_slots=role is ProcessRole.OLLAMA_RUNNER and program(look.name).startswith("llama-server"),
            parent_pid=look.parent if role in _FAMILY else None,
        )
        known = self._watched.get(identity.pid)
        if role is ProcessRole.OLLAMA_SERVER:
            identity = self._with_ports(identity, known.identity if known else None)
        if role is ProcessRole.OLLAMA_RUNNER:
            identity = self._with_parent(identity, look.parent, known.identity if known else None)
        if role is ProcessRole.OLLAMA_RUNNER and look.command_line:
            facts = runner_facts(look.command_line)
            identity = replace(
                identity,
                blob_digest=facts.blob_digest,
                model=facts.model,
                port=facts.port,
                context_length=facts.context_length,
                parallel=facts.parallel,
            )
        if known is None or known.identity != identity:
            self._watched[identity.pid] = _Watched(look.process, identity)

    def _with_ports(self, server: WatchedProcess, known: WatchedProcess | None) -> WatchedProcess:
        """Where it listens, and its settings: asked once, and again while it starts."""
        if known is not None and known.started_at == server.started_at:
            server = replace(server, ports=known.ports, apart=known.apart, config=known.config)
            if known.ports or time.time() - server.started_at > SETTLES_S:
                return server
        server = replace(server, config=self._settings(server.pid))
        found = self._ports(server.pid)
        return replace(server, ports=found.ports, apart=found.apart)

    def _with_parent(self, runner: WatchedProcess, parent: int | None, known: WatchedProcess | None) -> WatchedProcess:
        """A parent changes only when it ends: whoever takes its place, the runner is left behind."""
        seen = known is not None and known.started_at == runner.started_at and known.parent_pid is not None
        moved = known is not None and seen and (known.orphaned or parent != known.parent_pid)
        gone = moved or (parent is not None and self._is_gone(parent, runner.started_at))
        return replace(runner, parent_pid=parent, orphaned=gone, mine=self._is_mine(runner.pid) if gone else None)

    def _is_mine(self, pid: int) -> bool | None:
        try:
            return is_mine(self._process(pid))
        except NO_ANSWER:
            return None

    def _is_gone(self, parent: int, started_at: float) -> bool:
        """Did the parent end? Then another process took its place as the parent, or (on Windows) perhaps its id."""
        if parent <= 1 or parent not in self._known:
            return True
        try:
            process = self._process(parent)
            return process.create_time() > started_at + 1 or program(process.name()) in _REAPERS
        except NO_ANSWER:
            return False

    def _followed(self, item: _Watched) -> None:
        """A runner's server may end, a server that starts may listen only now."""
        known = item.identity
        if known.role is ProcessRole.OLLAMA_SERVER and not known.ports:
            item.identity = self._with_ports(known, known)
        if known.role is ProcessRole.OLLAMA_RUNNER and known.parent_pid is not None and not known.orphaned:
            try:
                parent = item.process.ppid()
            except NO_ANSWER:
                return
            if parent != known.parent_pid or parent not in self._known:
                item.identity = self._with_parent(known, parent, known)

    def _measure(self, item: _Watched, now: float) -> WatchedProcess | None:
        """CPU and memory now; None and forgotten when the process is gone or its id was given to another."""
        try:
            if not item.process.is_running():
                raise psutil.NoSuchProcess(item.identity.pid)
            with item.process.oneshot():
                memory = self._memory(item.process)
                cpu = self._cpu_percent(item, now)
                self._followed(item)
        except _GONE:
            del self._watched[item.identity.pid]
            # Whoever has the id now is new, also where the list looks the same.
            self._known.discard(item.identity.pid)
            self._listed = []
            self._young.pop(item.identity.pid, None)
            return None
        return replace(item.identity, memory_bytes=memory, cpu_percent=cpu)

    @staticmethod
    def _cpu_percent(item: _Watched, now: float) -> float | None:
        """Of one core since the last poll; None at the first, where it is denied, or when the counter went back."""
        try:
            times = item.process.cpu_times()
        except _HIDDEN:
            return None
        busy = times.user + times.system
        before, elapsed = item.busy_s, now - item.looked_at
        item.busy_s, item.looked_at = busy, now
        if before is None or busy < before or elapsed <= 0:
            return None
        return 100 * (busy - before) / elapsed


def _command_line(process: psutil.Process) -> list[str] | None:
    """None where the OS hides it. A process may write any bytes there, and any amount."""
    try:
        return process.cmdline()
    except _HIDDEN:
        return None


def _memory_call(system: str) -> Callable[[psutil.Process], int | None]:
    """The call that gives a process's memory: the footprint on macOS, the resident size elsewhere."""

    def resident(process: psutil.Process) -> int | None:
        try:
            return int(process.memory_info().rss)
        except _HIDDEN:
            return None

    if system != "darwin":
        return resident
    try:
        library = footprint_macos.load()
    except OSError:
        return resident

    def footprint(process: psutil.Process) -> int | None:
        try:
            return footprint_macos.footprint_bytes(library, process.pid)
        except PermissionError:
            return None
        except ProcessLookupError as error:
            raise psutil.NoSuchProcess(process.pid) from error
        except OSError:
            return resident(process)

    return footprint
