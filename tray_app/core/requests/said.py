"""How many requests are at Ollama, from what went over each connection. Pure.

A server reads a request at once and sends nothing before its answer begins. So a connection on which bytes came in
after the last that went out carries a request that waits, or one that runs and has said nothing yet; one on which
bytes went out a moment ago carries an answer, or has just finished one. A kept, idle connection is neither.
"""

from collections.abc import Sequence

from tray_app.core.requests.in_flight import InFlight
from tray_app.core.values.connections import Talk
from tray_app.core.values.snapshot import Confidence

ANSWERING_S = 1.0
"""Seconds between two parts of an answer: a large model on a processor says a word in this time."""
JUST_S = 0.3
"""The same where a request began since the last poll: then another has just ended, and its last bytes are as fresh."""


def busy(talks: Sequence[Talk]) -> int:
    """Connections that carry a request: of a runner that tells no slots, the requests that it works on."""
    return sum(map(is_busy, talks))


def is_busy(talk: Talk) -> bool:
    """It carries a request, or did a moment ago."""
    return talk.asked or talk.sent_s <= ANSWERING_S


def in_flight(talks: Sequence[Talk], running: int | None, *, begun: bool) -> InFlight:
    """Running and waiting together. `running`: from another source; `begun`: one of them began since the last poll."""
    asked = sum(talk.asked for talk in talks)
    answering = sum(not talk.asked and talk.sent_s <= (JUST_S if begun else ANSWERING_S) for talk in talks)
    if running is None:
        return InFlight(asked + answering, Confidence.LIKELY)
    sure = not answering or (answering == running and not begun)
    return InFlight(max(asked + min(answering, running), running), Confidence.EXACT if sure else Confidence.LIKELY)
