"""Requests at Ollama: how many run and wait, for how long, and whether they are chats or tasks. Pure.

No single signal tells it all, so each number carries its source and how sure it is:
- running: a runner's slots (exact, Ollama 0.30 and later), else connections at its port, else connections to the
  server and the number of slots (likely);
- waiting: what went over each connection to the server minus running where the system tells it (said.py), else
  connections minus running where clients close them, their movement where clients keep them
  (in_flight.py), else the chats Open WebUI works on minus running; Unknown where none of these tells.
While the relay of chat first tells what goes through it, its word comes first (exact.py). All signals above are
followed all the same, so that the first poll without it is counted as if there never had been one.
"""

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from tray_app.core.requests import exact, in_flight, said
from tray_app.core.requests import kind as request_kind
from tray_app.core.requests.followed import (
    JobChanges,
    SeenRunner,
    Surroundings,
    as_finished,
    as_load,
    as_running,
    follow,
)
from tray_app.core.requests.in_flight import ClientState, InFlight
from tray_app.core.requests.inputs import RequestInputs, RequestState, Signal
from tray_app.core.requests.kind import KindSettings
from tray_app.core.requests.releases import ONE_SLOT_SINCE
from tray_app.core.requests.whose import of_open_webui, whose
from tray_app.core.tasks.releases import KEEPS_CONNECTIONS_SINCE
from tray_app.core.tasks.same_ollama import same_address
from tray_app.core.values.connections import Connections, Whose
from tray_app.core.values.reading import LATE_S, Known, Reading, Unknown, Unseen, Why, value_of
from tray_app.core.values.relay import RelayState
from tray_app.core.values.requests import Confidence, Requests, RunnerSlot
from tray_app.core.values.snapshot import (
    NOT_ASKED,
    Ollama,
    Presence,
    Processes,
    ProcessRole,
    WatchedProcess,
)
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import parse_version

QUIET_CPU_PERCENT = 1.0


class _Count(Struct, frozen=True):
    """A number with its source, or why there is none."""

    value: int | None
    source: str = ""
    confidence: Confidence = Confidence.EXACT
    unknown: Unknown = field(default=Unknown(Why.UNSUPPORTED))

    def reading(self, taken_at: float) -> Reading[int]:
        return self.unknown if self.value is None else Known(self.value, taken_at)


def step(state: RequestState, inputs: RequestInputs) -> tuple[RequestState, Requests]:
    """One poll's answer and the state for the next. A gap of more than a minute starts afresh."""
    if state.uptime_s is not None and not 0 <= inputs.uptime_s - state.uptime_s <= LATE_S:
        # Sleep, or nothing watched: what was counted before holds no more.
        state = RequestState(load=state.load, ended=state.ended, counted_at=state.counted_at)
    relay = _relay(inputs)
    nothing = _nothing_to_see(inputs) if relay is None else None
    if nothing is not None:
        kept = RequestState(uptime_s=inputs.uptime_s, load=state.load, ended=state.ended, counted_at=state.counted_at)
        return kept, replace(nothing, last_hour=state.load.total())
    return _count(state, inputs, relay)


def _relay(inputs: RequestInputs) -> RelayState | None:
    """What the relay tells in this very poll, where it leads to the Ollama that is watched."""
    relay, ollama = value_of(inputs.relay), value_of(inputs.ollama)
    if relay is None or (ollama is not None and not same_address(relay.upstream, ollama.url)):
        return None
    return relay


def _nothing_to_see(inputs: RequestInputs) -> Requests | None:
    """Where requests cannot be seen, or cannot be."""
    ollama = value_of(inputs.ollama)
    if ollama is not None and ollama.presence is Presence.ABSENT:
        none: Reading[int] = Known(0, inputs.taken_at)
        return Requests(none, none, running_source=Signal.NO_SERVER, waiting_source=Signal.NO_SERVER)
    if ollama is not None and not ollama.local:
        return Requests(Unknown(Why.REMOTE), Unknown(Why.REMOTE))
    if isinstance(inputs.processes, Unknown):
        return Requests(inputs.processes, inputs.processes)
    roles = {one.role for one in inputs.processes.value.watched if one.owner.is_ours}
    if not roles & {ProcessRole.OLLAMA_SERVER, ProcessRole.OLLAMA_RUNNER}:
        hidden = Unknown(Why.MISSING, Unseen.NO_SERVER_PROCESS)
        return Requests(hidden, hidden)
    return None


