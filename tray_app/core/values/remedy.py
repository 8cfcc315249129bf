"""A type for every answer to a finding. Its id is made here from the type, and read back here."""

from enum import IntEnum, StrEnum
from typing import ClassVar

from msgspec import Struct

from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.plan import Action, ActionKind, Plan
from tray_app.core.values.task_settings import Setting


class Effect(Struct, frozen=True):
    """Predicted effect; None: not known. Memory is positive where it is saved, negative where it is added."""

    calls_per_message: float | None = None
    calls_per_minute: float | None = None
    memory_bytes: int | None = None
    calls_per_chat: float | None = None
    """On the first message of a chat, its own calls included."""


class Consent(IntEnum):
    """What a remedy needs before it is carried out; each includes the ones before."""

    NONE = 0  # automatic relief may do it: task switches, and an installed task model that fits
    CLICK = 1  # a person chose it
    CONFIRMED = 2  # a person saw the plan and said yes
    NEVER = 3  # advice: the steps are outside this app


class ReliefStage(StrEnum):
    """Where automatic relief stands."""

    OFF = "off"
    READY = "ready"  # it acts when an overload has lasted
    IN_FORCE = "in-force"
    LEFT_TO_USER = "left-to-user"  # who took it back
    COOLS_DOWN = "cools-down"
    NOT_OFFERED = "not-offered"  # overloaded, and the remedy is none for that
    ASKS = "asks"  # it would need a person's consent now
    NOT_ALLOWED = "not-allowed"  # nothing can be written


class StrategyKind(StrEnum):
    """The answers to the problem: three of the documentation, and ours. Values are stable: they appear in the JSON."""

    NONE = ""
    CHAT_FIRST = "chat-first"
    SMALL_MODEL = "small-model"
    HOSTED_MODEL = "hosted-model"
    FEWER_TASKS = "fewer-tasks"


class Reason(StrEnum):
    """Why a remedy helps here, or what is missing for it. Each is decided by itself: none stands for "else"."""

    EVERY_MESSAGE = "every-message"
    FIRST_MESSAGE = "first-message"
    BESIDE_ANSWER = "beside-answer"
    WHILE_TYPING = "while-typing"  # everybody's, or shown to be on for our own account
    WHERE_SWITCHED_ON = "where-switched-on"  # allowed; who uses it only the accounts know
    WEB_SEARCH = "web-search"
    FILES = "files"
    PLAIN_CHAT = "plain-chat"
    SOME_HAVE_NO_SWITCH = "some-have-no-switch"
    THINKS_BEFORE_TITLE = "thinks-before-title"
    TAKES_ITS_PLACE = "takes-its-place"
    NO_ROOM_FOR_BOTH = "no-room-for-both"
    FITS_BESIDE = "fits-beside"
    BARELY_FITS = "barely-fits"
    MEMORY_IS_SHORT = "memory-is-short"
    FIT_UNKNOWN = "fit-unknown"
    HOSTED = "hosted"
    HOSTED_HERE = "hosted-here"  # by another server of this computer
    ENDS_ANSWERS = "ends-answers"  # nobody else has an account
    ENDS_ANSWERS_OF_ALL = "ends-answers-of-all"
    MAY_END_ANSWERS_OF_OTHERS = "may-end-answers-of-others"  # how many accounts there are is not known
    FREES_MEMORY = "frees-memory"
    SERVES_NOBODY = "serves-nobody"
    CHAT_MODEL_ALONE_SPILLS = "chat-model-alone-spills"
    CONTEXT_SPILLS = "context-spills"  # the same, and with a small context it would fit
    LONG_CONTEXT = "long-context"
    SMALLER_CONTEXT_MEMORY = "smaller-context-memory"
    SLOTS_RESERVE_MEMORY = "slots-reserve-memory"
    ONE_MODEL_ONLY = "one-model-only"
    MODELS_STAY = "models-stay"
    PROMPT_CACHE = "prompt-cache"
    TASKS_WAIT = "tasks-wait"
    NEEDS_CONNECT = "needs-connect"
    NEEDS_NEW_SIGN_IN = "needs-new-sign-in"
    NEEDS_ADMIN = "needs-admin"
    SETTINGS_UNREAD = "settings-unread"  # the sign-in is good, the settings could not be read


