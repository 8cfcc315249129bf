"""The pictures of the details page as values: from the rows of the history, the newest look and the journal. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from tray_app.core.report.details.calls import CallsPicture, call_sums, calls, day_of
from tray_app.core.report.details.lanes import TimeLane, lanes, open_bars
from tray_app.core.report.details.memory_use import MemoryPicture, MemoryUse, memory_picture
from tray_app.core.report.details.scale import AxisTick, Frame, Offset, TimeWindow, frame, ticks
from tray_app.core.report.details.stored import CallSum, Stored
from tray_app.core.report.details.timeline import Timeline, marks_in, timeline
from tray_app.core.report.history import Unwritten, marks_of_lines
from tray_app.core.values.plan import Record
from tray_app.core.values.requests import FinishedRequest, Requests

CALL_DAYS = 7


class Kept(Struct, frozen=True):
    """What the history holds for these pictures. `days`: where each local day of `by_day` began."""

    window: Stored = Stored()
    days: tuple[float, ...] = ()
    by_day: tuple[CallSum, ...] = ()
    """Up to `by_day_until`; what ended later is in `since_then`."""
    since_then: tuple[FinishedRequest, ...] = ()


class Seeing(Struct, frozen=True):
    """The newest look, as far as pictures need it. `at`: Unix seconds."""

    at: float
    memory: MemoryUse = MemoryUse()
    requests: Requests | None = None
    unwritten: Unwritten = Unwritten()
    lines: tuple[Record, ...] = ()
    """The journal's."""


class Pictures(Struct, frozen=True):
    """All of them. `asked`: the window that is shown."""

    frame: Frame
    now: float
    ticks: tuple[AxisTick, ...]
    timeline: Timeline
    lanes: tuple[TimeLane, ...]
    calls: CallsPicture
    memory: MemoryPicture
    oldest: float | None = None
    ahead: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing was measured yet."""
        return not self.timeline.steps and self.oldest is None


def pictures(window: TimeWindow, kept: Kept, seen: Seeing, offset: Offset) -> Pictures:
    """`kept`: read after `seen.unwritten` was taken, so that nothing falls between the two."""
    shown = frame(window, seen.at)
    rows = kept.window
    new = seen.unwritten.finished
    finished = _each_once(rows.finished, new)
    marks = marks_in(shown, rows.marks, seen.unwritten.marks, marks_of_lines(seen.lines, shown.since))
    pending = [one for one in seen.unwritten.spans if one.at <= seen.at]
    later = sorted(_each_once(kept.since_then, new), key=lambda one: one.ended_at)
    oldest = min([*filter(None, [rows.oldest]), *(one.at for one in pending)], default=None)
    return Pictures(
        frame=shown,
        now=seen.at,
        ticks=ticks(shown, offset),
        timeline=timeline(shown, rows, pending, marks, seen.at),
        lanes=lanes(shown, finished, rows.calls, open_bars(seen.requests, seen.at)),
        calls=calls(kept.days, (*kept.by_day, *call_sums(later, day_of(kept.days))), oldest),
        memory=memory_picture(seen.memory),
        oldest=oldest,
        ahead=rows.ahead,
    )


def _each_once(stored: Sequence[FinishedRequest], new: Sequence[FinishedRequest]) -> tuple[FinishedRequest, ...]:
    """The relay may have written what the tray is about to write; then the tray's is better."""
    if not new:
        return tuple(stored)
    keys = {(one.ended_at, one.began_at, one.kind, one.task, one.model) for one in new}
    oldest = min(one.ended_at for one in new)
    kept = (
        one
        for one in stored
        if one.ended_at < oldest or (one.ended_at, one.began_at, one.kind, one.task, one.model) not in keys
    )
    return (*kept, *new)
