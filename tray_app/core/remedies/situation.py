"""What the remedies need to know, gathered once from a diagnosis and a snapshot."""

from msgspec import Struct

from tray_app.core.diagnosis.cause import CauseKind
from tray_app.core.tasks.releases import OLDEST
from tray_app.core.tasks.slots import slot_for
from tray_app.core.tasks.target import entry_of, version_of
from tray_app.core.values.finding import Diagnosis, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.reading import value_of
from tray_app.core.values.snapshot import Access, LoadedModel, Ollama, OpenWebUI, Snapshot
from tray_app.core.values.task_settings import Setting, TaskSettings
from tray_app.core.values.version import Version

# Findings that fewer or other task calls would cure.
TASK_KINDS = frozenset(
    {
        Kind.TASK_STORM,
        Kind.MODEL_THRASH,
        Kind.QUEUE_BACKLOG,
        Kind.TASKS_ON_BIG_MODEL,
        Kind.AUTOCOMPLETE_ON,
        Kind.TASK_MODEL_DOES_NOT_FIT,
        Kind.TASK_MODEL_UNUSABLE,
    }
)


class Situation(Struct, frozen=True):
    """`chat`: the loaded model to spare. `settings` None: they could not be read, so nothing can be planned."""

    diagnosis: Diagnosis
    snapshot: Snapshot
    limits: Limits
    ollama: Ollama | None
    server: OpenWebUI | None
    settings: TaskSettings | None
    version: Version
    chat: LoadedModel | None
    slot: Setting

    @property
    def may_write(self) -> bool:
        return self.server is not None and self.server.access is Access.ADMIN and self.settings is not None

    @property
    def reason_not(self) -> str:
        """Why nothing can be written: a stable word, empty where it can."""
        if self.may_write:
            return ""
        connected = self.server is not None and self.server.access is Access.USER
        return "needs-admin" if connected else "needs-connect"

    def found(self, kind: Kind) -> Finding | None:
        return next((finding for finding in self.diagnosis.findings if finding.kind is kind), None)

    @property
    def kv_cache_type(self) -> str:
        return (self.ollama.config.kv_cache_type if self.ollama is not None else None) or "f16"

    @property
    def overloaded(self) -> bool:
        return any(finding.severity is Severity.OVERLOADED for finding in self.diagnosis.findings)

    @property
    def tasks_hurt(self) -> bool:
        """A finding that task remedies cure, and no other program that is to blame for the shortage."""
        if self.blames_program:
            return False
        pressed = self.found(Kind.MEMORY_PRESSURE)
        if pressed is not None and pressed.value("cause") == CauseKind.MODEL.value:
            return True
        return any(finding.kind in TASK_KINDS for finding in self.diagnosis.findings)

    @property
    def blames_program(self) -> bool:
        pressed = self.found(Kind.MEMORY_PRESSURE)
        if pressed is None or pressed.value("cause") != CauseKind.PROGRAM.value:
            return False
        return not (self.found(Kind.TASK_STORM) or self.found(Kind.MODEL_THRASH))

    @property
    def other_users(self) -> bool | None:
        """None where it is not known."""
        count = value_of(self.server.user_count) if self.server is not None else None
        return None if count is None else count > 1


def situation(diagnosis: Diagnosis, snapshot: Snapshot, limits: Limits) -> Situation:
    ollama, server = value_of(snapshot.ollama), value_of(snapshot.open_webui)
    settings = value_of(server.tasks) if server is not None else None
    chat = _chat_model(diagnosis, ollama)
    slot = Setting.TASK_MODEL
    if server is not None and chat is not None:
        entry = entry_of(chat.name, value_of(server.models) or ())
        slot = slot_for(entry, version_of(server)) if entry is not None else slot
    version = version_of(server) if server is not None else OLDEST
    return Situation(diagnosis, snapshot, limits, ollama, server, settings, version, chat, slot)


def _chat_model(diagnosis: Diagnosis, ollama: Ollama | None) -> LoadedModel | None:
    """The loaded model that the most important finding is about, else the largest one."""
    if ollama is None:
        return None
    largest = max(ollama.loaded, key=lambda model: model.size_bytes, default=None)
    for finding in diagnosis.findings:
        if finding.kind in (Kind.TASK_STORM, Kind.MODEL_THRASH, Kind.TASKS_ON_BIG_MODEL):
            about = next((model for model in ollama.loaded if same_model(model.name, finding.subject)), None)
            return about or largest
    return largest
