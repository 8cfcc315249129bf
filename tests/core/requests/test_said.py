"""Requests counted from what went over each connection: one row on each side of every border."""

import pytest
from msgspec.structs import replace

from tests.core.requests.test_count import ALL_ON, OLD_RUNNER, World, clients, numbers, slot
from tray_app.core.requests.said import AFTER_S, ANSWERING_S, busy, in_flight, longest_wait_s
from tray_app.core.values.connections import Talk
from tray_app.core.values.requests import Confidence, RequestKind

ASKED = Talk(asked=True, sent_s=90.0, received_s=5.0)
IDLE = Talk(asked=False, sent_s=90.0, received_s=95.0)
DOUBT = Talk(asked=None, sent_s=40.0, received_s=40.0)
EXACT, LIKELY, LOWER_BOUND = Confidence.EXACT, Confidence.LIKELY, Confidence.LOWER_BOUND


def answered(seconds):
    return Talk(asked=False, sent_s=seconds, received_s=seconds + 4.0)


@pytest.mark.parametrize(
    ("talks", "running", "ages", "count", "confidence"),
    [
        ((), 0, (), 0, EXACT),
        ((IDLE, IDLE), 0, (), 0, EXACT),
        ((ASKED,), 1, (9.0,), 1, EXACT),
        ((ASKED, ASKED, ASKED, IDLE), 1, (9.0,), 3, EXACT),
        # A streamed answer runs, the others wait.
        ((answered(0.1), ASKED, ASKED), 1, (9.0,), 3, EXACT),
        ((answered(ANSWERING_S), ASKED), 1, (9.0,), 2, EXACT),
        ((answered(ANSWERING_S + 0.1), ASKED), 1, (9.0,), 1, EXACT),
        # One has just ended and another began: what went out before it began is none of its answer.
        ((answered(0.4), ASKED, ASKED), 1, (0.4 + AFTER_S - 0.01,), 2, EXACT),
        ((answered(0.4), ASKED, ASKED), 1, (0.4 + AFTER_S + 0.01,), 3, EXACT),
        # More are fresh than run: some have just ended.
        ((answered(0.1), answered(0.2), ASKED), 1, (9.0,), 2, EXACT),
        # Two run: it is not told which of them streams.
        ((answered(0.1), ASKED, ASKED), 2, (9.0, 9.0), 3, LIKELY),
        ((ASKED, ASKED), 2, (9.0, 9.0), 2, EXACT),
        # The runner knows of more than the connections show, or tells no ages.
        ((), 2, (), 2, LIKELY),
        ((answered(0.1), ASKED), 1, None, 2, LIKELY),
        # Nothing else tells what runs.
        ((answered(0.1), ASKED, IDLE), None, None, 2, LIKELY),
        # In doubt: it may wait, or have been answered at once.
        ((ASKED, DOUBT), 1, (9.0,), 1, LOWER_BOUND),
        ((ASKED, ASKED, DOUBT, DOUBT), 1, (9.0,), 2, LOWER_BOUND),
        ((DOUBT,), 0, (), 0, LOWER_BOUND),
        ((ASKED, DOUBT), None, None, 1, LOWER_BOUND),
        # What runs must be on one of them.
        ((DOUBT,), 1, (9.0,), 1, EXACT),
        ((DOUBT, DOUBT), 1, (9.0,), 1, LOWER_BOUND),
        # One step of the clock ago, and the request that runs began before: its answer.
        ((replace(DOUBT, sent_s=0.5, received_s=0.5), ASKED), 1, (9.0,), 2, EXACT),
    ],
)
def test_what_is_in_flight(talks, running, ages, count, confidence):
    told = in_flight(talks, running, ages)
    assert (told.count, told.confidence) == (count, confidence)


def test_nothing_in_doubt_waits_where_nothing_runs_or_loads():
    told = in_flight((DOUBT, DOUBT), 0, (), quiet=True)
    assert (told.count, told.confidence) == (0, EXACT)


def test_a_runner_is_busy_while_it_reads_and_while_it_answers():
    assert busy(()) == ()
    assert busy((ASKED, answered(ANSWERING_S), answered(ANSWERING_S + 0.1), IDLE)) == (ASKED, answered(ANSWERING_S))


def asked(seconds):
    return Talk(asked=True, sent_s=200.0, received_s=seconds)


@pytest.mark.parametrize(
    ("talks", "waiting", "seconds"),
    [
        ((), 0, None),
        ((asked(4.0),), 0, None),
        ((asked(4.0), asked(9.0), IDLE), 1, 4.0),  # the older one runs
        ((asked(4.0), asked(9.0), IDLE), 2, 9.0),
        ((asked(4.0),), 3, 4.0),
        ((IDLE,), 1, None),
    ],
)
def test_how_long_the_oldest_of_those_that_wait_has_waited(talks, waiting, seconds):
    assert longest_wait_s(talks, waiting) == seconds


