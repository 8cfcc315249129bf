"""A type for every finding (its fields are the evidence of the JSON output), and the ordered diagnosis of one poll."""

import json
import re
from enum import StrEnum
from functools import cache
from typing import Annotated, ClassVar, get_args

from msgspec import Struct

from tray_app.core.values.connections import Owner
from tray_app.core.values.fit import Verdict
from tray_app.core.values.requests import Confidence
from tray_app.core.values.snapshot import Pressure, PressureInput
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.units import (
    Bytes,
    Calls,
    Evidence,
    MaybeBytes,
    MaybeCalls,
    MaybeSeconds,
    MaybeTokens,
    Percent,
    Seconds,
    Unit,
)
from tray_app.core.values.version import Json


class Severity(StrEnum):
    INFO = "info"
    TIGHT = "tight"
    OVERLOADED = "overloaded"


class Level(StrEnum):
    CALM = "calm"
    TIGHT = "tight"
    OVERLOADED = "overloaded"
    UNKNOWN = "unknown"


class Blind(StrEnum):
    """What could not be asked where nothing above calm is found. Values are stable: they appear in the JSON output.

    All but the last are the set-up's own: the level is calm as far as can be seen, and stays so until the user acts.
    """

    NOTHING_TO_WATCH = "nothing-to-watch"  # no Ollama runs here
    OTHER_OLLAMA = "other-ollama"  # Open WebUI uses another one than the one that is read
    WHICH_OLLAMA = "which-ollama"  # Open WebUI's is at another address, and may be the same all the same
    NOTHING_LISTED = "nothing-listed"  # Open WebUI lists no model of this Ollama
    NO_OPEN_WEBUI = "no-open-webui"
    NOT_CONNECTED = "not-connected"
    SIGN_IN_REFUSED = "sign-in-refused"
    NOT_ADMIN = "not-admin"
    REQUESTS_UNSEEN = "requests-unseen"
    PRESSURE_UNSEEN = "pressure-unseen"  # this system never tells memory pressure
    NOT_JUDGED = "not-judged"  # a rule could not be asked
    NO_ANSWER = "no-answer"  # a source that tells at other times: the level is unknown


class Settling(StrEnum):
    """Why requests that wait are no evidence in this poll. Values are stable: they appear in the JSON output."""

    LOADING = "model-loads"
    AWAKE = "just-awake"


@cache
def _units(finding: "type[Finding]") -> dict[str, str]:
    """Field -> unit, of the fields that are evidence, in their order."""
    typed = {
        name: kind for one in reversed(finding.__mro__) for name, kind in getattr(one, "__annotations__", {}).items()
    }
    names = [name for name in finding.__struct_fields__ if name not in finding.identity]
    return {name: next((arg for arg in get_args(typed[name]) if isinstance(arg, Unit)), Unit.NONE) for name in names}


OLLAMA, MEMORY = "Ollama", "memory"
"""What a finding is about where no model or program can be named."""


