"""How many requests are at Ollama, from what went over each connection. Pure.

A server reads a request at once and sends nothing before its answer begins. So a connection on which bytes came in
after the last that went out carries a request that waits, or one that runs and has said nothing yet; one on which
bytes went out a moment ago carries an answer, or has just finished one. A kept, idle connection is neither.
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
    return talk.asked or talk.sent_s <= ANSWERING_S


def longest_wait_s(talks: Sequence[Talk], waiting: int) -> float | None:
    """Seconds since the oldest of the `waiting` requests came. A server works in order: those that run came before."""
    ages = sorted(talk.received_s for talk in talks if talk.asked)
    return ages[min(waiting, len(ages)) - 1] if waiting and ages else None


def in_flight(talks: Sequence[Talk], running: int | None, ages: Sequence[float] | None = None) -> InFlight:
    """Running and waiting together. `running`: from another source; `ages`: seconds since each of these reached its
    runner, where that is told."""
    since = min(ages, default=0.0) - AFTER_S if ages is not None else ANSWERING_S
    asked = sum(talk.asked for talk in talks)
    answering = sum(not talk.asked and talk.sent_s <= min(since, ANSWERING_S) for talk in talks)
    if running is None:
        return InFlight(asked + answering, Confidence.LIKELY)
    sure = ages is not None and len(ages) == running and (running <= 1 or answering in {0, running})
    return InFlight(max(asked + min(answering, running), running), Confidence.EXACT if sure else Confidence.LIKELY)
