"""An answer to a finding."""

from msgspec import Struct

from tray_app.core.values.fit import Fit
from tray_app.core.values.plan import Plan


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
