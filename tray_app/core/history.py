"""A bounded window of snapshots, newest last, and the gaps in it (sleep, clock jumps)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tray_app.core.snapshot import Snapshot

KEEP_S = 900.0
LATE_S = 45.0
"""Three of the longest polling intervals: a longer silence is sleep, a stopped process or a hung machine."""
CLOCK_MOVED_S = 20.0
"""A clock that ran ahead of the monotonic one by more than this: the machine slept, or somebody set the clock."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a poll was taken: monotonic seconds, and Unix seconds."""

    uptime_s: float
    taken_at: float

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Moment":
        return cls(snapshot.uptime_s, snapshot.taken_at)


def is_gap(before: Snapshot | Moment, after: Snapshot | Moment) -> bool:
    """Did time pass between two polls that nobody watched? A clock that was set back alone is no gap."""
    up = after.uptime_s - before.uptime_s
    return not 0 <= up <= LATE_S or after.taken_at - before.taken_at - up > CLOCK_MOVED_S


@dataclass(frozen=True, slots=True)
class History:
    """Snapshots before the current one. Ages are judged by the monotonic `uptime_s`, which no clock change moves."""

    snapshots: tuple[Snapshot, ...] = ()

    def add(self, snapshot: Snapshot) -> "History":
        """The window with one more snapshot; those older than KEEP_S fall out."""
        oldest = snapshot.uptime_s - KEEP_S
        kept = tuple(old for old in self.snapshots if oldest <= old.uptime_s <= snapshot.uptime_s)
        return History((*kept, snapshot))

    def last(self, seconds: float, now: Snapshot) -> tuple[Snapshot, ...]:
        """Snapshots of the last `seconds` before `now`, oldest first, `now` included."""
        return (*(old for old in self.snapshots if now.uptime_s - seconds <= old.uptime_s < now.uptime_s), now)

    def unbroken(self, seconds: float, now: Snapshot) -> tuple[Snapshot, ...]:
        """As `last`, but only since the newest gap: what a trend may be read from."""
        polls = self.last(seconds, now)
        start = 0
        for index, (before, after) in enumerate(pairwise(polls), start=1):
            if is_gap(before, after):
                start = index
        return polls[start:]

    def woke_s_ago(self, within_s: float, now: Snapshot) -> float | None:
        """Seconds since the first poll after the newest gap, where that is less than `within_s`; else None."""
        # One poll more than the span: the gap lies before the first poll inside it.
        polls = self.last(within_s + KEEP_S, now)
        gaps = [after.uptime_s for before, after in pairwise(polls) if is_gap(before, after)]
        since = now.uptime_s - gaps[-1] if gaps else None
        return since if since is not None and since < within_s else None

    def backwards(self, seconds: float, now: Snapshot) -> Iterator[Snapshot]:
        """The unbroken polls of the last `seconds`, newest first."""
        return reversed(self.unbroken(seconds, now))
