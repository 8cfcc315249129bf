"""All readings of one poll, frozen. Units are in the names; times are Unix seconds."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.connections import Connections, OllamaConnection, Owner, Served
from tray_app.core.values.errors.service import RefusedBecause
from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.plan import Record
from tray_app.core.values.reading import Reading, Unknown, Why
from tray_app.core.values.relay import RelayState
from tray_app.core.values.requests import Requests, RunnerSlot
from tray_app.core.values.task_settings import TaskSettings

NOT_ASKED = Unknown(Why.NOT_ASKED)


# --- this machine ---------------------------------------------------------------------------


class System(StrEnum):
    """`sys.platform`'s words."""

    LINUX = "linux"
    MACOS = "darwin"
    WINDOWS = "win32"


class Host(Struct, frozen=True):
    """What does not change between polls. `system`: `sys.platform`, one of System where Elbowroom has readers."""

    system: str
    system_version: str = ""
    architecture: str = ""
    apple_silicon: bool = False
    container: bool = False


class Pressure(StrEnum):
    """The OS's own evidence of trouble, never percent used."""

    NORMAL = "normal"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class PressureInput(Struct, frozen=True):
    """One number that led to the pressure: `name` is stable (psi-some-avg10), `unit` is percent, bytes/s, ratio..."""

    name: str
    value: float
    unit: str
    pressure: Pressure


class MissingInput(Struct, frozen=True):
    """A number that the pressure would also rest on. `detail` is one of NoStalls or the OS's own text."""

    name: str
    why: Why
    detail: str = ""


class Memory(Struct, frozen=True):
    """`available_bytes`: what can be handed out without swapping. `limit_bytes`: a cgroup limit below the total."""

    total_bytes: int
    available_bytes: int
    pressure: Pressure
    inputs: tuple[PressureInput, ...] = ()
    swap_used_bytes: int | None = None
    swap_total_bytes: int | None = None
    swap_out_bytes_per_s: float | None = None
    swap_in_bytes_per_s: float | None = None
    wired_bytes: int | None = None
    compressed_bytes: int | None = None
    limit_bytes: int | None = None
    missing: tuple[MissingInput, ...] = ()


class BudgetBasis(StrEnum):
    """Where the memory budget comes from."""

    METAL = "metal"  # recommendedMaxWorkingSetSize, asked
    WIRED_LIMIT = "wired-limit"  # iogpu.wired_limit_mb
    OS_TABLE = "os-table"  # share of RAM by macOS version, not asked
    VRAM = "vram"
    RAM = "ram"  # no GPU: system memory
    OLLAMA_LOG = "ollama-log"  # msg="inference compute" total=: the number by which Ollama decides


class Gpu(Struct, frozen=True):
    """What models may use. `shared_used_bytes` above its usual floor is spill on a discrete GPU."""

    budget_bytes: int
    basis: BudgetBasis
    name: str = ""
    unified: bool = False
    used_bytes: int | None = None
    shared_used_bytes: int | None = None
    busy_percent: float | None = None
    spilled_bytes: int | None = None
    """Shared memory above what it was before VRAM filled up; None where it cannot be told or memory is unified."""


class ProcessRole(StrEnum):
    OLLAMA_APP = "ollama-app"
    OLLAMA_SERVER = "ollama-server"
    OLLAMA_RUNNER = "ollama-runner"
    OPEN_WEBUI = "open-webui"
    RELAY = "relay"  # ours: it stands between Open WebUI and Ollama (chat first)


class WatchedProcess(Struct, frozen=True):
    """`cpu_percent` is of one core. Runner fields are None for other roles or where the command line hides them.

    `ports`: where a server listens, None: hidden; in a network of its own (a container's) where it lives `apart`.
    """

    pid: int
    started_at: float
    role: ProcessRole
    name: str
    memory_bytes: int | None = None
    cpu_percent: float | None = None
    blob_digest: str | None = None
    """`sha256-...` of the model blob that a runner serves."""
    model: str | None = None
    port: int | None = None
    context_length: int | None = None
    """Per slot: `-c` divided by `parallel`."""
    parallel: int | None = None
    loading: bool = False
    has_slots: bool = False
    """A llama-server (Ollama 0.30 and later): it tells its slots, and gets one connection per request."""
    parent_pid: int | None = None
    orphaned: bool = False
    mine: bool | None = None
    """It is our own user's, so that we may end it; asked only of one that is `orphaned`."""
    ports: tuple[int, ...] | None = None
    apart: bool = False
    owner: Owner = Owner.OURS
    config: "ServerConfig | None" = None