def test_kept_connections_are_counted_by_what_is_said_on_them():
    """Twelve kept connections of a new Open WebUI, of which three carry requests: movement could not tell."""
    world = World("0.12.4")
    told = {"talks": (ASKED,) * 3 + (IDLE,) * 9, "runner_talks": (ASKED,)}
    for _ in range(3):
        world.poll(clients(12), (slot(0),), **told)
    answer = world.poll(clients(12), (slot(0),), **told)
    assert (*numbers(answer), answer.waiting_confidence) == (1, 2, EXACT)


def test_a_runner_without_slots_is_counted_by_what_is_said_to_it():
    world = World("0.12.4", ollama="0.12.11")
    talks = {"talks": (ASKED, ASKED, IDLE), "runner_talks": (ASKED, IDLE)}
    answer = world.poll(clients(3), runners=(replace(OLD_RUNNER, port=4000),), **talks)
    assert (*numbers(answer), answer.running_source) == (1, 1, "runner-connections")


@pytest.mark.parametrize(
    ("talks", "cpu_percent", "confidence"),
    [((IDLE,), 0.9, EXACT), ((IDLE,), 1.0, LIKELY), ((ASKED,), 0.9, LIKELY)],
)
def test_that_nothing_runs_is_exact_where_the_server_is_asked_nothing_and_the_runner_rests(
    talks, cpu_percent, confidence
):
    """A runner that waits for a processor says nothing for a while, and what was asked may just be on its way to it."""
    world = World("0.12.4", ollama="0.12.11")
    runner = replace(OLD_RUNNER, port=4000, cpu_percent=cpu_percent)
    answer = world.poll(clients(1), runners=(runner,), talks=talks, runner_talks=(IDLE,))
    assert (numbers(answer)[0], answer.running_confidence) == (0, confidence)


class TestInDoubt:
    """A request that followed an answer within one step of the kernel's clock, over a kept connection."""

    runner = replace(OLD_RUNNER, port=4000, cpu_percent=90.0)

    def poll(self, talks, runner_talks, **changed):
        world = World("0.12.4", ollama="0.12.11")
        runner = replace(self.runner, **changed)
        answer = world.poll(clients(len(talks)), runners=(runner,), talks=talks, runner_talks=runner_talks)
        return answer, (*numbers(answer), answer.running_confidence, answer.waiting_confidence)

    def test_one_that_waits_is_told_as_at_least(self):
        assert self.poll((ASKED, ASKED, DOUBT), (ASKED,))[1] == (1, 1, LIKELY, LOWER_BOUND)

    def test_one_at_a_runner_runs_where_a_request_is_there_for_it(self):
        answer, told = self.poll((ASKED, ASKED), (DOUBT, IDLE))
        assert told == (1, 1, LIKELY, LIKELY)
        assert [one.running_s for one in answer.active] == [DOUBT.received_s]

    def test_a_runner_with_no_free_place_has_no_more(self):
        assert self.poll((ASKED, ASKED, ASKED), (ASKED, DOUBT))[1] == (1, 2, LIKELY, LIKELY)
        assert self.poll((ASKED, ASKED, ASKED), (ASKED, DOUBT), parallel=2)[1] == (2, 1, LIKELY, LIKELY)

    def test_both_ends_in_doubt(self):
        assert self.poll((DOUBT,), (DOUBT,))[1] == (0, 0, LOWER_BOUND, LOWER_BOUND)

    def test_a_runner_that_rests_leaves_no_doubt(self):
        assert self.poll((DOUBT,), (DOUBT,), cpu_percent=0.9)[1] == (0, 0, EXACT, EXACT)
        assert self.poll((DOUBT,), (DOUBT,), cpu_percent=1.0)[1] == (0, 0, LOWER_BOUND, LOWER_BOUND)


class TestOneAfterTheOther:
    """On a runner that tells no slots one request follows another within a poll: by its age it is not the same."""

    runner = replace(OLD_RUNNER, port=4000)

    def poll(self, world, age, **more):
        talks = (Talk(asked=False, sent_s=0.1, received_s=age),)
        return world.poll(clients(1), runners=(self.runner,), talks=talks, runner_talks=talks, **more)

    def test_the_same_request_goes_on(self):
        world = World("0.8.12")
        answers = [self.poll(world, age) for age in (1.0, 3.2, 4.9)]
        assert [one.active[0].running_s for one in answers] == pytest.approx([1.0, 3.0, 5.0])
        assert answers[-1].last_hour[0].requests == 1

    def test_another_request_is_another(self):
        world = World("0.8.12")
        self.poll(world, 1.0)
        answer = self.poll(world, 1.4)  # came 0.6 s before this poll ended, long after the first
        assert answer.last_hour[0].requests == 2
        assert answer.active[0].running_s == pytest.approx(1.4)

    def test_a_chat_that_is_over_is_not_what_runs_now(self):
        world = World("0.8.12", tasks=ALL_ON)
        first = self.poll(world, 0.5, busy=1)
        assert first.active[0].kind is RequestKind.CHAT
        second = self.poll(world, 0.9, busy=1)
        assert second.active[0].kind is not RequestKind.CHAT
