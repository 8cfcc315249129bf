"""What ran and waited when we came, where the system does not tell what went over a connection (macOS, Windows).

A world with Open WebUI's pool, as aiohttp keeps it, before an Ollama that works in order: whatever is claimed to wait
does wait, and what hangs is found at the first look.
"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.requests.test_count import IDLE, LOWER_BOUND, World, clients, numbers, slot
from tray_app.core.values.connections import KEPT_S, OPEN_WEBUI_POOL, Client
from tray_app.core.values.reading import Known, Why

POOL_S = 15.0


class Call:
    def __init__(self, number, sent, port, seconds):
        self.number, self.sent, self.port, self.seconds = number, sent, port, seconds
        self.began = self.ended = None


class Played:
    """`chance` decides which idle connection is used again, how long a call takes, and when one is a mere question
    that no runner sees, as for the list of models."""

    def __init__(self, chance, parallel):
        self.chance, self.parallel = chance, parallel
        self.now, self.calls, self.idle, self.swept, self.asked = 0.0, [], {}, POOL_S, []
        self.polled = None

    def send(self, seconds, *, question=False):
        port = self.chance.choice(sorted(self.idle)) if self.idle else 1000 + len(self.calls) + len(self.asked)
        self.idle.pop(port, None)
        if question:
            self.asked.append(self.now)
            self.idle[port] = self.now
        else:
            self.calls.append(Call(len(self.calls), self.now, port, seconds))

    def on(self, until):
        while True:
            waiting = [one for one in self.calls if one.began is None]
            for one in waiting[: self.parallel - len(self.running)]:
                one.began = self.now
            ends = [one.began + one.seconds for one in self.running]
            moment = min([until, self.swept, *ends])
            self.now = moment
            for one in self.running:
                if one.began + one.seconds <= moment:
                    one.ended = moment
                    self.idle[one.port] = moment
            if self.swept <= moment:
                self.idle = {port: since for port, since in self.idle.items() if moment - since <= POOL_S}
                self.swept += POOL_S
            if moment >= until:
                return

    @property
    def running(self):
        return [one for one in self.calls if one.began is not None and one.ended is None]

    @property
    def waiting(self):
        return [one for one in self.calls if one.began is None]

    def lately(self):
        """Calls and questions that ended within KEPT_S."""
        times = [*self.asked, *(one.ended for one in self.calls if one.ended is not None)]
        return sum(self.now - at <= KEPT_S for at in times)

    def poll(self, world):
        first, before = self.polled is None, self.polled or (0.0, 0, 0)
        self.polled = self.now, sum(one.ended is not None for one in self.calls), len(self.asked)
        since, ended, asked = (now - then for now, then in zip(self.polled, before, strict=True))
        slots = tuple(slot(one.number, number=at) for at, one in enumerate(self.running)) or IDLE
        ports = sorted([*self.idle, *(one.port for one in (*self.running, *self.waiting))])
        return world.poll(
            tuple(Client("127.0.0.1", port, OPEN_WEBUI_POOL) for port in ports),
            slots,
            after=since,
            finished=0 if first else ended,
            questions=0 if first else asked,
            ended_before=self.lately() if first else None,
        )


@given(
    st.integers(0, 2**32),
    st.integers(1, 2),
    st.lists(st.tuples(st.floats(0.05, 12), st.floats(0.1, 40), st.booleans()), max_size=12),
    st.lists(st.tuples(st.floats(0.05, 4), st.floats(0.1, 40), st.booleans()), min_size=1, max_size=20),
)
def test_what_is_claimed_to_wait_does_wait(seed, parallel, before, after):
    played, world = Played(random.Random(seed), parallel), World("0.12.4")
    for pause, seconds, question in before:
        played.on(played.now + pause)
        played.send(seconds, question=question)
    for pause, seconds, question in after:
        played.on(played.now + pause)
        answer = played.poll(world)
        if isinstance(answer.waiting, Known) and played.running:
            assert answer.waiting.value <= len(played.waiting)
        played.send(seconds, question=question)


@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 2), st.floats(KEPT_S + POOL_S, 600))
def test_what_hangs_is_found_at_the_first_look_and_at_every_later_one(seed, calls, parallel, hangs_s):
    played, world = Played(random.Random(seed), parallel), World("0.12.4")
    for _ in range(calls):
        played.send(3600.0)
    played.on(hangs_s)
    for _ in range(4):
        answer = played.poll(world)
        running = min(calls, parallel)
        assert numbers(answer) == (running, calls - running)
        assert answer.waiting_confidence is LOWER_BOUND or calls <= parallel
        played.on(played.now + 2)


def early(count, ended, *, version="0.12.4", pool=OPEN_WEBUI_POOL):
    return World(version).poll(clients(count, pool), (slot(0),), finished=0, ended_before=ended)


@pytest.mark.parametrize(("ended", "waiting"), [(0, 3), (1, 2), (2, 1), (3, Why.UNSUPPORTED), (9, Why.UNSUPPORTED)])
def test_each_call_that_ended_shortly_before_may_have_left_one_idle(ended, waiting):
    assert numbers(early(4, ended)) == (1, waiting)


def test_without_the_log_or_for_another_program_nothing_is_claimed():
    assert numbers(early(4, None)) == (1, Why.UNSUPPORTED)
    assert numbers(early(4, 0, pool="")) == (1, Why.UNSUPPORTED)


def test_each_that_ends_later_takes_one_away_and_new_ones_come_on_top():
    world = World("0.12.4")
    world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), finished=0, ended_before=0)
    assert numbers(world.poll(clients(4, OPEN_WEBUI_POOL), (slot(1),), finished=1)) == (1, 2)
    assert numbers(world.poll(clients(5, OPEN_WEBUI_POOL), (slot(1),), finished=0)) == (1, 4)


def test_a_connection_that_a_mere_question_opened_is_no_request():
    """As the list of models, which every open page and we ourselves have Open WebUI ask for."""
    world = World("0.12.4")
    world.poll(clients(1, OPEN_WEBUI_POOL), (slot(0),), finished=0, ended_before=0)
    assert numbers(world.poll(clients(3, OPEN_WEBUI_POOL), (slot(0),), finished=0, questions=2)) == (1, Why.UNSUPPORTED)
    assert numbers(world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), finished=0)) == (1, 3)


@pytest.mark.parametrize(("after", "waiting"), [(KEPT_S - 0.1, Why.UNSUPPORTED), (KEPT_S, 3)])
def test_without_a_word_of_before_it_is_known_when_nothing_can_be_idle_any_more(after, waiting):
    world = World("0.12.4")
    assert numbers(world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), finished=0)) == (1, Why.UNSUPPORTED)
    assert numbers(world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), finished=0, after=after)) == (1, waiting)


@pytest.mark.parametrize(("after", "waiting"), [(KEPT_S - 0.1, Why.UNSUPPORTED), (KEPT_S, 3)])
def test_a_log_that_fell_silent_must_tell_for_as_long_again(after, waiting):
    world = World("0.12.4")
    world.poll(clients(4, OPEN_WEBUI_POOL), IDLE, finished=0, ended_before=0)
    world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),))
    assert numbers(world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), finished=0, after=after)) == (1, waiting)


def test_what_stays_while_nothing_runs_is_kept_for_later():
    world = World("0.12.4")
    assert numbers(world.poll(clients(4, OPEN_WEBUI_POOL), IDLE, finished=0, ended_before=0)) == (0, 0)