def _count(state: RequestState, inputs: RequestInputs, relay: RelayState | None) -> tuple[RequestState, Requests]:
    processes = value_of(inputs.processes) or Processes()
    slots = dict(inputs.slots)
    connections = value_of(inputs.connections)
    runners = _settled(
        [
            _seen(one, slots, connections)
            for one in processes.watched
            if one.role is ProcessRole.OLLAMA_RUNNER and one.owner.is_ours
        ],
        connections,
        value_of(inputs.ollama),
    )
    settings = request_kind.settings_of(value_of(inputs.open_webui), value_of(inputs.ollama), relay)
    running = _running(runners, _asked(connections))
    around = Surroundings(
        inputs.uptime_s,
        inputs.taken_at,
        settings,
        waited=len(state.waiting_since),
        whose=whose(connections),
    )
    changes = follow(state.jobs, runners, around)
    clients, flight = _in_flight(state.clients, inputs, runners, running, changes)
    if relay is not None:
        return exact.requests(
            replace(state, uptime_s=inputs.uptime_s, clients=clients, waiting_since=()),
            inputs,
            relay,
            runners,
            changes,
            tell=running.value is not None,
        )
    if running.value is None:
        running = _running_by_capacity(runners, flight, value_of(inputs.ollama), running)
    waiting = _waiting(running, flight, settings, inputs)
    waiting_since = _queue(state.waiting_since, waiting.value or 0, changes.begun, inputs.uptime_s)
    load = state.load.add(inputs.uptime_s, filter(None, map(as_load, changes.ended))) if changes.ended else state.load
    over = tuple(as_finished(job, inputs.taken_at, inputs.uptime_s) for job in changes.ended)
    requests = Requests(
        running=running.reading(inputs.taken_at),
        waiting=waiting.reading(inputs.taken_at),
        running_source=running.source,
        running_confidence=running.confidence,
        waiting_source=waiting.source,
        waiting_confidence=waiting.confidence,
        longest_wait_s=_longest_wait(waiting, waiting_since, connections, inputs.uptime_s),
        whose=around.whose,
        of_open_webui=of_open_webui(connections),
        active=tuple(as_running(job, inputs.uptime_s) for job in changes.state.jobs),
        finished=over,
        last_hour=load.total(filter(None, (as_load(job) for job in changes.state.jobs))),
    )
    kept = RequestState(
        inputs.uptime_s, clients, changes.state, waiting_since, load, ended=state.ended, counted_at=inputs.taken_at
    )
    return kept, requests


def _seen(
    runner: WatchedProcess,
    slots: dict[int, Reading[tuple[RunnerSlot, ...]]],
    connections: Connections | None,
) -> SeenRunner:
    """How many requests a runner works on, by the best signal it has."""
    told = slots.get(runner.port, NOT_ASKED) if runner.port is not None else NOT_ASKED
    if isinstance(told, Known):
        return SeenRunner(runner, told.value, sum(slot.is_processing for slot in told.value), Signal.SLOTS)
    if runner.loading:
        return SeenRunner(runner, None, 0, Signal.LOADING)
    talks = connections.said_at_runner(runner.port) if connections and runner.port else None
    if talks is not None:
        busy = said.busy(talks)
        return SeenRunner(runner, None, len(busy), Signal.RUNNER_CONNECTIONS, busy, said.in_doubt(talks))
    # Up to 0.24 the server keeps idle connections to its runners; llama-server gets one per request.
    by_port = connections.at_runner(runner.port) if connections and runner.port else None
    if by_port is not None and runner.has_slots:
        return SeenRunner(runner, None, by_port, Signal.RUNNER_CONNECTIONS)
    return SeenRunner(runner, None, None, "")


