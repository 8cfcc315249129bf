"""What is kept of the polls: how things were, for how long, and every request that ended. Pure.

A poll that is like the one before makes its span longer and writes nothing by itself: what is idle is written when it
changes, what is not once a minute. A kill then loses at most the last minute, and of an idle time its end.
"""

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.values.finding import Level
from tray_app.core.values.reading import Moment, is_gap
from tray_app.core.values.requests import FinishedRequest
from tray_app.core.values.snapshot import Pressure

MOST_KEPT = 5_000
"""Rows that wait for a file that cannot be written; then the oldest go."""


class Stretch(Struct, frozen=True):
    """How things were from one poll to another, Unix seconds. None: it could not be told then."""

    at: float
    until: float
    level: Level
    pressure: Pressure | None = None
    running: int | None = None
    waiting: int | None = None
    held: int | None = None
    longest_wait_s: float | None = None
    """The longest that was seen to wait at Ollama in it."""
    swap_out_bytes: float = 0.0

    def is_like(self, other: "Stretch") -> bool:
        """Nothing of it is different, but when and how much."""
        mine = (self.level, self.pressure, self.running, self.waiting, self.held)
        return mine == (other.level, other.pressure, other.running, other.waiting, other.held)

    @property
    def is_idle(self) -> bool:
        """Nothing goes on: its end is worth no writing of its own."""
        return not (self.running or self.waiting or self.held) and self.pressure in (Pressure.NORMAL, None)


class Noted(Struct, frozen=True):
    """What one poll adds. `swap_out_bytes_per_s`: since the poll before."""

    at: Moment
    span: Stretch
    swap_out_bytes_per_s: float | None = None
    finished: tuple[FinishedRequest, ...] = ()


class Unwritten(Struct, frozen=True):
    """What waits to be written. The last span goes on; `written` is what of it the file holds already."""

    spans: tuple[Stretch, ...] = ()
    finished: tuple[FinishedRequest, ...] = ()
    at: Moment | None = None
    written: Stretch | None = None

    @property
    def worth(self) -> bool:
        """Is anything here that a file should have?"""
        if self.finished or len(self.spans) > 1:
            return True
        if not self.spans:
            return False
        (going,) = self.spans
        if self.written is None or self.written.at != going.at:
            return True
        return (replace(going, until=self.written.until) if going.is_idle else going) != self.written

    def noted(self, seen: Noted) -> "Unwritten":
        """One poll more."""
        gap = self.at is None or is_gap(self.at, seen.at)
        spans = self.spans
        if spans and not gap:
            before = spans[-1]
            passed = max(0.0, seen.span.at - before.until)
            before = replace(
                before,
                until=max(before.until, seen.span.at),
                swap_out_bytes=before.swap_out_bytes + passed * (seen.swap_out_bytes_per_s or 0.0),
            )
            if before.is_like(seen.span):
                waits = [one for one in (before.longest_wait_s, seen.span.longest_wait_s) if one is not None]
                spans = (*spans[:-1], replace(before, longest_wait_s=max(waits, default=None)))
            else:
                spans = (*spans[:-1], before, seen.span)
        else:
            spans = (*spans, seen.span)
        finished = (*self.finished, *seen.finished)[-MOST_KEPT:]
        return replace(self, spans=spans[-MOST_KEPT:], finished=finished, at=seen.at)

    def done(self) -> "Unwritten":
        """All of it is in the file now."""
        return Unwritten(self.spans[-1:], (), self.at, self.spans[-1] if self.spans else None)


class Past(Struct, frozen=True):
    """What a file held of a time, oldest first."""

    spans: tuple[Stretch, ...] = ()
    finished: tuple[FinishedRequest, ...] = ()
