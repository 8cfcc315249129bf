"""A bounded window of snapshots, newest last, with the gaps in it (sleep, clock jumps) and where runners changed.

What every rule asks at every poll is kept up to date by `add`, so that a long history costs a poll nothing.
"""

from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct

from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import ProcessRole, Snapshot

KEEP_S = 900.0
LATE_S = 45.0
"""Three of the longest polling intervals: a longer silence is sleep, a stopped process or a hung machine."""
CLOCK_MOVED_S = 20.0
"""A clock that ran ahead of the monotonic one by more than this: the machine slept, or somebody set the clock."""

Runners = frozenset[tuple[int, float]]
"""(pid, start) of each runner of a model."""
Change = tuple[Snapshot, Snapshot]
"""The polls before and after runners came or went."""


class Moment(Struct, frozen=True):
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


def runners_of(snapshot: Snapshot) -> Runners | None:
    """None where processes were not seen."""
    if not isinstance(snapshot.processes, Known):
        return None
    watched = snapshot.processes.value.watched
    return frozenset((one.pid, one.started_at) for one in watched if one.role is ProcessRole.OLLAMA_RUNNER)


def _uptime(snapshot: Snapshot) -> float:
    return snapshot.uptime_s


class History(Struct, frozen=True):
    """Snapshots before the current one. Ages are judged by the monotonic `uptime_s`, which no clock change moves."""

    snapshots: tuple[Snapshot, ...] = ()
    gap_s: float | None = None
    """Uptime of the first poll after the newest gap."""
    changes: tuple[Change, ...] = ()
    seen: Snapshot | None = None
    """The newest poll that saw processes."""
    prompt_cache_bytes: int | None = None
    """The newest "cache state" line of the log, as long as the runners it spoke of are there."""

    def add(self, snapshot: Snapshot) -> "History":
        """The window with one more snapshot; those older than KEEP_S fall out."""
        oldest = snapshot.uptime_s - KEEP_S
        kept = tuple(old for old in self.snapshots if oldest <= old.uptime_s <= snapshot.uptime_s)
        changes = tuple(one for one in self.changes_with(snapshot) if oldest <= one[1].uptime_s <= snapshot.uptime_s)
        seen = snapshot if isinstance(snapshot.processes, Known) else self.seen
        return History((*kept, snapshot), self._gap_before(snapshot), changes, seen, self.prompt_cache_with(snapshot))

    def _gap_before(self, now: Snapshot) -> float | None:
        return now.uptime_s if self.snapshots and is_gap(self.snapshots[-1], now) else self.gap_s

    def last(self, seconds: float, now: Snapshot) -> tuple[Snapshot, ...]:
        """Snapshots of the last `seconds` before `now`, oldest first, `now` included."""
        first = bisect_left(self.snapshots, now.uptime_s - seconds, key=_uptime)
        end = bisect_left(self.snapshots, now.uptime_s, key=_uptime)
        return (*self.snapshots[first:end], now)

    def unbroken(self, seconds: float, now: Snapshot) -> tuple[Snapshot, ...]:
        """As `last`, but only since the newest gap: what a trend may be read from."""
        gap_s = self._gap_before(now)
        return self.last(seconds if gap_s is None else min(seconds, now.uptime_s - gap_s), now)

    def backwards(self, seconds: float, now: Snapshot) -> Iterator[Snapshot]:
        """The unbroken polls of the last `seconds`, newest first."""
        return reversed(self.unbroken(seconds, now))

    def woke_s_ago(self, within_s: float, now: Snapshot) -> float | None:
        """Seconds since the first poll after the newest gap, where that is less than `within_s`; else None."""
        gap_s = self._gap_before(now)
        since = None if gap_s is None else now.uptime_s - gap_s
        return since if since is not None and 0 <= since < within_s else None

    def prompt_cache_with(self, now: Snapshot) -> int | None:
        """What the log said last of the prompts that runners keep, `now` included."""
        logged = now.ollama_log.value.prompt_cache_bytes if isinstance(now.ollama_log, Known) else None
        if logged is not None:
            return logged
        return self.prompt_cache_bytes if len(self.changes_with(now)) == len(self.changes) else None

    def changes_with(self, now: Snapshot) -> tuple[Change, ...]:
        """Where runners came or went, `now` included, oldest first."""
        runners = runners_of(now)
        if self.seen is None or runners is None or runners == runners_of(self.seen):
            return self.changes
        return (*self.changes, (self.seen, now))

    def changes_since_gap(self, seconds: float, now: Snapshot) -> tuple[Change, ...]:
        """Changes of the last `seconds` whose both polls came after the newest gap."""
        gap_s = self._gap_before(now)
        since = now.uptime_s - seconds if gap_s is None else max(now.uptime_s - seconds, gap_s)
        return tuple(one for one in self.changes_with(now) if since <= one[0].uptime_s <= one[1].uptime_s)