class OtherProcess(Struct, frozen=True):
    """A program with much memory that is neither Ollama nor Open WebUI."""

    name: str
    memory_bytes: int


class Container(Struct, frozen=True):
    """A running one of Ollama or Open WebUI. `cpu_percent` is of one core. `ports`: published on this machine."""

    name: str
    role: ProcessRole
    memory_bytes: int | None = None
    cpu_percent: float | None = None
    ports: tuple[int, ...] = ()


class Processes(Struct, frozen=True):
    watched: tuple[WatchedProcess, ...] = ()
    largest_other: OtherProcess | None = None
    """Asked only while pressure is not normal; None where it was not asked."""
    containers: Reading[tuple[Container, ...]] = NOT_ASKED
    """Asked only where the user allowed Docker's socket."""


# --- Ollama ---------------------------------------------------------------------------------


class LoadedModel(Struct, frozen=True):
    """An entry of /api/ps. `expires_at` None: kept for ever. `size_vram_bytes` < `size_bytes`: part runs on the CPU."""

    name: str
    digest: str
    size_bytes: int
    size_vram_bytes: int
    context_length: int | None = None
    expires_at: float | None = None
    quantization: str = ""


class InstalledModel(Struct, frozen=True):
    """An entry of /api/tags. `remote_host` is set for cloud models, which need no memory here."""

    name: str
    digest: str
    size_bytes: int
    quantization: str = ""
    capabilities: tuple[str, ...] | None = None
    remote_host: str | None = None
    shape: ModelShape | None = None
    """From /api/show, once per digest; None until asked."""
    num_ctx: int | None = None
    """A `PARAMETER num_ctx` of the model itself."""
    blob_digest: str | None = None
    """`sha256-...` from the modelfile's FROM line."""
    changed_at: float | None = None
    """When this server stored it: two servers with the same model differ in this."""
    mlx: bool = False
    """Its weights are safetensors, which Ollama's MLX runner serves: no context is reserved, memory grows with use."""

    @property
    def embeds(self) -> bool:
        """It makes embeddings and answers in no text."""
        can = self.capabilities or ()
        return Capability.EMBEDDING in can and Capability.COMPLETION not in can


class Presence(StrEnum):
    RUNNING = "running"
    ABSENT = "absent"  # no server answers and none is installed or running here


class ServerConfig(Struct, frozen=True):
    """Ollama's own settings. None: automatic, or not known where neither its log nor its environment `told` them."""

    num_parallel: int | None = None
    max_loaded_models: int | None = None
    context_length: int | None = None
    kv_cache_type: str | None = None
    gpu_total_bytes: int | None = None
    told: bool = False
    keep_alive_s: float | None = None
    """How long a model stays after its last request where that request says nothing; infinite: for ever."""


class Ollama(Struct, frozen=True):
    url: str
    presence: Presence
    version: str = ""
    local: bool = True
    """Runs on this machine, so that its processes, sockets and log can be seen."""
    loaded: tuple[LoadedModel, ...] = ()
    installed: tuple[InstalledModel, ...] = ()
    config: ServerConfig = ServerConfig()


class LogEventKind(StrEnum):
    BUSY = "busy"  # 503, queue full
    EVICTION = "eviction"
    LOAD = "load"
    CRASH = "crash"
    OUT_OF_MEMORY = "out-of-memory"
    SLOW_REQUEST = "slow-request"  # latency includes answering


class LogEvent(Struct, frozen=True):
    kind: LogEventKind
    at: float
    model: str | None = None
    seconds: float | None = None
    blob_digest: str | None = None


