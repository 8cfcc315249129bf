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
QUICK_S = 120.0
"""Without processes, loads in the log count when they follow each other this soon: long before a model expires."""


class Displacement(Struct, frozen=True):
    """`model` was loaded in the place of `of`; both the same: a reload of the same model."""

    model: str
    of: str


class Thrash(Struct, frozen=True):
    """Displacements within the window. `contexts`: context lengths one model was loaded with, in order."""

    loads: int
    models: tuple[str, ...]
    reloads: int
    """Loads of the model that was loaded most often."""
    contexts: tuple[int, ...]


def thrash(now: Seen, before: History, window_s: float) -> Thrash | None:
    """None where no model took another's place."""
    polls = before.unbroken(window_s, now)
    found = _by_log(polls) if now.runners is None else _by_runners(before.swaps_since_gap(window_s, now))
    if not found:
        return None
    counts: dict[str, int] = {}
    for one in found:
        counts[one.model] = counts.get(one.model, 0) + 1
    models = dict.fromkeys(name for one in found for name in (one.of, one.model))
    return Thrash(len(found), tuple(models), max(counts.values()), _contexts(polls, tuple(models)))


def _runners(poll: Seen) -> dict[tuple[int, float], WatchedProcess]:
    return {(one.pid, one.started_at): one for one in poll.runners or ()}


def _by_runners(swaps: tuple[Swap, ...]) -> list[Displacement]:
    found: list[Displacement] = []
    gone: list[tuple[str, float]] = []
    for before, after in swaps:
        now_s = after.at.uptime_s
        old, new = _runners(before), _runners(after)
        gone = [entry for entry in gone if now_s - entry[1] <= FOLLOWS_S]
        gone.extend((_name(one), now_s) for key, one in old.items() if key not in new)
        for key, runner in new.items():
            if key not in old and gone:
                found.append(Displacement(_name(runner), gone.pop()[0]))
    return found


def _name(runner: WatchedProcess) -> str:
    return full_name(runner.model) if runner.model else runner.blob_digest or ""


def _by_log(polls: tuple[Seen, ...]) -> list[Displacement]:
    """LOAD events one soon after the other; the model before is the one displaced."""
    loads = [
        (full_name(event.model), poll.at.uptime_s)
        for poll in polls
        for event in poll.events
        if event.kind is LogEventKind.LOAD and event.model
    ]
    return [Displacement(after[0], before[0]) for before, after in pairwise(loads) if after[1] - before[1] <= QUICK_S]


def _contexts(polls: tuple[Seen, ...], models: tuple[str, ...]) -> tuple[int, ...]:
    """The context lengths of a single model that reloads, oldest first, each once."""
    if len(models) != 1:
        return ()
    lengths: dict[int, None] = {}
    for poll in polls:
        for runner in poll.runners or ():
            if runner.context_length and _name(runner) == models[0]:
                lengths[runner.context_length] = None
        for model in poll.loaded or ():
            if model.context_length and full_name(model.name) == models[0]:
                lengths[model.context_length] = None
    return tuple(lengths)
