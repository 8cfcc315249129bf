"""What remedies are asked about: a diagnosis, the facts it rests on, and what could be had here."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from msgspec import Struct

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.fit.candidates import CANDIDATES, Candidate
from tray_app.core.values.finding import (
    CauseKind,
    Diagnosis,
    Finding,
    MemoryPressure,
    ModelThrash,
    QueueBacklog,
    Severity,
    TaskStorm,
)
from tray_app.core.values.remedy import Reason
from tray_app.core.values.requests import RequestKind
from tray_app.core.values.snapshot import Access
from tray_app.core.values.task_settings import Setting

F = TypeVar("F", bound=Finding)
T = TypeVar("T")

_MISSING = {
    Access.NONE: Reason.NEEDS_CONNECT,
    Access.REFUSED: Reason.NEEDS_NEW_SIGN_IN,
    Access.USER: Reason.NEEDS_ADMIN,
    Access.ADMIN: Reason.SETTINGS_UNREAD,
}


class Case(Struct, frozen=True, dict=True):
    """One for each look: remedies, task models and ways all ask it. `candidates`: models that could be downloaded;
    `relay_port`: where our relay stands, None where none can be started."""

    facts: Facts
    diagnosis: Diagnosis
    candidates: tuple[Candidate, ...] = CANDIDATES
    relay_port: int | None = None

    @property
    def may_write(self) -> bool:
        server = self.facts.open_webui
        return server is not None and server.access is Access.ADMIN and self.facts.settings is not None

    @property
    def missing(self) -> Reason:
        """What is missing where nothing can be written."""
        server = self.facts.open_webui
        return _MISSING[server.access if server is not None else Access.NONE]

    def found(self, kind: type[F]) -> F | None:
        return next((finding for finding in self.diagnosis.findings if isinstance(finding, kind)), None)

    @property
    def kv_cache_type(self) -> str:
        ollama = self.facts.ollama
        return (ollama.config.kv_cache_type if ollama is not None else None) or "f16"

    @property
    def overloaded(self) -> bool:
        return any(finding.severity is Severity.OVERLOADED for finding in self.diagnosis.findings)

    @property
    def tasks_hurt(self) -> bool:
        """A finding that task remedies cure, and no other program that is to blame for the shortage."""
        if self.blames_program or self.blames_client:
            return False
        pressed = self.found(MemoryPressure)
        if pressed is not None and pressed.cause is CauseKind.MODEL:
            return True
        return any(finding.cured_by_fewer_tasks for finding in self.diagnosis.findings)

    @property
    def blames_program(self) -> bool:
        pressed = self.found(MemoryPressure)
        if pressed is None or pressed.cause is not CauseKind.PROGRAM:
            return False
        if pressed.is_critical:  # fewer tasks give back nothing of what that program holds
            return True
        return not (self.found(TaskStorm) or self.found(ModelThrash))

    @property
    def blames_client(self) -> bool:
        """What waits is the load of another client: its connections say so, or Open WebUI answers no chat, and no task
        is seen to run."""
        if not isinstance(self.diagnosis.top, QueueBacklog):
            return False
        if self.diagnosis.top.others:
            return True
        if self.facts.busy_chats != 0:
            return False
        typing = Setting.AUTOCOMPLETE in (self.facts.unasked or ())  # it is no chat, and not counted as one
        requests = self.facts.requests
        seen = requests is not None and any(one.kind is RequestKind.TASK for one in requests.active)
        return not typing and not seen

    @property
    def other_users(self) -> bool | None:
        """None where it is not known."""
        return None if self.facts.other_users is None else self.facts.other_users > 0


def once(work_out: Callable[[Case], T]) -> Callable[[Case], T]:
    """Worked out at the first of the views that ask, and kept with the case for the others."""

    name = f"{work_out.__module__}.{work_out.__name__}"

    @wraps(work_out)
    def kept(here: Case) -> T:
        known = vars(here)
        if name not in known:
            known[name] = work_out(here)
        found: T = known[name]
        return found

    return kept
