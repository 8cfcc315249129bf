"""A bounded window of snapshots, newest last, and the gaps in it (sleep, clock jumps)."""

from dataclasses import dataclass

from tray_app.core.snapshot import Snapshot

KEEP_S = 900.0


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
