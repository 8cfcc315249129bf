"""A remedy and its plan: exactly what would change, before anything is written."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.tasks.settings import Setting


class Change(Struct, frozen=True):
    """One setting, from and to. Values are JSON texts (`true`, `"gemma3:1b"`, `null`), so that null is not absent."""

    setting: Setting
    before: str
    after: str


class ActionKind(StrEnum):
    """What a plan does besides settings."""

    PULL = "pull"
    UNLOAD = "unload"
    STOP_GENERATIONS = "stop-generations"


class Action(Struct, frozen=True):
    kind: ActionKind
    subject: str = ""
    size_bytes: int | None = None


class Plan(Struct, frozen=True):
    """Actions first (a pull), then all changes in one write."""

    changes: tuple[Change, ...] = ()
    actions: tuple[Action, ...] = ()


class Verdict(StrEnum):
    """Can a second model live beside the chat model?"""

    FITS = "fits"
    TIGHT = "tight"
    EVICTS = "evicts"
    SPILLS = "spills"
    UNKNOWN = "unknown"
    NOT_LOCAL = "not-local"  # runs elsewhere: needs no memory here


class Fit(Struct, frozen=True):
    """`room_bytes` is what may still be used; `basis` names the rule or measurement, a stable word."""

    verdict: Verdict
    need_bytes: int | None = None
    room_bytes: int | None = None
    basis: str = ""


class Effect(Struct, frozen=True):
    """Predicted effect; None: not known. Memory is positive where it is saved, negative where it is added."""

    calls_per_message: float | None = None
    calls_per_minute: float | None = None
    memory_bytes: int | None = None
    calls_per_chat: float | None = None
    """On the first message of a chat, its own calls included."""


class Remedy(Struct, frozen=True):
    """`id` is stable: `follow-ups-off`, `task-model:gemma3:1b`, ...; `reason` a stable word that the view explains."""

    id: str
    plan: Plan
    reason: str = ""
    effect: Effect = Effect()
    fit: Fit | None = None
    subject: str = ""
    """A model or host that the sentence names."""
    undoable: bool = True
    asks: bool = False
    """Always asks before it runs: not undoable, or with a bad verdict."""
    advice_only: bool = False
    """Needs steps outside this app; nothing is written."""
    strategy: str = ""
    """small-model, hosted-model or fewer-tasks: which of the three strategies it belongs to."""