def _settled(
    runners: Sequence[SeenRunner], connections: Connections | None, ollama: Ollama | None
) -> tuple[SeenRunner, ...]:
    """What is in doubt at a runner runs where requests are there for its free places; elsewhere it stays in doubt. A
    runner that rests or has no free place has nothing more."""
    there = _asked(connections) - sum(one.running or 0 for one in runners)
    settled = []
    for one in runners:
        places, rests = _places(one.process, ollama), _rests(one.process)
        free = len(one.doubtful) if places is None else max(0, places - (one.running or 0))
        doubtful = () if rests else one.doubtful[:free]
        runs = doubtful[: max(0, there)]
        there -= len(runs)
        running = one.running if one.running is None else one.running + len(runs)
        talks = one.talks if one.talks is None else one.talks + runs
        settled.append(replace(one, running=running, talks=talks, doubtful=doubtful[len(runs) :]))
    return tuple(settled)


def _rests(runner: WatchedProcess) -> bool:
    return runner.cpu_percent is not None and runner.cpu_percent < QUIET_CPU_PERCENT


def _untold(runner: WatchedProcess) -> Unknown:
    """Why a runner does not tell how many requests it works on."""
    return Unknown(Why.UNSUPPORTED, Unseen.RUNNER_SILENT if runner.has_slots else Unseen.RUNNER_WITHOUT_SLOTS)


def _asked(connections: Connections | None) -> int:
    """Requests at the server by what went over its connections; 0 where these do not tell."""
    return (said.in_flight(connections.talks, None).count or 0) if connections and connections.talks else 0


def _running(runners: tuple[SeenRunner, ...], asked: int) -> _Count:
    """That nothing is said to a runner is exact where the server is asked nothing and the runner rests."""
    untold = next((one.process for one in runners if one.running is None), None)
    if untold is not None:
        return _Count(None, unknown=_untold(untold))
    known = [(one.running, one.source) for one in runners if one.running is not None]
    if not runners:
        return _Count(0, Signal.NO_RUNNER)
    total = sum(count for count, _ in known)
    sources = {source for _, source in known} - {Signal.LOADING}
    said_to = [one for one in runners if one.source == Signal.RUNNER_CONNECTIONS]
    guessed = any(one.running or asked or not _rests(one.process) for one in said_to)
    confidence = Confidence.LIKELY if guessed else Confidence.EXACT
    if any(one.doubtful for one in runners):
        confidence = Confidence.LOWER_BOUND
    return _Count(total, Signal.SLOTS if Signal.SLOTS in sources else next(iter(sources), Signal.LOADING), confidence)


def _is_quiet(runners: tuple[SeenRunner, ...], running: _Count) -> bool:
    """Nothing runs and nothing loads. A runner that tells nothing is quiet when it uses no processor time."""
    if any(one.process.loading or one.doubtful for one in runners):
        return False
    if running.value is not None:
        return running.value == 0
    silent = [one.process.cpu_percent for one in runners if one.running is None]
    return all(cpu is not None and cpu < QUIET_CPU_PERCENT for cpu in silent) and not any(
        one.running for one in runners
    )


def _in_flight(
    state: ClientState,
    inputs: RequestInputs,
    runners: tuple[SeenRunner, ...],
    running: _Count,
    changes: JobChanges,
) -> tuple[ClientState, InFlight | None]:
    connections = value_of(inputs.connections)
    if connections is None:
        return ClientState(), None
    log = value_of(inputs.log)
    web = value_of(inputs.open_webui)
    version = parse_version(web.version) if web else None
    now = in_flight.Now(
        running=running.value if running.value is not None else sum(one.running or 0 for one in runners),
        quiet=_is_quiet(runners, running),
        told=running.value is not None,
        finished=max(log.finished, len(changes.ended)) if log else len(changes.ended),
        finished_exact=log is not None,
        keeps=version >= KEEPS_CONNECTIONS_SINCE if version else None,
        uptime_s=inputs.uptime_s,
        questions=log.questions if log else 0,
        ended_before=log.ended_before if log else None,
    )
    state, flight = in_flight.step(state, connections.clients, now)
    if connections.talks is not None:
        flight = said.in_flight(connections.talks, running.value, _ages(runners, connections), quiet=now.quiet)
    return state, flight


