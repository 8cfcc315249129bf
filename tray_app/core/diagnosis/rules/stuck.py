"""What does not end by itself: a queue that nothing works off, a server that does not answer, one that Open WebUI gets
nothing from, a runner left behind."""

from collections.abc import Callable, Iterator
from functools import partial

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.recent import Seen
from tray_app.core.report.overview import Source
from tray_app.core.values.connections import Owner
from tray_app.core.values.finding import OLLAMA, Severity, Stuck, StuckBy
from tray_app.core.values.reading import Why
from tray_app.core.values.snapshot import System, WatchedProcess

STUCK_S = 120.0
"""A model loads, a runner wakes and a server starts in less."""
LONGEST_S = 900.0
SMALL_SHARE = 0.02
"""A runner that was left behind and holds less of the RAM than this bothers nobody."""


def check(facts: Facts) -> tuple[Stuck, ...] | None:
    """Not judged where neither processes nor requests nor Open WebUI's servers can be seen."""
    if facts.processes is None and facts.running is None and facts.seen.unserved is None:
        return None
    return (*_queue(facts), *_silent(facts), *_unreached(facts), *_left_behind(facts))


def _lasts(facts: Facts, holds: Callable[[Seen], bool | None]) -> float:
    """For how long it holds without a break, in seconds; a poll that does not tell (None) breaks nothing."""
    since = facts.at.uptime_s
    for poll in facts.before.backwards(LONGEST_S, facts.seen):
        there = holds(poll)
        if there is False:
            break
        if there:
            since = poll.at.uptime_s
    return facts.at.uptime_s - since


def _queue(facts: Facts) -> Iterator[Stuck]:
    # A request for a cloud model waits for another machine, with no runner here.
    if not _waits(facts.seen) or any(one.remote_host for one in facts.installed):
        return
    seconds = _lasts(facts, _waits)
    if seconds >= STUCK_S:
        yield Stuck(
            severity=Severity.OVERLOADED,
            about=OLLAMA,
            reason=StuckBy.QUEUE,
            waiting=facts.waiting,
            for_s=round(seconds, 1),
        )


def _waits(poll: Seen) -> bool | None:
    """Requests wait, and nothing runs or loads."""
    if poll.running is None or poll.waiting is None or poll.runners is None:
        return None
    return poll.waiting > 0 and poll.running == 0 and not any(one.loading for one in poll.runners)


def _silent(facts: Facts) -> Iterator[Stuck]:
    """Its process is there, and connections are taken: a busy machine may be slow, but not for minutes."""
    why = facts.overview.why.get(Source.OLLAMA)
    if facts.seen.server is None or why is None or why.why is not Why.TIMED_OUT:
        return
    seconds = 0.0 if facts.running else _lasts(facts, _says_nothing)
    if seconds >= STUCK_S:
        yield Stuck(severity=Severity.OVERLOADED, about=OLLAMA, reason=StuckBy.SILENT, for_s=round(seconds, 1))


def _says_nothing(poll: Seen) -> bool:
    return poll.server is not None and poll.loaded is None and not poll.running


def _unreached(facts: Facts) -> Iterator[Stuck]:
    """Open WebUI lists what each server has: of one that it asks in vain it lists nothing."""
    for url in facts.seen.unserved or ():
        seconds = _lasts(facts, partial(_gets_nothing, url))
        if seconds >= STUCK_S:
            # With nothing listed at all nobody can chat.
            bad = Severity.TIGHT if facts.listed else Severity.OVERLOADED
            yield Stuck(severity=bad, about=url, reason=StuckBy.UNREACHED, for_s=round(seconds, 1))


def _gets_nothing(url: str, poll: Seen) -> bool | None:
    return None if poll.unserved is None else url in poll.unserved


def _left_behind(facts: Facts) -> Iterator[Stuck]:
    """It serves nobody, and no server will end it."""
    total = facts.memory.total_bytes if facts.memory is not None else 0
    for one in facts.strangers:
        held = one.memory_bytes
        if one.owner is Owner.NOBODY and (held is None or held >= SMALL_SHARE * total):
            yield Stuck(
                severity=Severity.TIGHT,
                about=one.model or one.name,
                reason=StuckBy.LEFT_BEHIND,
                held_bytes=held,
                pid=one.pid,
                command=_ends(one, facts.host.system),
            )


def _ends(one: WatchedProcess, system: str) -> str:
    if system == System.WINDOWS:
        return f"taskkill /F /PID {one.pid}"
    return f"sudo kill {one.pid}" if one.mine is False else f"kill {one.pid}"
