"""Models that push each other out of memory, read from runners that follow one another.

Ollama ends a runner before it starts the next one in its place (sched.go), so a runner that appears right after another
went is a displacement; a model that expired unused and is loaded later is not.
"""

from itertools import pairwise

from msgspec import Struct

from tray_app.core.diagnosis.recent import History, Seen, Swap
from tray_app.core.values.names import full_name
from tray_app.core.values.snapshot import LogEventKind, WatchedProcess

FOLLOWS_S = 20.0
"""Ending a runner and starting the next takes seconds (5 s to get VRAM back, then the start)."""
QUIET_S = 120.0
"""A chat with its tasks comes around in this time: what has not happened since has ended."""
QUICK_S = 120.0
"""Without processes, loads in the log count when they follow each other this soon: long before a model expires."""


class Displacement(Struct, frozen=True):
    """`model` was loaded in the place of `of`; both the same: a reload of it. A blob where no name is known."""

    model: str
    of: str
    at: float
    """Uptime."""


class Thrash(Struct, frozen=True):
    """Displacements within the window. `contexts`: context lengths one model was loaded with, in order.

    `models`: those whose names are known. `several`: more than one, named or not.
    """

    loads: int
    models: tuple[str, ...]
    several: bool
    reloads: int
    """Loads of the model that was loaded most often."""
    contexts: tuple[int, ...]


def thrash(now: Seen, before: History, window_s: float) -> Thrash | None:
    """None where no model took another's place, or none does any more."""
    marks = before.marks.with_poll(now)
    since = marks.restarted_s if marks.restarted_s is not None else float("-inf")
    polls = tuple(one for one in before.unbroken(window_s, now) if one.at.uptime_s >= since)
    swaps = tuple(one for one in before.swaps_since_gap(window_s, now) if one[0].at.uptime_s >= since)
    names = _names(swaps)
    found = _by_log(polls) if now.runners is None else _by_runners(swaps)
    if not found or _is_over(found, now.at.uptime_s, marks.changed_s):
        return None
    counts: dict[str, int] = {}
    for one in found:
        loaded = names.get(one.model, one.model)
        counts[loaded] = counts.get(loaded, 0) + 1
    models = dict.fromkeys(names.get(key, key) for one in found for key in (one.of, one.model))
    blobs = {runner.blob_digest for swap in swaps for poll in swap for runner in poll.runners or ()}
    named = tuple(model for model in models if model and model not in blobs)
    contexts = _contexts(polls, named[0], names) if len(models) == len(named) == 1 else ()
    return Thrash(len(found), named, len(models) > 1, max(counts.values()), contexts)


def _is_over(found: list[Displacement], now_s: float, changed_s: float | None) -> bool:
    """Task settings were changed since, or it has not happened for much longer than from one time to the next."""
    last = found[-1].at
    if changed_s is not None and last < changed_s:
        return True
    between = (last - found[0].at) / max(1, len(found) - 1)
    return now_s - last > max(QUIET_S, 2 * between)


def _names(swaps: tuple[Swap, ...]) -> dict[str, str]:
    """Key of a runner -> name of its model, as far as one was ever seen; the newest name of a blob."""
    runners = (one for swap in swaps for poll in swap for one in poll.runners or ())
    return {_key(one): full_name(one.model) for one in runners if one.model}


def _runners(poll: Seen) -> dict[tuple[int, float], WatchedProcess]:
    return {(one.pid, one.started_at): one for one in poll.runners or ()}


def _by_runners(swaps: tuple[Swap, ...]) -> list[Displacement]:
    found: list[Displacement] = []
    gone: list[tuple[str, float]] = []
    for before, after in swaps:
        now_s = after.at.uptime_s
        old, new = _runners(before), _runners(after)
        gone = [entry for entry in gone if now_s - entry[1] <= FOLLOWS_S]
        gone.extend((_key(one), now_s) for key, one in old.items() if key not in new)
        for key, runner in new.items():
            if key not in old and gone:
                found.append(Displacement(_key(runner), gone.pop()[0], now_s))
    return found


def _key(runner: WatchedProcess) -> str:
    """Its name may come a poll later than the runner, the blob is there from the start."""
    return runner.blob_digest or (full_name(runner.model) if runner.model else "")


def _by_log(polls: tuple[Seen, ...]) -> list[Displacement]:
    """LOAD events one soon after the other; the model before is the one displaced."""
    loads = [
        (full_name(event.model), poll.at.uptime_s)
        for poll in polls
        for event in poll.events
        if event.kind is LogEventKind.LOAD and event.model
    ]
    return [
        Displacement(after[0], before[0], after[1])
        for before, after in pairwise(loads)
        if after[1] - before[1] <= QUICK_S
    ]


def _contexts(polls: tuple[Seen, ...], model: str, names: dict[str, str]) -> tuple[int, ...]:
    """The context lengths of a single model that reloads, oldest first, each once."""
    lengths: dict[int, None] = {}
    for poll in polls:
        for runner in poll.runners or ():
            if runner.context_length and names.get(_key(runner)) == model:
                lengths[runner.context_length] = None
        for entry in poll.loaded or ():
            if entry.context_length and full_name(entry.name) == model:
                lengths[entry.context_length] = None
    return tuple(lengths)
