"""What a file holds of a window, brought down to what can be drawn: the form in which storage hands it on. Pure."""

from msgspec import Struct

from tray_app.core.report.history import Mark, Stretch
from tray_app.core.values.requests import FinishedRequest, RequestKind


class SpanSum(Struct, frozen=True, gc=False):
    """The spans that lie wholly in one step: seconds by level and by pressure added up, the most of each count."""

    place: int
    watched_s: float
    tight_s: float
    overloaded_s: float
    blind_s: float
    """The level was unknown."""
    warning_s: float
    critical_s: float
    unread_s: float
    """Memory pressure was unknown."""
    running: int | None
    waiting: int | None
    held: int | None
    running_at_least: bool
    waiting_at_least: bool


class CallSum(Struct, frozen=True, gc=False):
    """Requests of one kind on one model that ended in one step, added up. `place`: a step, or a day."""

    place: int
    kind: RequestKind
    task: str | None
    model: str | None
    calls: int
    served: int
    busy_s: float
    held_s: float
    broken_off: int


class Stored(Struct, frozen=True):
    """`spans`: those that reach over the end of a step. `finished`: the newest requests; `calls`: all before
    them."""

    sums: tuple[SpanSum, ...] = ()
    spans: tuple[Stretch, ...] = ()
    calls: tuple[CallSum, ...] = ()
    finished: tuple[FinishedRequest, ...] = ()
    marks: tuple[Mark, ...] = ()
    oldest: float | None = None
    """The begin of the oldest that is kept; None: nothing is."""
    ahead: bool = False
    """Something lies later than now: the clock was set back since, or this is the history of another machine."""
