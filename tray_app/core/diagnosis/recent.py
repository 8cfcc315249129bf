"""A bounded window of earlier polls, newest last, with the gaps in it (sleep, clock jumps) and where runners changed.

What every rule asks at every poll is kept up to date by `add`, so that a long history costs a poll nothing.
"""

from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct

from tray_app.core.values.connections import Owner
from tray_app.core.values.reading import Moment, is_gap
from tray_app.core.values.requests import RunningRequest
from tray_app.core.values.snapshot import LoadedModel, LogEvent, Processes, ProcessRole, WatchedProcess
from tray_app.core.values.task_settings import TaskSettings

KEEP_S = 900.0


class Seen(Struct, frozen=True):
    """What later polls ask of a poll. None: it could not be told then."""

    at: Moment
    runners: tuple[WatchedProcess, ...] | None = None
    loaded: tuple[LoadedModel, ...] | None = None
    running: int | None = None
    waiting: int | None = None
    active: tuple[RunningRequest, ...] | None = None
    events: tuple[LogEvent, ...] = ()
    prompt_cache_bytes: int | None = None
    server: tuple[int, float] | None = None
    """(pid, start) of the Ollama server that is watched."""
    settings: TaskSettings | None = None
    unserved: tuple[str, ...] | None = None
    """Addresses of Open WebUI's Ollama servers of which it lists no model."""

    @property
    def runner_keys(self) -> frozenset[tuple[int, float]] | None:
        """(pid, start) of each runner."""
        return None if self.runners is None else frozenset((one.pid, one.started_at) for one in self.runners)


def server_of(processes: Processes | None) -> tuple[int, float] | None:
    """(pid, start) of the server that is watched, by which a restart is known."""
    watched = processes.watched if processes is not None else ()
    servers = [one for one in watched if one.role is ProcessRole.OLLAMA_SERVER and one.owner is Owner.OURS]
    return (servers[0].pid, servers[0].started_at) if len(servers) == 1 else None


Swap = tuple[Seen, Seen]
"""The polls before and after runners came or went."""


def _uptime(seen: Seen) -> float:
    return seen.at.uptime_s


class Marks(Struct, frozen=True):
    """When the server was last seen to be another process, and the task settings to be others (uptime)."""

    server: tuple[int, float] | None = None
    settings: TaskSettings | None = None
    restarted_s: float | None = None
    changed_s: float | None = None

    def with_poll(self, now: Seen) -> "Marks":
        """What is not known in a poll is taken to be as before."""
        restarted = None not in (self.server, now.server) and self.server != now.server
        changed = None not in (self.settings, now.settings) and self.settings != now.settings
        return Marks(
            now.server or self.server,
            now.settings or self.settings,
            now.at.uptime_s if restarted else self.restarted_s,
            now.at.uptime_s if changed else self.changed_s,
        )


class History(Struct, frozen=True):
    """Polls before the current one. Ages are judged by the monotonic `uptime_s`, which no clock change moves."""

    polls: tuple[Seen, ...] = ()
    gap_s: float | None = None
    """Uptime of the first poll after the newest gap."""
    swaps: tuple[Swap, ...] = ()
    watched: Seen | None = None
    """The newest poll that saw processes."""
    prompt_cache_bytes: int | None = None
    """The newest "cache state" line of the log, as long as the runners it spoke of are there."""
    marks: Marks = Marks()

    def add(self, now: Seen) -> "History":
        """The window with one more poll; those older than KEEP_S fall out."""
        newest = now.at.uptime_s
        oldest = newest - KEEP_S
        kept = tuple(old for old in self.polls if oldest <= old.at.uptime_s <= newest)
        swaps = tuple(one for one in self.swaps_with(now) if oldest <= one[1].at.uptime_s <= newest)
        watched = now if now.runners is not None else self.watched
        cache = self.prompt_cache_with(now)
        return History((*kept, now), self._gap_before(now), swaps, watched, cache, self.marks.with_poll(now))

    def _gap_before(self, now: Seen) -> float | None:
        return now.at.uptime_s if self.polls and is_gap(self.polls[-1].at, now.at) else self.gap_s

    def last(self, seconds: float, now: Seen) -> tuple[Seen, ...]:
        """Polls of the last `seconds` before `now`, oldest first, `now` included."""
        first = bisect_left(self.polls, now.at.uptime_s - seconds, key=_uptime)
        end = bisect_left(self.polls, now.at.uptime_s, key=_uptime)
        return (*self.polls[first:end], now)

    def unbroken(self, seconds: float, now: Seen) -> tuple[Seen, ...]:
        """As `last`, but only since the newest gap: what a trend may be read from."""
        gap_s = self._gap_before(now)
        return self.last(seconds if gap_s is None else min(seconds, now.at.uptime_s - gap_s), now)

    def backwards(self, seconds: float, now: Seen) -> Iterator[Seen]:
        """The unbroken polls of the last `seconds`, newest first."""
        return reversed(self.unbroken(seconds, now))

    def woke_s_ago(self, within_s: float, now: Seen) -> float | None:
        """Seconds since the first poll after the newest gap, where that is less than `within_s`; else None."""
        gap_s = self._gap_before(now)
        since = None if gap_s is None else now.at.uptime_s - gap_s
        return since if since is not None and 0 <= since < within_s else None

    def prompt_cache_with(self, now: Seen) -> int | None:
        """What the log said last of the prompts that runners keep, `now` included."""
        if now.prompt_cache_bytes is not None:
            return now.prompt_cache_bytes
        return self.prompt_cache_bytes if len(self.swaps_with(now)) == len(self.swaps) else None

    def swaps_with(self, now: Seen) -> tuple[Swap, ...]:
        """Where runners came or went, `now` included, oldest first."""
        if self.watched is None or now.runners is None or now.runner_keys == self.watched.runner_keys:
            return self.swaps
        return (*self.swaps, (self.watched, now))

    def swaps_since_gap(self, seconds: float, now: Seen) -> tuple[Swap, ...]:
        """Swaps of the last `seconds` whose both polls came after the newest gap."""
        gap_s = self._gap_before(now)
        since = now.at.uptime_s - seconds if gap_s is None else max(now.at.uptime_s - seconds, gap_s)
        return tuple(one for one in self.swaps_with(now) if since <= one[0].at.uptime_s <= one[1].at.uptime_s)
