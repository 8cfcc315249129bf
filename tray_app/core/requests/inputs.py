"""What requests are counted from in one poll, what is remembered of it for the next, and the signals by name."""

from enum import StrEnum

from msgspec import Struct, field

from tray_app.core.requests.followed import JobState
from tray_app.core.requests.in_flight import ClientState
from tray_app.core.requests.last_hour import LoadWindow
from tray_app.core.values.connections import Connections
from tray_app.core.values.reading import Reading
from tray_app.core.values.relay import RelayState
from tray_app.core.values.snapshot import NOT_ASKED, Ollama, OllamaLog, OpenWebUI, Processes, Slots


class RequestInputs(Struct, frozen=True):
    """The readings of one poll. Processes must carry model names and `loading` (runners.py)."""

    taken_at: float
    uptime_s: float
    processes: Reading[Processes]
    ollama: Reading[Ollama]
    connections: Reading[Connections] = NOT_ASKED
    slots: Slots = ()
    log: Reading[OllamaLog] = NOT_ASKED
    open_webui: Reading[OpenWebUI] = NOT_ASKED
    relay: Reading[RelayState] = NOT_ASKED


class EndedCall(Struct, frozen=True):
    """When a call on a model was sent and ended: it had a place before those that were sent later."""

    model: str | None
    sent_at: float
    at: float


class RequestState(Struct, frozen=True):
    """What is remembered between polls; made only by `step`."""

    uptime_s: float | None = None
    clients: ClientState = field(default_factory=ClientState)
    jobs: JobState = field(default_factory=JobState)
    waiting_since: tuple[float, ...] = ()
    load: LoadWindow = field(default_factory=LoadWindow)
    others: ClientState = field(default_factory=ClientState)
    """As `clients`, of those that do not go through the relay."""
    ended: tuple[EndedCall, ...] = ()
    """What the relay told before of calls that ended."""
    counted_at: float = float("-inf")
    """When requests were last counted without the relay (Unix seconds): what it tells of before is known already."""


class Signal(StrEnum):
    """What a number of requests rests on. Values are stable: they appear in the JSON output."""

    NO_SERVER = "no-server"
    NO_RUNNER = "no-runner"
    SLOTS = "slots"  # the runner's own word
    LOADING = "loading"
    RUNNER_CONNECTIONS = "runner-connections"
    CONNECTIONS = "connections"
    OPEN_WEBUI_TASKS = "open-webui-tasks"
    RELAY = "relay"