class Finding(Struct, frozen=True, kw_only=True):
    """One named condition. `kind` and `subject` (a model, a setting, a program) are stable and name it."""

    severity: Severity
    kind: ClassVar[str] = ""
    identity: ClassVar[frozenset[str]] = frozenset({"severity", "model"})
    """Fields that say what it is, and so are no evidence."""
    incident: ClassVar[str] = ""
    """What it is one and the same by, whichever model or program is named just now; empty: its subject."""
    cured_by_fewer_tasks: ClassVar[bool] = False
    """Fewer task calls, or calls of another model, would cure it."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @property
    def subject(self) -> str:
        raise NotImplementedError

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.incident or self.subject

    @property
    def is_critical(self) -> bool:
        """Memory is so short that the system itself suffers."""
        return False

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """None is no evidence: it was not seen, or there is none."""
        found = ((name, getattr(self, name), unit) for name, unit in _units(type(self)).items())
        return tuple(Evidence(name, value, unit) for name, value, unit in found if value is not None)


class AboutModel(Finding, frozen=True, kw_only=True):
    """A finding about one model, by Ollama's name or Open WebUI's id."""

    model: str

    @property
    def subject(self) -> str:
        return self.model


class ThrashCause(StrEnum):
    EVICTION = "eviction"  # several models take each other's place
    CONTEXT = "context"  # one model is asked for with several context lengths, and tasks run on it
    CLIENTS_CONTEXT = "clients-context"  # the same where none is known to
    RELOAD = "reload"  # one model, and no reason seen


class ModelThrash(AboutModel, frozen=True, kw_only=True):
    """Two models evict each other, or one reloads again and again."""

    cured_by_fewer_tasks = True
    severity: Severity = Severity.OVERLOADED
    loads: Annotated[int, Unit.LOADS]
    window_s: Seconds
    cause: ThrashCause
    other_model: tuple[str, ...] | None = None
    task_model: str | None = None
    contexts: Annotated[tuple[int, ...] | None, Unit.TOKENS] = None


class TasksBy(StrEnum):
    SETTINGS = "settings"
    REQUESTS = "requests"


class TaskStorm(AboutModel, frozen=True, kw_only=True):
    """Task calls crowd a big local model: the case this app exists for."""

    cured_by_fewer_tasks = True
    severity: Severity = Severity.OVERLOADED
    running: Calls
    waiting: MaybeCalls = None
    running_tasks: MaybeCalls = None
    longest_wait_s: MaybeSeconds = None
    model_bytes: Bytes
    budget_share: Percent
    pressure: Pressure
    tasks: tuple[Setting, ...]
    tasks_by: TasksBy
    chat_waits: bool
    budget_bytes: MaybeBytes = None
    spilled_bytes: MaybeBytes = None

    @property
    def is_critical(self) -> bool:
        return self.pressure is Pressure.CRITICAL


class QueueBacklog(AboutModel, frozen=True, kw_only=True):
    """Requests wait at Ollama, or it turns them away. `model`: the server where they wait for several."""

    cured_by_fewer_tasks = True
    incident = OLLAMA
    waiting: MaybeCalls = None
    confidence: Confidence | None = None
    running: MaybeCalls = None
    longest_wait_s: MaybeSeconds = None
    refused: MaybeCalls = None
    others: bool | None = None
    """None of the requests are Open WebUI's."""


class CauseKind(StrEnum):
    """Who takes the memory."""

    MODEL = "model"
    PROGRAM = "program"
    UNKNOWN = "unknown"


class MemoryPressure(Finding, frozen=True, kw_only=True):
    """The operating system says that memory is short. `taken_by`: the largest model or program; empty: unknown."""

    identity = frozenset({"severity", "taken_by", "inputs"})
    incident = MEMORY
    taken_by: str
    pressure: Pressure
    cause: CauseKind
    available_bytes: Bytes
    total_bytes: Bytes
    cause_bytes: MaybeBytes = None
    owner: Owner | None = None
    """Where it is a runner that is not of the Ollama that is watched."""
    swap_used_bytes: MaybeBytes = None
    inputs: tuple[PressureInput, ...] = ()

    @property
    def subject(self) -> str:
        return self.taken_by or MEMORY

    @property
    def is_critical(self) -> bool:
        return self.pressure is Pressure.CRITICAL

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        measured = (Evidence(f"input:{one.name}", one.value, one.unit) for one in self.inputs)
        return (*super().evidence, *measured)


class Unusable(StrEnum):
    """Why a chosen task model is not used, or fails."""

    MISSING = "missing"
    INACTIVE = "inactive"
    PRIVATE = "private"
    WRONG_SLOT = "wrong-slot"
    BASE_GONE = "base-gone"
    PRESETS = "presets"


class StuckBy(StrEnum):
    QUEUE = "queue"  # requests wait, and nothing runs or loads
    SILENT = "silent"  # Ollama runs and takes connections, and does not answer
    UNREACHED = "unreached"  # Open WebUI gets nothing from an Ollama that it uses
    LEFT_BEHIND = "left-behind"  # a runner that no server will end holds memory


class Stuck(Finding, frozen=True, kw_only=True):
    """Something that does not end by itself. `about`: Ollama, its address, or what a runner left behind holds."""

    identity = frozenset({"severity", "about"})
    about: str
    reason: StuckBy
    waiting: MaybeCalls = None
    for_s: MaybeSeconds = None
    held_bytes: MaybeBytes = None
    pid: int | None = None
    command: str = ""  # what ends it, to be typed by the user

    @property
    def subject(self) -> str:
        return self.about

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, f"{self.reason.value} {self.pid or self.about}"


