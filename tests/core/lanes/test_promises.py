"""What holds whatever happens: chats wait for nothing that can give way, and nothing that waits is forgotten."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.core.lanes.play import FOLLOW_UPS, TAGS, TITLE, Play
from tray_app.core.lanes.event import BreakOff, Drop, FirstByte, Hold, Send, UpstreamGone
from tray_app.core.lanes.people import MOST_PEOPLE
from tray_app.core.lanes.state import limit_s, standing
from tray_app.core.lanes.step import due
from tray_app.core.values.relay import Lane, Stage

MODELS = st.sampled_from(["big", "small", "cloud", None])
USERS = st.sampled_from(["ann", "bob", ""])
CHATS = st.sampled_from(["a", "b", "c", ""])
WORDS = st.sampled_from([TITLE, TAGS, FOLLOW_UPS])
WAITS = st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0, 10.0, 60.0, 400.0])
PICK = st.integers(0, 2**16)
DAY_S = 86_400.0


class Promises(RuleBasedStateMachine):
    """Any events in any order. What the orders come to is kept by `Play`, which ends where one cannot be carried out."""

    @initialize(
        hold=st.sampled_from([5.0, 60.0, 600.0]),
        breaks=st.integers(0, 3),
        places=st.integers(1, 4),
        evicting=st.sampled_from([(), (("small", "big"),), (("small", "big"), ("big", "small"))]),
    )
    def begins(self, hold, breaks, places, evicting):
        self.play = Play(
            max_hold_s=hold, max_break_offs=breaks, num_parallel=places, evicting=evicting, remote=("cloud",)
        )
        self.breaks = breaks
        self.over = set()
        self.answering = set()

    # --- anything may happen

    @rule(model=MODELS, user=USERS, chat=CHATS, word=st.sampled_from(["", "", "query_generation"]))
    def a_chat(self, model, user, chat, word):
        begun = len(self.play.log)
        id_ = self.play.chat(task=word, model=model, user=user, chat=chat)
        assert (self.play.at, Send(id_)) in self.play.log[begun:], "it is sent at once"
        if model == "cloud":
            return
        for one in standing(self.play.state):
            assert one.lane is not Lane.TYPING or one.stage is Stage.ANSWERING or one.model == "cloud"
        for open_ in self.play.state.working.values():
            may_stay = open_.final or open_.beside or open_.stage is Stage.ANSWERING
            assert may_stay, "nothing that can give way is in front of it"

    @rule(word=WORDS, model=MODELS, user=USERS, chat=CHATS)
    def a_task(self, word, model, user, chat):
        self.play.task(word, model=model, user=user, chat=chat)

    @rule(model=MODELS, user=USERS)
    def a_key(self, model, user):
        id_ = self.play.types(model=model, user=user)
        waiting = [one for one in self.play.state.open.values() if one.asked.lane is Lane.TYPING]
        of_user = [one for one in waiting if one.asked.user == user and one.stage is not Stage.ANSWERING]
        assert {one.asked.id for one in of_user} <= {id_}, "the newest counts"

    @rule(model=MODELS)
    def another(self, model):
        id_ = self.play.arrives(Lane.OTHER, model=model)
        assert self.play.sent_at(id_) == [self.play.at]

    @rule(seconds=WAITS)
    def time(self, seconds):
        self.play.wait(seconds)

    @precondition(lambda self: self.play.at_ollama)
    @rule(pick=PICK, ok=st.booleans())
    def an_end(self, pick, ok):
        self.play.ends(self._one_at_ollama(pick), ok=ok)

    @precondition(lambda self: self.play.at_ollama)
    @rule(pick=PICK)
    def a_byte(self, pick):
        id_ = self._one_at_ollama(pick)
        self.play.happens(FirstByte(id_))
        self.answering.add(id_)

    @precondition(lambda self: self.play.at_ollama)
    @rule(pick=PICK, reached=st.booleans())
    def ollama_goes(self, pick, reached):
        id_ = self._one_at_ollama(pick)
        orders = self.play.happens(UpstreamGone(id_, reached))
        if Hold(id_) not in orders:
            self.play.at_ollama.remove(id_)

    @precondition(lambda self: self.play.at_ollama or self.play.held)
    @rule(pick=PICK)
    def a_client_goes(self, pick):
        open_ = sorted(self.play.at_ollama | self.play.held)
        self.play.leaves(open_[pick % len(open_)])

    def _one_at_ollama(self, pick):
        return sorted(self.play.at_ollama)[pick % len(self.play.at_ollama)]

    # --- what holds after each of them

    @invariant()
    def nothing_is_lost_or_there_twice(self):
        """What the policy has open is what the relay has open, each in one place."""
        state = self.play.state
        held = {one.id for one in standing(state) if one.stage is Stage.HELD}
        assert held == self.play.held
        assert {one.id for one in standing(state)} - held == self.play.at_ollama
        queued = [
            one.asked.id for queue in state.held.values() for tasks in queue._conversations.values() for one in tasks
        ]
        typed = [one.asked.id for people in state.typed.values() for one in people.values()]
        assert sorted(queued + typed) == sorted(held)

    @invariant()
    def one_at_a_time_on_each_model(self):
        here = [one for one in self.play.state.open.values() if one.here and one.stage is not Stage.HELD]
        background = [one.model for one in here if one.asked.lane in {Lane.TASK, Lane.TYPING}]
        assert len(background) == len(set(background))

    @invariant()
    def tasks_of_one_conversation_keep_their_order(self):
        for model, working in self.play.state.working.items():
            queue = self.play.state.held.get(model)
            waiting = queue._conversations.get(working.conversation, ()) if queue else ()
            assert all(one.seq > working.seq for one in waiting)

    @invariant()
    def nothing_gives_way_too_often_or_after_it_has_begun_to_answer(self):
        for one in self.play.state.open.values():
            assert one.broken_off == self.play.broken_off(one.asked.id) <= self.breaks
        for _, order in self.play.log[-4:]:
            if isinstance(order, BreakOff | Drop):
                assert order.id not in self.answering

    @invariant()
    def the_next_look_lies_ahead(self):
        at = due(self.play.state)
        assert at is None or at > self.play.at

    @invariant()
    def nothing_waits_past_its_limit_without_a_reason(self):
        state = self.play.state
        if state.chats or state.now < state.silent_until:
            return
        for one in standing(state):
            if one.stage is Stage.HELD and one.arrived_at + limit_s(state) <= state.now:
                assert state.open[one.id].model in state.working, "the only reason is one that runs"

    def teardown(self):
        """Where no more chats come, everything ends."""
        if not hasattr(self, "play"):
            return
        play = self.play
        for _ in range(10_000):
            for id_ in sorted(play.at_ollama):
                if id_ in play.at_ollama:
                    play.ends(id_)
            if not (play.held or play.at_ollama):
                break
            play.wait(1.0 if play.at_ollama else max(due(play.state) - play.at, 0.0))
        assert standing(play.state) == ()
        play.wait(DAY_S)
        state = play.state
        assert due(state) is None
        assert (state.held, state.typed, state.newest, state.working, state.chats) == ({},) * 5


@pytest.mark.timeout(300)
def test_the_promises_hold():
    limits = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Promises, settings=limits)


# --- nothing grows for ever -------------------------------------------------------------------------------------------


def test_the_longest_silent_people_are_forgotten_and_those_who_are_being_answered_are_not():
    play = Play()
    answered = [play.chat(user=f"answered {number}") for number in range(20)]
    for number in range(3 * MOST_PEOPLE):
        play.ends(play.chat(user=f"user {number}"))
        play.at += 0.01
    people = play.state.people
    assert len(people) == MOST_PEOPLE
    assert len(people._near) <= MOST_PEOPLE
    assert {f"answered {number}" for number in range(20)} < set(people._known)
    for id_ in answered:
        play.ends(id_)
    play.wait(DAY_S)
    assert play.state.people.opens(play.at, None, play.state.rules) == play.at
    assert people._near == {}


def test_more_people_at_once_than_are_remembered_are_all_answered():
    play = Play()
    chats = [play.chat(user=f"user {number}") for number in range(MOST_PEOPLE + 50)]
    assert len(play.state.people) == MOST_PEOPLE + 50
    for id_ in chats:
        play.ends(id_)
    play.ends(play.chat(user="one more"))
    assert len(play.state.people) == MOST_PEOPLE


def test_names_of_models_and_tasks_that_a_client_makes_up_are_forgotten():
    play = Play()
    for number in range(600):
        id_ = play.task(f"title {number}", model=f"made up {number}")
        play.ends(id_)
        play.ends(play.chat(model=f"made up {number}"))
        play.wait(40.0)
    assert (len(play.state.usual), len(play.state.used)) == (200, 200)
    assert f"made up {number}:latest" in play.state.used


def test_the_model_that_nobody_chatted_with_for_longest_is_forgotten_first():
    play = Play()
    for number in range(200):
        play.answered(model=f"model {number}", lasts=0.0)
    play.answered(model="model 0", lasts=0.0)
    play.answered(model="one more", lasts=0.0)
    assert "model 0:latest" in play.state.used
    assert "model 1:latest" not in play.state.used


def test_nothing_is_left_of_what_ended():
    play = Play()
    for _ in range(50):
        for make in (play.chat, play.task, play.types):
            make()
        for id_ in sorted(play.at_ollama | play.held):
            play.leaves(id_)
    assert (play.state.open, play.state.held, play.state.typed, play.state.newest) == ({}, {}, {}, {})
