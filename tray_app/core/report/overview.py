"""One poll with its readings unwrapped: values where they are known, and the reasons where they are not."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from tray_app.core.requests.loaded import told_apart
from tray_app.core.tasks.ollama_connections import behind
from tray_app.core.tasks.same_ollama import placed, with_watched
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.reading import Known, Moment, Reading, Unknown, Why, value_of
from tray_app.core.values.relay import RelayState
from tray_app.core.values.requests import Requests
from tray_app.core.values.snapshot import (
    Gpu,
    Host,
    Memory,
    Ollama,
    OllamaLog,
    OpenWebUI,
    Processes,
    Snapshot,
    WebUIModel,
)
from tray_app.core.values.task_settings import TaskSettings


class Source(StrEnum):
    """What may be unknown in a poll, by its path in the JSON."""

    MEMORY = "memory"
    GPU = "gpu"
    PROCESSES = "processes"
    OLLAMA = "ollama"
    REQUESTS = "requests"
    OLLAMA_LOG = "ollama_log"
    OPEN_WEBUI = "open_webui"
    CONTAINERS = "processes.containers"
    RUNNING = "requests.running"
    WAITING = "requests.waiting"
    TASKS = "open_webui.tasks"
    MODELS = "open_webui.models"
    BUSY_CHATS = "open_webui.busy_chats"
    JOURNAL = "journal"
    RELAY = "relay"


class Overview(Struct, frozen=True):
    """What rules, remedies and screens read. None: not known, for the reason in `why`.

    `settings_read_at`, `connections_read_at`: Unix seconds. `listed` and `connections`: with what of them is the Ollama
    that is read.
    A part of a source that is unknown itself has no reason of its own.
    """

    at: Moment
    host: Host
    why: Mapping[Source, Unknown]
    memory: Memory | None
    gpu: Gpu | None
    processes: Processes | None
    ollama: Ollama | None
    doubtful: tuple[str, ...]
    """Loaded models of which it cannot be told how much lies on the GPU."""
    log: OllamaLog | None
    relay: RelayState | None
    """Also None, without a reason, where none runs."""
    requests: Requests | None
    running: int | None
    waiting: int | None
    open_webui: OpenWebUI | None
    settings: TaskSettings | None
    settings_read_at: float | None
    listed: tuple[WebUIModel, ...] | None
    busy_chats: int | None
    other_users: int | None
    """Accounts that may be refused a model: neither administrators nor waiting for approval."""
    connections: tuple[OllamaConnection, ...] | None
    connections_read_at: float | None
    own_autocomplete: bool | None

    @property
    def missing_pressure(self) -> tuple[Unknown, ...]:
        """What memory pressure would also rest on, and why it is not told; rates that need a second look aside."""
        if self.memory is None:
            return (self.why[Source.MEMORY],)
        return tuple(Unknown(one.why, one.detail) for one in self.memory.missing if one.why is not Why.NOT_YET)


def unknown_in(snapshot: Snapshot) -> dict[Source, Unknown]:
    """Every source without a value, and why."""
    readings: dict[Source, Reading[object]] = {
        Source.MEMORY: snapshot.memory,
        Source.GPU: snapshot.gpu,
        Source.PROCESSES: snapshot.processes,
        Source.OLLAMA: snapshot.ollama,
        Source.REQUESTS: snapshot.requests,
        Source.OLLAMA_LOG: snapshot.ollama_log,
        Source.OPEN_WEBUI: snapshot.open_webui,
    }
    if snapshot.written is None:
        readings[Source.JOURNAL] = Unknown(Why.BAD_ANSWER, "journal.jsonl")
    if isinstance(snapshot.relay, Unknown) and snapshot.relay.why is not Why.NOT_ASKED:
        readings[Source.RELAY] = snapshot.relay
    requests, server = value_of(snapshot.requests), value_of(snapshot.open_webui)
    if requests is not None:
        readings |= {Source.RUNNING: requests.running, Source.WAITING: requests.waiting}
    processes = value_of(snapshot.processes)
    if processes is not None:
        readings[Source.CONTAINERS] = processes.containers
    if server is not None:
        readings |= {
            Source.TASKS: server.tasks,
            Source.MODELS: server.models,
            Source.BUSY_CHATS: server.busy_chats,
        }
    return {source: reading for source, reading in readings.items() if isinstance(reading, Unknown)}


def _connections(server: OpenWebUI | None) -> tuple[OllamaConnection, ...] | None:
    """Its Ollama servers; recordings of before have addresses alone."""
    if server is None:
        return None
    urls = value_of(server.ollama_urls)
    old = tuple(OllamaConnection(index, url) for index, url in enumerate(urls)) if urls else None
    told = value_of(server.connections)
    return old if told is None else told


def _taken_at(reading: Reading[object]) -> float | None:
    return reading.taken_at if isinstance(reading, Known) else None


def _other_users(server: OpenWebUI | None) -> int | None:
    """Recordings of before count all accounts: there all but one may be such."""
    if server is None:
        return None
    ordinary, accounts = value_of(server.ordinary_users), value_of(server.user_count)
    return ordinary if ordinary is not None or accounts is None else max(0, accounts - 1)


def overview(snapshot: Snapshot) -> Overview:
    requests, server = value_of(snapshot.requests), value_of(snapshot.open_webui)
    right, connections = told_apart(value_of(snapshot.ollama)), _connections(server)
    ollama = right.ollama
    listed = value_of(server.models) if server is not None else None
    if server is not None and ollama is not None:
        if connections is not None:
            through = behind(snapshot.written or ())
            connections = with_watched(connections, listed, ollama, server.url, value_of(snapshot.relay), through)
        if listed is not None:
            listed = placed(listed, connections or (), ollama, server.url)
    tasks = server.tasks if server is not None else None
    return Overview(
        at=Moment(snapshot.uptime_s, snapshot.taken_at),
        host=snapshot.host,
        why=unknown_in(snapshot),
        memory=value_of(snapshot.memory),
        gpu=value_of(snapshot.gpu),
        processes=value_of(snapshot.processes),
        ollama=ollama,
        doubtful=right.doubtful,
        log=value_of(snapshot.ollama_log),
        relay=value_of(snapshot.relay),
        requests=requests,
        running=value_of(requests.running) if requests is not None else None,
        waiting=value_of(requests.waiting) if requests is not None else None,
        open_webui=server,
        settings=value_of(tasks) if tasks is not None else None,
        settings_read_at=_taken_at(tasks) if tasks is not None else None,
        listed=listed,
        busy_chats=value_of(server.busy_chats) if server is not None else None,
        other_users=_other_users(server),
        connections=connections,
        connections_read_at=_taken_at(server.connections) if server is not None else None,
        own_autocomplete=value_of(server.own_autocomplete) if server is not None else None,
    )
