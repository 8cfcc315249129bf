"""A plan, exactly what would change before anything is written; and the journal's record of what became of it."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Json


class Change(Struct, frozen=True, gc=False):
    """One setting, from and to, as the values that Open WebUI's document holds. They are never altered in place.

    `place`: which one, where a document has several of a kind: the number of a connection.
    """

    setting: Setting
    before: Json
    after: Json
    place: str = ""

    @property
    def what(self) -> tuple[Setting, str]:
        """What is changed: two changes of the same are one after the other."""
        return self.setting, self.place

    def back(self) -> "Change":
        return Change(self.setting, self.after, self.before, self.place)


class ActionKind(StrEnum):
    """What a plan does besides settings."""

    PULL = "pull"
    UNLOAD = "unload"
    STOP_GENERATIONS = "stop-generations"
    START_RELAY = "start-relay"
    END = "end"  # a process


class Action(Struct, frozen=True):
    """`subject`: a model. `pid` and `started_at`: of the process that ends. `port`: of the relay that starts."""

    kind: ActionKind
    subject: str = ""
    size_bytes: int | None = None
    pid: int = 0
    started_at: float = 0.0
    port: int = 0


class Plan(Struct, frozen=True):
    """Actions first (a pull), then all changes in one write."""

    changes: tuple[Change, ...] = ()
    actions: tuple[Action, ...] = ()

    @property
    def needs_admin(self) -> bool:
        """Whether only an admin of Open WebUI may do it."""
        return bool(self.changes) or any(one.kind is ActionKind.STOP_GENERATIONS for one in self.actions)


# --- in the journal ------------------------------------------------------------------------


class Event(StrEnum):
    """What a line tells, and where a change stands after it. Values are stable: they are in the file."""

    INTENDED = "intended"  # without a result: the server may hold either value
    APPLIED = "applied"
    FAILED = "failed"  # the server is known not to hold the new values
    UNDO_INTENDED = "undo-intended"  # without a result: as above
    UNDONE = "undone"
    UNDO_FAILED = "undo-failed"  # the server is known to still hold the values: the change is in force
    DRIFTED = "drifted"  # an undo found other values than ours and left them; what is ours may still be undone


OPEN = frozenset({Event.INTENDED, Event.UNDO_INTENDED})
"""Cut short: only a look at the server tells what was done."""
IN_FORCE = frozenset({Event.APPLIED, Event.DRIFTED})
SETTLED = frozenset({Event.FAILED, Event.UNDONE})
"""Over for good."""


MEASURED = "speed"
"""The remedy of a switch that was made for a measurement only."""


class Record(Struct, frozen=True, gc=False):
    """A line of the journal, or a change as all its lines leave it.

    `at`: Unix seconds; of a change, when it was intended. `version`: the server's. `detail`: a fact, never a secret.
    `changes`: what the line is about; of a change, what is (or would be) in force of it.
    """

    id: str
    at: float
    event: Event
    origin: str
    version: str = ""
    remedy: str = ""
    changes: tuple[Change, ...] = ()
    detail: str = ""

    @property
    def is_left_switched(self) -> bool:
        """A measurement made it, and nobody has taken it back or changed it since."""
        return self.remedy == MEASURED and self.event is Event.APPLIED