class Remedy(Struct, frozen=True, kw_only=True):
    """An answer to a finding. `id` is stable: it names it in the JSON, on the command line, in settings and journal."""

    reason: Reason
    plan: Plan = Plan()
    effect: Effect = Effect()
    fit: Fit | None = None
    asks: bool = False
    """Always asks before it runs: not undoable, or with a bad verdict."""
    advice_only: bool = False
    """Needs steps outside this app, or rights that are missing; nothing is written."""
    undoable: bool = True
    strategy: ClassVar[StrategyKind] = StrategyKind.NONE

    @property
    def id(self) -> str:
        raise NotImplementedError

    @property
    def subject(self) -> str:
        """A model or host that the sentence names."""
        return ""

    @property
    def download(self) -> Action | None:
        """The model that has to be downloaded first."""
        return next((one for one in self.plan.actions if one.kind is ActionKind.PULL), None)

    @property
    def needs(self) -> Consent:
        """Judged here, for menu, notices, command line, automatic relief and the carrier alike."""
        verdict = self.fit.verdict if self.fit is not None else Verdict.FITS
        if self.advice_only:
            return Consent.NEVER
        if self.asks or not self.undoable or verdict.is_bad:
            return Consent.CONFIRMED
        if self.plan.actions or not self.plan.changes or verdict is not Verdict.FITS:
            return Consent.CLICK
        return Consent.NONE

    @property
    def needs_sign_in(self) -> bool:
        """It could be done here by an administrator of Open WebUI."""
        return self.reason in (Reason.NEEDS_CONNECT, Reason.NEEDS_NEW_SIGN_IN, Reason.NEEDS_ADMIN)


# The ids that settings and journal hold.
ALL_TASKS_OFF = "all-tasks-off"
TASK_MODEL = "task-model:"


def switch_off_id(task: Setting) -> str:
    return f"{task.value}-off"


HOSTED_MODEL = "hosted-task-model"


def task_model_named(identity: str) -> str:
    """The model that the id of a UseModel names; empty for any other remedy's."""
    return identity.removeprefix(TASK_MODEL) if identity.startswith(TASK_MODEL) else ""


class SwitchOff(Remedy, frozen=True, kw_only=True):
    """One task less."""

    strategy = StrategyKind.FEWER_TASKS
    task: Setting

    @property
    def id(self) -> str:
        return switch_off_id(self.task)


CHAT_FIRST = "chat-first"


def is_chat_first(identity: str) -> bool:
    """Whether a remedy's id, as the journal holds it, is that of PutChatsFirst."""
    return identity == CHAT_FIRST or identity.startswith(f"{CHAT_FIRST}:")


class PutChatsFirst(Remedy, frozen=True, kw_only=True):
    """All tasks stay on, and none stands before a chat. `at`: a gateway of one's own instead of our relay."""

    strategy = StrategyKind.CHAT_FIRST
    at: str = ""

    @property
    def id(self) -> str:
        return f"{CHAT_FIRST}:{self.at}" if self.at else CHAT_FIRST

    @property
    def needs(self) -> Consent:
        """A person chooses it: from then on something stands between Open WebUI and Ollama."""
        return max(super().needs, Consent.CLICK)


class AllTasksOff(Remedy, frozen=True, kw_only=True):
    strategy = StrategyKind.FEWER_TASKS

    @property
    def id(self) -> str:
        return ALL_TASKS_OFF


class NoThinking(Remedy, frozen=True, kw_only=True):
    """`model`: the one that runs the tasks and would think first."""

    model: str

    @property
    def id(self) -> str:
        return "no-thinking-in-tasks"

    @property
    def subject(self) -> str:
        return self.model


class UseModel(Remedy, frozen=True, kw_only=True):
    """A small model of this Ollama does the tasks. `model`: its id in Open WebUI."""

    strategy = StrategyKind.SMALL_MODEL
    model: str

    @property
    def id(self) -> str:
        return f"{TASK_MODEL}{self.model}"

    @property
    def subject(self) -> str:
        return self.model