def _ages(runners: tuple[SeenRunner, ...], connections: Connections) -> list[float] | None:
    """Seconds since each running request reached its runner; None where one runner does not tell."""
    ages: list[float] = []
    for one in runners:
        talks = connections.said_at_runner(one.process.port) if one.process.port else None
        if talks is None:
            return None
        ages += (talk.received_s for talk in one.talks or said.busy(talks))
    return ages


def _running_by_capacity(
    runners: tuple[SeenRunner, ...], flight: InFlight | None, ollama: Ollama | None, unknown: _Count
) -> _Count:
    """Before 0.30 a runner does not tell. As many run as there are slots for, if that many are there."""
    if flight is None or flight.count is None:
        return unknown
    places = [_places(one.process, ollama) for one in runners if not one.process.loading]
    if None in places:
        return unknown
    capacity = sum(filter(None, places))
    return _Count(min(flight.count, capacity), Signal.CONNECTIONS, Confidence.LIKELY)


def _places(runner: WatchedProcess, ollama: Ollama | None) -> int | None:
    """How many requests it works on at once; None where nothing tells."""
    version = parse_version(ollama.version) if ollama else None
    default = ollama.config.num_parallel if ollama else None
    if default is None and version and version >= ONE_SLOT_SINCE:
        default = 1
    return runner.parallel or default


def _waiting(running: _Count, flight: InFlight | None, settings: KindSettings, inputs: RequestInputs) -> _Count:
    if running.value is None:
        return running
    if flight is not None and flight.count is not None:
        count = max(0, flight.count - running.value)
        sure = flight.confidence
        if sure is Confidence.EXACT and running.confidence is not Confidence.EXACT:
            sure = Confidence.LIKELY
        return _Count(count, Signal.CONNECTIONS, sure)
    by_chats = _waiting_by_chats(running.value, settings, value_of(inputs.connections))
    if by_chats is not None:
        return by_chats
    if flight is not None:
        return _Count(None, unknown=Unknown(Why.UNSUPPORTED, Unseen.CONNECTIONS_KEPT))
    why = inputs.connections if isinstance(inputs.connections, Unknown) else Unknown(Why.UNSUPPORTED)
    return _Count(None, unknown=why)


def _waiting_by_chats(running: int, settings: KindSettings, connections: Connections | None) -> _Count | None:
    """The chats Open WebUI works on, less what runs: all that waits only where all is its, and none is typing.

    None where it proves nothing: another program's requests and autocomplete come on top.
    """
    if settings.busy_chats is None or not settings.all_local:
        return None
    waiting = max(0, settings.busy_chats.value - running)
    typing = settings.on is None or Setting.AUTOCOMPLETE in settings.on
    if whose(connections) is Whose.OPEN_WEBUI and not typing:
        return _Count(waiting, Signal.OPEN_WEBUI_TASKS, Confidence.LIKELY)
    return _Count(waiting, Signal.OPEN_WEBUI_TASKS, Confidence.LOWER_BOUND) if waiting else None


def _queue(since: tuple[float, ...], waiting: int, begun: int, now: float) -> tuple[float, ...]:
    """When each waiting request was first seen. A runner serves its queue in order: those that began are the oldest."""
    left = since[begun:]
    return (*left, *(now,) * waiting)[:waiting]


def _longest_wait(
    waiting: _Count, since: tuple[float, ...], connections: Connections | None, now: float
) -> float | None:
    """As the system tells it, else since the poll that saw it first."""
    if connections is not None and connections.talks is not None:
        return said.longest_wait_s(connections.talks, waiting.value or 0)
    return now - since[0] if since else None
