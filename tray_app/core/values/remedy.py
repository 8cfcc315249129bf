"""An answer to a finding."""

from enum import IntEnum

from msgspec import Struct

from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.plan import Plan
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