class SameAsChat(Remedy, frozen=True, kw_only=True):
    """Tasks run on the chat model again. `model`: the task model that took its place."""

    model: str

    @property
    def id(self) -> str:
        return "same-as-chat"

    @property
    def subject(self) -> str:
        return self.model

    @property
    def needs(self) -> Consent:
        """A person chooses it: it brings the calls back to the chat model."""
        return max(super().needs, Consent.CLICK)


class HostedModel(Remedy, frozen=True, kw_only=True):
    """A model elsewhere does the tasks: chat text goes to `host`."""

    strategy = StrategyKind.HOSTED_MODEL
    asks: bool = True
    model: str
    host: str

    @property
    def id(self) -> str:
        return f"{HOSTED_MODEL}:{self.model}"

    @property
    def subject(self) -> str:
        return self.host


def unload_id(model: str) -> str:
    return f"unload:{model}"


class UnloadModel(Remedy, frozen=True, kw_only=True):
    undoable: bool = False
    asks: bool = True
    model: str

    @property
    def id(self) -> str:
        return unload_id(self.model)

    @property
    def subject(self) -> str:
        return self.model


class EndRunner(Remedy, frozen=True, kw_only=True):
    """A process that an Ollama left behind ends. `model`: what it holds in memory."""

    undoable: bool = False
    asks: bool = True
    model: str
    pid: int

    @property
    def id(self) -> str:
        return f"end-runner:{self.pid}"

    @property
    def subject(self) -> str:
        return self.model


class StopGenerations(Remedy, frozen=True, kw_only=True):
    undoable: bool = False
    asks: bool = True

    @property
    def id(self) -> str:
        return "stop-generations"


class AdviceKind(StrEnum):
    """A setting of Ollama that needs its restart."""

    CONTEXT_LENGTH = "context-length"
    KV_CACHE_TYPE = "kv-cache-type"
    NUM_PARALLEL = "num-parallel"
    CACHE_RAM = "cache-ram"
    MAX_LOADED_MODELS = "max-loaded-models"
    KEEP_ALIVE = "keep-alive"


ADVISED = {
    AdviceKind.CONTEXT_LENGTH: ("OLLAMA_CONTEXT_LENGTH", "4096"),
    AdviceKind.KV_CACHE_TYPE: ("OLLAMA_KV_CACHE_TYPE", "q8_0"),
    AdviceKind.NUM_PARALLEL: ("OLLAMA_NUM_PARALLEL", "1"),
    AdviceKind.MAX_LOADED_MODELS: ("OLLAMA_MAX_LOADED_MODELS", "2"),
    AdviceKind.CACHE_RAM: ("LLAMA_ARG_CACHE_RAM", "512"),
    AdviceKind.KEEP_ALIVE: ("OLLAMA_KEEP_ALIVE", "1m"),
}
"""What Ollama is started with, and the value that helps."""


class OllamaStart(StrEnum):
    """How the Ollama here was started: that says where its settings stand."""

    APP = "app"
    SYSTEMD = "systemd"
    SHELL = "shell"
    DOCKER = "docker"
    UNKNOWN = "unknown"  # then the usual way of the system is told


class Advice(Remedy, frozen=True, kw_only=True):
    """What only the user can do. `model`: whose memory it is about."""

    advice_only: bool = True
    kind: AdviceKind
    model: str
    start: OllamaStart = OllamaStart.UNKNOWN
    now: str = ""
    """What Ollama's own setting is now; empty where that cannot be seen, or it is left to Ollama."""

    @property
    def id(self) -> str:
        return self.kind.value

    @property
    def subject(self) -> str:
        return self.model


class TaskModelChoice(Struct, frozen=True):
    """`id` is Open WebUI's exact one. `host` is set where chat text would leave this machine."""

    id: str
    fit: Fit
    host: str | None = None
    usable: bool = True
    """False: missing or inactive in Open WebUI's list, which then silently uses the chat model instead."""


class TaskModels(Struct, frozen=True):
    """What can be chosen as task model in one poll. `slot`: the one that counts for the chat model."""

    slot: Setting = Setting.TASK_MODEL
    choices: tuple[TaskModelChoice, ...] = ()
    to_get: "tuple[Remedy, ...]" = ()
    """Small models that would have to be downloaded first."""
