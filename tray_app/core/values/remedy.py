"""An answer to a finding."""

from msgspec import Struct

from tray_app.core.values.fit import Fit
from tray_app.core.values.plan import Plan
from tray_app.core.values.task_settings import Setting


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


class Strategy(Struct, frozen=True):
    """One of the three answers to the problem. `suits`: the one for this machine.

    `reason`: a stable word, why or why not. `remedy`: the id of its best remedy, empty where it has none now.
    """

    name: str
    suits: bool
    reason: str
    remedy: str = ""
    subject: str = ""
