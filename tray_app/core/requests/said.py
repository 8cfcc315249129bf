"""How many requests are at Ollama, from what went over each connection. Pure.

A server reads a request at once and sends nothing before its answer begins. So a connection on which bytes came in
after the last that went out carries a request that waits, or one that runs and has said nothing yet; one on which
bytes went out a moment ago carries an answer, or has just finished one. A kept, idle connection is neither. Where a
request came in the same step of the kernel's clock as the end of an answer, it cannot be told which was first: such a
connection is in doubt, and the number at least what the others prove.
"""

from collections.abc import Sequence

from tray_app.core.requests.in_flight import InFlight
from tray_app.core.values.connections import Talk
from tray_app.core.values.requests import Confidence

ANSWERING_S = 1.0
"""Seconds between two parts of an answer: a large model on a processor says a word in this time."""
AFTER_S = 0.05
"""An answer's first bytes go out at least so long after its request reached the runner; what went out before that is
the end of another answer."""


def busy(talks: Sequence[Talk]) -> tuple[Talk, ...]:
    """Connections that carry a request: of a runner that tells no slots, the requests that it works on."""
    return tuple(filter(is_busy, talks))


def is_busy(talk: Talk) -> bool:
    """It carries a request, or did a moment ago."""
    return talk.asked is True or talk.sent_s <= ANSWERING_S


def in_doubt(talks: Sequence[Talk]) -> tuple[Talk, ...]:
    """Connections that may carry a request, the newest first."""
    return tuple(
        sorted((one for one in talks if one.asked is None and not is_busy(one)), key=lambda one: one.received_s)
    )


def longest_wait_s(talks: Sequence[Talk], waiting: int) -> float | None:
    """Seconds since the oldest of the `waiting` requests came. A server works in order: those that run came before."""
    ages = sorted(talk.received_s for talk in talks if talk.asked)
    return ages[min(waiting, len(ages)) - 1] if waiting and ages else None


def in_flight(
    talks: Sequence[Talk], running: int | None, ages: Sequence[float] | None = None, *, quiet: bool = False
) -> InFlight:
    """Running and waiting together. `running`: from another source; `ages`: seconds since each of these reached its
    runner, where that is told. `quiet`: nothing runs or loads, so that nothing in doubt can be waiting for long."""
    since = min(ages, default=0.0) - AFTER_S if ages is not None else ANSWERING_S
    asked = sum(talk.asked is True for talk in talks)
    fresh = [talk.sent_s <= min(since, ANSWERING_S) for talk in talks if talk.asked is not True]
    answering = sum(fresh)
    doubt = 0 if quiet else sum(talk.asked is None for talk in talks if talk.sent_s > min(since, ANSWERING_S))
    if running is None:
        return InFlight(asked + answering, Confidence.LOWER_BOUND if doubt else Confidence.LIKELY)
    least = max(asked + min(answering, running), running)
    if asked + doubt + min(answering, running) > least:
        return InFlight(least, Confidence.LOWER_BOUND)
    sure = ages is not None and len(ages) == running and (running <= 1 or answering in {0, running})
    return InFlight(least, Confidence.EXACT if sure else Confidence.LIKELY)