class OllamaLog(Struct, frozen=True):
    """Events since the last poll. `prompt_cache_bytes`: the newest "cache state" line."""

    events: tuple[LogEvent, ...] = ()
    prompt_cache_bytes: int | None = None
    config: ServerConfig = ServerConfig()
    finished: int = 0
    """Answers and embeddings that ended since the last poll, failed ones included (access log)."""
    questions: int = 0
    """Other calls that ended since the last poll, as for the list of models; ours are taken off."""
    ended_before: int | None = None
    """At the first reading: calls of every kind that ended in the KEPT_S seconds before it. None: it does not tell."""


# --- Open WebUI -----------------------------------------------------------------------------


class Access(StrEnum):
    """What our token may do."""

    NONE = "none"  # not connected: anonymous requests only
    USER = "user"  # may read the task settings
    ADMIN = "admin"
    REFUSED = "refused"  # expired, revoked, keys switched off


class Capability(StrEnum):
    """What a model can do, in Ollama's words."""

    COMPLETION = "completion"
    EMBEDDING = "embedding"
    THINKING = "thinking"


class WebUIModel(Struct, frozen=True):
    """An entry of Open WebUI's own list: ids here are what TASK_MODEL wants."""

    id: str
    name: str
    owned_by: str
    connection_type: str | None = None
    base_model_id: str | None = None
    """Set for workspace presets."""
    ollama_name: str | None = None
    digest: str | None = None
    size_bytes: int | None = None
    preset: bool = False
    pipe: bool = False
    arena: bool = False
    active: bool = True
    public: bool | None = None
    """Every user may use it; None where the list does not say."""
    host: str | None = None
    """Host of the outside connection that serves it."""
    url_index: int | None = None
    """Which of Open WebUI's OpenAI-type connections serves it; `outside()` tells its host."""
    served: Served = Served()
    capabilities: tuple[str, ...] | None = None
    """Ollama's words (completion, embedding, thinking...); Ollama lists them from 0.30 on."""

    @property
    def is_ollamas(self) -> bool:
        return self.owned_by == "ollama"

    @property
    def is_local(self) -> bool:
        """Its connection is marked as local, as Ollama's are; None as a type in releases that do not tell."""
        return self.connection_type == "local"


class OpenWebUI(Struct, frozen=True):
    url: str
    version: str
    access: Access = Access.NONE
    deployment_id: str = ""
    refused: RefusedBecause | None = None  # why the access is not ADMIN
    tasks: Reading[TaskSettings] = NOT_ASKED
    models: Reading[tuple[WebUIModel, ...]] = NOT_ASKED
    busy_chats: Reading[int] = NOT_ASKED
    user_count: Reading[int] = NOT_ASKED
    ordinary_users: Reading[int] = NOT_ASKED
    ollama_urls: Reading[tuple[str, ...]] = NOT_ASKED
    connections: Reading[tuple[OllamaConnection, ...]] = NOT_ASKED
    own_autocomplete: Reading[bool] = NOT_ASKED  # our own account's promptAutocomplete (0.6.0+)


Slots = tuple[tuple[int, Reading[tuple[RunnerSlot, ...]]], ...]
"""Runner port -> what its /slots answered; a port that is not there was not asked."""


class Snapshot(Struct, frozen=True):
    """`uptime_s` is a monotonic clock: a gap against `taken_at` is sleep or a clock jump."""

    taken_at: float
    uptime_s: float
    host: Host
    memory: Reading[Memory] = NOT_ASKED
    gpu: Reading[Gpu] = NOT_ASKED
    processes: Reading[Processes] = NOT_ASKED
    ollama: Reading[Ollama] = NOT_ASKED
    connections: Reading[Connections] = NOT_ASKED
    relay: Reading[RelayState] = NOT_ASKED
    """Not asked where no relay runs, as far as its file says. Its `finished`: since the last poll."""
    slots: Slots = ()
    requests: Reading[Requests] = NOT_ASKED
    ollama_log: Reading[OllamaLog] = NOT_ASKED
    open_webui: Reading[OpenWebUI] = NOT_ASKED
    written: tuple[Record, ...] | None = ()
    """Our changes in force there, each with the settings that no newer one changed; None: no journal could be read."""