class TaskModelUnusable(AboutModel, frozen=True, kw_only=True):
    """A task model is chosen, but Open WebUI silently uses the chat model, or tasks of other users fail."""

    cured_by_fewer_tasks = True
    severity: Severity = Severity.TIGHT
    reason: Unusable
    slot: Setting
    falls_back_to: str
    presets: tuple[str, ...] | None = None
    """Whose chats look into the other slot."""
    users: Annotated[int | None, Unit.USERS] = None


class TaskModelDoesNotFit(AboutModel, frozen=True, kw_only=True):
    """The chosen task model cannot live in memory beside the chat model."""

    cured_by_fewer_tasks = True
    severity: Severity = Severity.TIGHT
    verdict: Verdict
    chat_model: str
    need_bytes: MaybeBytes = None
    room_bytes: MaybeBytes = None


class ModelSpills(AboutModel, frozen=True, kw_only=True):
    """Part of a model runs on the CPU although there is a GPU."""

    severity: Severity = Severity.TIGHT
    spilled_bytes: Bytes
    model_bytes: Bytes
    spilled_share: Percent
    context_length: MaybeTokens = None
    budget_bytes: MaybeBytes = None


class TasksOnBigModel(AboutModel, frozen=True, kw_only=True):
    """The settings send tasks to the big model; nothing hurts yet."""

    cured_by_fewer_tasks = True
    severity: Severity = Severity.TIGHT
    model_bytes: Bytes
    budget_share: Percent
    tasks: tuple[Setting, ...]
    """Empty where only running requests prove that there are some."""
    budget_bytes: MaybeBytes = None


class UsedBy(StrEnum):
    EVERYONE = "everyone"
    OWN_ACCOUNT = "own-account"
    NOT_KNOWN = "not-known"


class AutocompleteOn(AboutModel, frozen=True, kw_only=True):
    """Autocomplete runs on a local model: one call for every pause while typing."""

    cured_by_fewer_tasks = True
    used_by: UsedBy


class SettingsDrift(Finding, frozen=True, kw_only=True):
    """A setting that we wrote holds another value now."""

    identity = frozenset({"severity", "setting"})
    severity: Severity = Severity.TIGHT
    setting: Setting
    written: Json
    now: Json
    written_at: Seconds

    @property
    def subject(self) -> str:
        return self.setting.value

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The values as JSON texts: null is a value here."""
        return (
            Evidence("written", json.dumps(self.written, ensure_ascii=False, sort_keys=True)),
            Evidence("now", json.dumps(self.now, ensure_ascii=False, sort_keys=True)),
            Evidence("written_at", self.written_at, Unit.SECONDS),
        )


class GrowthSource(StrEnum):
    LOG = "log"
    MEMORY = "memory"


class PromptCacheGrowth(AboutModel, frozen=True, kw_only=True):
    """A runner holds far more memory than its model: old prompts that llama-server keeps."""

    severity: Severity = Severity.TIGHT
    grown_bytes: Bytes
    source: GrowthSource


# In order of importance among findings of one severity.
FINDINGS: tuple[type[Finding], ...] = (
    ModelThrash,
    TaskStorm,
    Stuck,
    QueueBacklog,
    MemoryPressure,
    TaskModelUnusable,
    TaskModelDoesNotFit,
    ModelSpills,
    TasksOnBigModel,
    AutocompleteOn,
    SettingsDrift,
    PromptCacheGrowth,
)


class Diagnosis(Struct, frozen=True):
    """Findings in order of importance: the first is the one to speak of."""

    level: Level
    findings: tuple[Finding, ...] = ()
    explained: tuple[Finding, ...] = ()
    """True as well, but only another side of a finding above: nothing to speak of, and not over either."""
    undecided: tuple[type[Finding], ...] = ()
    """What could not be judged in this poll: neither found nor gone."""
    settling: Settling | None = None
    blind: Blind | None = None

    @property
    def top(self) -> Finding | None:
        return self.findings[0] if self.findings else None
