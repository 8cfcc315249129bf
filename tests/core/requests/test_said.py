"""Requests counted from what went over each connection: one row on each side of every border."""

import pytest
from msgspec.structs import replace

from tests.core.requests.test_count import OLD_RUNNER, World, clients, numbers, slot
from tray_app.core.requests.said import ANSWERING_S, JUST_S, busy, in_flight
from tray_app.core.values.connections import Talk
from tray_app.core.values.snapshot import Confidence

ASKED = Talk(asked=True, sent_s=90.0)
IDLE = Talk(asked=False, sent_s=90.0)
EXACT, LIKELY = Confidence.EXACT, Confidence.LIKELY


def answered(seconds):
    return Talk(asked=False, sent_s=seconds)


@pytest.mark.parametrize(
    ("talks", "running", "begun", "count", "confidence"),
    [
        ((), 0, False, 0, EXACT),
        ((IDLE, IDLE), 0, False, 0, EXACT),
        ((ASKED,), 1, False, 1, EXACT),
        ((ASKED, ASKED, ASKED, IDLE), 1, False, 3, EXACT),
        # A streamed answer runs, the others wait.
        ((answered(0.1), ASKED, ASKED), 1, False, 3, EXACT),
        ((answered(ANSWERING_S), ASKED), 1, False, 2, EXACT),
        ((answered(ANSWERING_S + 0.1), ASKED), 1, False, 1, EXACT),
        # One has just ended and another begins: only the freshest bytes are of the one that runs.
        ((answered(JUST_S + 0.1), ASKED, ASKED), 1, True, 2, EXACT),
        ((answered(JUST_S), ASKED, ASKED), 1, True, 3, LIKELY),
        # More are fresh than run: some have just ended.
        ((answered(0.1), answered(0.2), ASKED), 1, False, 2, LIKELY),
        # Two run: one of them streams.
        ((answered(0.1), ASKED, ASKED), 2, False, 3, LIKELY),
        # The runner knows of more than the connections show.
        ((), 2, False, 2, EXACT),
        # Nothing else tells what runs.
        ((answered(0.1), ASKED, IDLE), None, False, 2, LIKELY),
    ],
)
def test_what_is_in_flight(talks, running, begun, count, confidence):
    told = in_flight(talks, running, begun=begun)
    assert (told.count, told.confidence) == (count, confidence)


def test_a_runner_is_busy_while_it_reads_and_while_it_answers():
    assert busy(()) == 0
    assert busy((ASKED, answered(ANSWERING_S), answered(ANSWERING_S + 0.1), IDLE)) == 2


def test_kept_connections_are_counted_by_what_is_said_on_them():
    """Twelve kept connections of a new Open WebUI, of which three carry requests: movement could not tell."""
    world = World("0.12.4")
    for _ in range(3):
        world.poll(clients(12), (slot(0),), talks=(ASKED,) * 3 + (IDLE,) * 9)
    answer = world.poll(clients(12), (slot(0),), talks=(ASKED,) * 3 + (IDLE,) * 9)
    assert (*numbers(answer), answer.waiting_confidence) == (1, 2, EXACT)


def test_a_runner_without_slots_is_counted_by_what_is_said_to_it():
    world = World("0.12.4", ollama="0.12.11")
    talks = {"talks": (ASKED, ASKED, IDLE), "runner_talks": (ASKED, IDLE)}
    answer = world.poll(clients(3), runners=(replace(OLD_RUNNER, port=4000),), **talks)
    assert (*numbers(answer), answer.running_source) == (1, 1, "runner-connections")
