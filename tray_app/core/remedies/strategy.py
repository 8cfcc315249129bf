"""One answer to the problem as a value: does it suit here and why, what it brings, what it costs, and its button."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.remedy import Remedy, StrategyKind
from tray_app.core.values.task_settings import Setting


class StrategyReason(StrEnum):
    """Why a strategy suits this machine or does not."""

    FITS_BESIDE = "fits-beside"
    NO_SMALL_MODEL_FITS = "no-small-model-fits"
    ONE_AT_A_TIME = "max-loaded-models"
    NONE_TO_TRY = "none-to-try"
    NEW_ARE_NOT_LISTED = "new-are-not-listed"
    FITS_BUT_PRIVATE = "fits-but-private"
    WOULD_BE_PRIVATE = "would-be-private"
    FITS_BUT_THINKS = "fits-but-thinks"
    IN_USE = "in-use"
    CHAT_MODEL_IS_SMALL = "chat-model-is-small"
    SETTINGS_UNKNOWN = "settings-unknown"
    MODELS_UNKNOWN = "models-unknown"
    NO_CHAT_MODEL = "no-chat-model"
    NO_TASK_IS_ON = "no-task-is-on"
    PRESSURE = "memory-pressure"
    LITTLE_AVAILABLE = "available-memory"
    BUDGET_NEARLY_FULL = "budget"
    FIT_UNKNOWN = "fit-unknown"
    LISTED_ALREADY = "listed-already"
    NONE_LISTED = "none-listed"
    HOSTED_NOT_FOR_TASKS = "hosted-not-for-tasks"
    HOSTED_NOT_FOR_ALL = "hosted-not-for-all"
    NOTHING_FITS = "nothing-fits"
    SMALL_MODEL_IS_BETTER = "small-model-is-better"
    CHAT_FIRST_IS_BETTER = "chat-first-is-better"
    NOTHING_TO_SWITCH_OFF = "nothing-to-switch-off"
    TASKS_CAN_WAIT = "tasks-can-wait"
    CHAT_FIRST_IS_ON = "chat-first-is-on"
    OLDER_OPEN_WEBUI = "older-open-webui"
    OLLAMA_ELSEWHERE = "ollama-elsewhere"
    NO_RELAY_HERE = "no-relay-here"
    NO_CONNECTION_HERE = "no-connection-here"
    CONNECTIONS_UNKNOWN = "connections-unknown"
    JOURNAL_UNREAD = "journal-unread"


_UNKNOWN = frozenset(
    {
        StrategyReason.SETTINGS_UNKNOWN,
        StrategyReason.MODELS_UNKNOWN,
        StrategyReason.NO_CHAT_MODEL,
        StrategyReason.FIT_UNKNOWN,
        StrategyReason.CONNECTIONS_UNKNOWN,
        StrategyReason.JOURNAL_UNREAD,
    }
)


class Reach(StrEnum):
    """Whether it can be had here."""

    SUITS = "suits"
    IN_USE = "in-use"
    POSSIBLE = "possible"
    NEEDS_ADMIN = "needs-admin"
    UNKNOWN = "unknown"
    TO_ADD = "to-add"
    NOT_HERE = "not-here"


class Strategy(Struct, frozen=True):
    """One of the answers to the problem. `suits`: the one for this machine. `subject`: the model or host.

    What it would mean here; None: not known. `calls`: background calls that no longer stand in a chat's way, per later
    message and with the first of a chat. `seconds_before`, `seconds_after`: of task work per message that a chat may
    have to wait for; `seconds_there`: what the other model needs for it. `usd`: for 1,000 messages, at most, by what
    its endpoint asks. `lost`: the tasks whose results are gone.
    """

    kind: StrategyKind
    suits: bool
    reason: StrategyReason
    subject: str = ""
    remedy: Remedy | None = None
    """What carries it out; None where nothing does here."""
    calls: tuple[float, float] | None = None
    seconds_before: float | None = None
    seconds_after: float | None = None
    seconds_there: float | None = None
    usd: float | None = None
    lost: tuple[Setting, ...] = ()

    @property
    def reach(self) -> Reach:
        """Can it be had here, in a word?"""
        if self.suits:
            return Reach.SUITS
        if self.reason in (StrategyReason.IN_USE, StrategyReason.CHAT_FIRST_IS_ON):
            return Reach.IN_USE
        if self.reason in _UNKNOWN:
            return Reach.UNKNOWN
        if self.reason is StrategyReason.NONE_LISTED:
            return Reach.TO_ADD
        if self.remedy is None:
            return Reach.NOT_HERE
        return Reach.NEEDS_ADMIN if self.remedy.advice_only else Reach.POSSIBLE
