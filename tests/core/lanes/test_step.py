"""The policy, one situation at a time: what passes, what is held, what gives way, and until when."""

import pytest

from tests.core.lanes.play import FOLLOW_UPS, TAGS, TITLE, Play
from tray_app.core.lanes.event import BreakOff, Drop, Ended, FirstByte, Hold, Send, UpstreamGone
from tray_app.core.lanes.state import limit_s, standing
from tray_app.core.lanes.step import due
from tray_app.core.values.relay import Lane, Stage


def settled(**rules):
    """A relay that knows how long tasks take, with nobody near."""
    play = Play(**rules)
    for task in (TITLE, TAGS, FOLLOW_UPS):
        id_ = play.task(task)
        play.wait(2.0)
        play.ends(id_)
    return play


def paced(pause, **rules):
    """The same, and this person writes at this pace; the latest answer has just ended."""
    play = settled(**rules)
    play.answered()
    for _ in range(3):
        play.wait(pause)
        play.answered()
    return play


# --- chats and all that is no task ------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["", "query_generation", "moa_response_generation", "a word of tomorrow"])
def test_a_chat_passes_at_once_whatever_runs(task):
    play = Play()
    for _ in range(3):
        id_ = play.chat(task=task)
        assert play.sent_at(id_) == [play.at]


def test_other_requests_pass_at_once_and_count_for_nothing():
    play = settled()
    play.arrives(Lane.OTHER, model=None)
    id_ = play.task()
    assert play.sent_at(id_) == [play.at], "an embedding stands in no task's way"
    other = play.arrives(Lane.OTHER, model="big")
    assert play.sent_at(other) == [play.at], "and waits for none"
    assert play.broken_off(id_) == 0


def test_a_task_passes_at_once_where_nobody_is_near():
    play = Play()
    id_ = play.task()
    assert play.sent_at(id_) == [0.0]


# --- held -------------------------------------------------------------------------------------------------------------


def test_a_task_is_held_while_a_chat_runs_and_for_the_quiet_time_after_it():
    play = Play()
    chat = play.chat()
    id_ = play.task()
    play.wait(100.0)
    assert due(play.state) is None, "only the end of the chat can change anything"
    play.ends(chat)
    play.wait(4.9)
    assert play.sent_at(id_) == []
    play.wait(0.2)
    assert play.sent_at(id_) == [105.0]


def test_a_chat_on_another_model_holds_it_too():
    """Both need the same machine."""
    play = Play()
    chat = play.chat(model="small")
    id_ = play.task(model="big")
    play.wait(50.0)
    assert play.sent_at(id_) == []
    play.ends(chat)
    play.wait(5.0)
    assert play.sent_at(id_) == [55.0]


def test_each_of_two_chats_holds_it():
    play = Play()
    first, second = play.chat(user="ann"), play.chat(user="bob")
    id_ = play.task()
    play.ends(first)
    play.wait(60.0)
    assert play.sent_at(id_) == []
    play.ends(second)
    play.wait(5.0)
    assert play.sent_at(id_) == [65.0]


@pytest.mark.parametrize("how", ["stop", "error", "gone"])
def test_a_chat_that_ends_badly_has_ended(how):
    play = Play()
    chat = play.chat()
    id_ = play.task()
    if how == "stop":
        play.leaves(chat)
    elif how == "error":
        play.ends(chat, ok=False)
    else:
        play.at_ollama.remove(chat)
        play.happens(UpstreamGone(chat))
    play.wait(5.0)
    assert play.sent_at(id_) == [5.0]


def test_one_task_at_a_time_on_each_model():
    play = Play()
    first, second, third = play.task(), play.task(TAGS), play.task(model="small")
    assert play.at_ollama == {first, third}
    play.ends(first)
    assert play.at_ollama == {second, third}


def test_names_of_one_model_are_one_model():
    play = Play()
    first, second = play.task(model="qwen3"), play.task(model="Qwen3:latest")
    assert play.at_ollama == {first}
    play.ends(first)
    assert play.at_ollama == {second}


def test_requests_that_name_no_model_are_judged_as_well():
    play = Play()
    first, second = play.task(model=None), play.task(model=None)
    assert play.at_ollama == {first}
    chat = play.chat(model=None, user="")
    assert play.at_ollama == {chat}
    play.ends(chat)
    play.wait(5.0)
    assert play.at_ollama == {first}
    play.ends(first)
    assert play.at_ollama == {second}


def test_the_tasks_of_one_conversation_go_together_in_order():
    play = Play()
    chat = play.chat()
    a1, b1, a2, b2, a3 = (play.task(chat=name) for name in ("a", "b", "a", "b", "a"))
    play.ends(chat)
    play.wait(5.0)
    order = []
    while play.at_ollama:
        (id_,) = play.at_ollama
        order.append(id_)
        play.ends(id_)
    assert order == [a1, a2, a3, b1, b2]


def test_tasks_without_a_conversation_go_in_the_order_in_which_they_came():
    play = Play()
    tasks = [play.task(chat="") for _ in range(3)]
    for id_ in tasks:
        assert play.at_ollama == {id_}
        play.ends(id_)


# --- broken off -------------------------------------------------------------------------------------------------------


def test_a_chat_breaks_off_what_runs_first_and_it_is_sent_again():
    play = Play()
    title, small = play.task(), play.task(model="small")
    play.wait(1.0)
    chat = play.chat(model="big")
    assert [order for _, order in play.log[2:]] == [BreakOff(title), BreakOff(small), Send(chat)]
    assert [one.stage for one in standing(play.state)] == [Stage.HELD, Stage.HELD, Stage.SENT]
    play.ends(chat)
    play.wait(5.0)
    assert play.at_ollama == {title, small}


def test_what_has_sent_something_to_its_client_is_never_broken_off():
    play = Play()
    id_ = play.task()
    play.happens(FirstByte(id_))
    play.chat()
    assert play.broken_off(id_) == 0


def test_a_task_that_was_broken_off_comes_before_those_that_came_after_it():
    play = Play()
    first, second = play.task(chat="a"), play.task(chat="b")
    play.answered()
    play.wait(5.0)
    assert play.at_ollama == {first}
    play.ends(first)
    assert play.at_ollama == {second}


@pytest.mark.parametrize("most", [0, 1, 3])
def test_nothing_is_broken_off_more_often_than_that(most):
    play = Play(max_break_offs=most)
    id_ = play.task()
    for _ in range(most):
        play.answered()
        play.wait(5.0)
        assert play.at_ollama == {id_}
    play.answered()
    assert play.broken_off(id_) == most
    assert play.at_ollama == {id_}, "it runs to its end"


# --- the person's pace ------------------------------------------------------------------------------------------------


def test_a_task_that_fits_goes_before_the_next_message():
    """Messages come every 10 s, so work of up to 8 s may begin; the quiet time would be 15 s."""
    play = paced(10.0)
    id_ = play.task()
    play.wait(0.9)
    assert play.sent_at(id_) == []
    play.wait(0.2)
    assert len(play.sent_at(id_)) == 1


def test_a_task_that_does_not_fit_waits_until_the_person_has_gone():
    play = paced(3.0)
    id_ = play.task()  # 2 s, from 1 s on: it would end at 3 s, and messages begin to come at 2.4 s
    play.wait(4.4)
    assert play.sent_at(id_) == []
    play.wait(0.2)
    assert len(play.sent_at(id_)) == 1


@pytest.mark.parametrize(("pause", "fits"), [(3.7, False), (3.8, True)])
def test_it_fits_while_it_is_surely_done_before_the_next_message(pause, fits):
    """From 1 s on for 2 s: the edge is where four fifths of the pause are 3 s."""
    play = paced(pause)
    id_ = play.task()
    play.wait(1.1)
    assert bool(play.sent_at(id_)) is fits


def test_a_conversations_tasks_must_fit_together():
    """Three of 2 s each need 6 s, from 1 s on: 8 s are enough and 7 s are not."""
    for pause, fits in ((10.0, True), (8.7, False)):
        play = paced(pause)
        ids = [play.task(task) for task in (TITLE, TAGS, FOLLOW_UPS)]
        play.wait(1.5)
        assert bool(play.sent_at(ids[0])) is fits


@pytest.mark.parametrize(("count", "hoped"), [(20, True), (21, False)])
def test_nothing_is_hoped_of_very_many_tasks(count, hoped):
    play = Play()
    for _ in range(2):
        play.ends(play.task())  # takes no time at all
    play.answered()
    for _ in range(3):
        play.wait(10.0)
        play.answered()
    first, *_ = [play.task() for _ in range(count)]
    play.wait(1.1)
    assert bool(play.sent_at(first)) is hoped


def test_nothing_is_hoped_of_a_task_that_never_ran():
    play = Play()
    play.answered()
    for _ in range(3):
        play.wait(20.0)
        play.answered()
    id_ = play.task()
    play.wait(29.9)
    assert play.sent_at(id_) == []
    play.wait(0.2)
    assert len(play.sent_at(id_)) == 1


def test_a_programs_next_step_is_no_pause_of_a_person():
    """Tools answer within milliseconds: the pace stays 10 s."""
    play = paced(10.0)
    for _ in range(9):
        play.wait(0.29)
        play.answered()
    id_ = play.task()
    play.wait(1.1)
    assert len(play.sent_at(id_)) == 1
    assert play.state.people.opens(play.at, 7.0, play.state.rules) > play.at, "as for whoever has just been answered"


def test_what_stands_before_an_answer_is_no_answer():
    """After queries the answer is sure to come, however long the search takes; its pause is nobody's pace."""
    play = paced(10.0)
    play.answered(task="query_generation")
    id_ = play.task()
    play.wait(29.9)
    assert play.sent_at(id_) == []
    play.answered()
    play.wait(1.1)
    assert len(play.sent_at(id_)) == 1, "the pace is as it was: 8 s are enough for 2"


def test_a_pause_ends_with_what_stands_before_the_next_answer():
    play = settled()
    play.answered()
    for _ in range(3):
        play.wait(10.0)
        play.answered(task="query_generation")
        play.wait(20.0)
        play.answered()
    ids = [play.task() for _ in range(4)]
    play.wait(14.9)
    assert play.sent_at(ids[0]) == [], "8 s of work fit into a pause of 30 s, not of 10 s"
    play.wait(0.2)
    assert len(play.sent_at(ids[0])) == 1, "and then the person has gone"


def test_somebody_else_who_may_write_soon_counts_as_well():
    play = paced(10.0, quiet_high_s=20.0)  # ann
    play.wait(15.0)
    play.answered(user="bob")  # nothing is known of him: 5 s
    id_ = play.task()
    play.wait(4.9)
    assert play.sent_at(id_) == []
    play.wait(0.2)
    assert len(play.sent_at(id_)) == 1


def test_two_people_hold_what_each_alone_would_hold_at_another_time():
    """It would fit before ann writes, but bob is near; when he has gone it does not fit any more before she writes."""
    play = paced(8.0)  # ann: done by 6.4 s, or after 12 s
    play.answered(user="bob", lasts=0.1)  # 5 s
    id_ = play.task()
    play.wait(11.8)
    assert play.sent_at(id_) == []
    play.wait(0.2)
    assert len(play.sent_at(id_)) == 1


def test_who_types_is_about_to_write():
    play = paced(10.0)
    play.wait(0.5)
    typed = play.types(model="small")
    play.ends(typed)
    id_ = play.task()
    play.wait(14.9)
    assert play.sent_at(id_) == []
    play.wait(0.2)
    assert len(play.sent_at(id_)) == 1


# --- held for too long ------------------------------------------------------------------------------------------------


def test_a_task_that_was_held_for_too_long_goes_in_the_next_moment_without_a_chat_and_stays():
    play = Play(max_hold_s=60.0)
    chat = play.chat()
    id_ = play.task()
    play.wait(60.0)
    assert play.sent_at(id_) == []
    play.ends(chat)
    assert play.sent_at(id_) == [60.0]
    play.chat()
    assert play.at_ollama == {id_, 3}


def test_just_before_that_it_waits_for_the_quiet_time_and_gives_way():
    play = Play(max_hold_s=60.0)
    chat = play.chat()
    id_ = play.task()
    play.wait(50.0)
    play.ends(chat)
    play.wait(5.0)
    assert play.sent_at(id_) == [55.0]
    play.chat()
    assert play.broken_off(id_) == 1


def test_the_limit_ends_a_quiet_time():
    play = Play(max_hold_s=4.0)
    play.answered(lasts=0.0)
    id_ = play.task()
    play.wait(3.9)
    assert play.sent_at(id_) == []
    play.wait(0.2)
    assert play.sent_at(id_) == [4.0]


def test_of_those_that_were_held_for_too_long_the_oldest_goes_first_whatever_its_conversation():
    play = Play(max_hold_s=60.0)
    chat = play.chat()
    a1, b1, a2 = play.task(chat="a"), play.task(chat="b"), play.task(chat="a")
    play.wait(60.0)
    play.ends(chat)
    order = []
    for _ in range(3):
        (id_,) = play.at_ollama
        order.append(id_)
        play.ends(id_)
    assert order == [a1, b1, a2]


def test_clients_that_hang_up_after_a_minute_are_answered_sooner():
    play = Play()
    play.chat(user="busy")
    for _ in range(2):
        id_ = play.task(user="bob")
        play.wait(60.0)
        play.leaves(id_)
    assert limit_s(play.state) == 30.0
    assert limit_s(Play().state) == 600.0


def test_a_limit_of_the_clients_that_is_longer_than_ours_changes_nothing():
    play = Play(max_hold_s=10.0)
    play.chat(user="busy")
    for _ in range(2):
        id_ = play.task(user="bob")
        play.wait(60.0)
        play.leaves(id_)
    assert limit_s(play.state) == 10.0


@pytest.mark.parametrize(("waits", "limit"), [(59.0, 30.0), (61.0, 600.0)])
def test_a_client_that_waits_longer_for_its_answer_shows_that_there_is_no_such_limit(waits, limit):
    play = Play()
    chat = play.chat(user="busy")
    for _ in range(2):
        id_ = play.task(user="bob")
        play.wait(60.0)
        play.leaves(id_)
    id_ = play.task(user="bob")
    play.wait(waits)
    play.ends(chat)
    assert play.at_ollama == {id_}
    play.ends(id_)
    assert limit_s(play.state) == limit


def test_chats_that_are_stopped_say_nothing_about_patience():
    play = Play()
    for _ in range(3):
        chat = play.chat()
        play.wait(60.0)
        play.leaves(chat)
    assert limit_s(play.state) == 600.0


# --- several places on a model ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("places", [1, 2, 4])
def test_a_second_place_is_no_reason_to_run_beside_a_chat(places):
    """It would share memory and speed with the answer."""
    play = Play(num_parallel=places)
    first = play.task()
    play.chat()
    assert play.broken_off(first) == 1
    play.wait(599.0)
    assert len(play.sent_at(first)) == 1


@pytest.mark.parametrize(("places", "chats", "goes"), [(2, 1, False), (3, 1, True), (3, 2, False), (4, 2, True)])
def test_after_the_limit_it_takes_a_place_while_one_more_is_left_for_the_next_chat(places, chats, goes):
    play = Play(num_parallel=places)
    for _ in range(chats):
        play.chat()
    id_ = play.task()
    play.wait(599.0)
    assert play.sent_at(id_) == []
    play.wait(2.0)
    assert bool(play.sent_at(id_)) is goes


def test_it_gives_that_place_back_to_the_chat_that_needs_it_and_to_no_other():
    play = Play(num_parallel=3)
    play.chat()
    id_ = play.task()
    play.wait(600.0)
    play.chat()
    play.chat(model="other")
    assert play.broken_off(id_) == 0
    play.chat()
    assert play.broken_off(id_) == 1


def test_a_model_on_which_nobody_chats_has_all_its_places():
    for places, goes in ((1, False), (2, True)):
        play = Play(num_parallel=places)
        play.chat(model="big")
        id_ = play.task(model="small")
        play.wait(600.0)
        assert bool(play.sent_at(id_)) is goes


def test_a_task_never_goes_beside_a_chat_whose_model_it_evicts():
    play = Play(num_parallel=4, evicting=(("small", "big"),))
    play.chat(model="big")
    id_ = play.task(model="small")
    play.wait(1000.0)
    assert play.sent_at(id_) == []


def test_a_chat_whose_model_it_evicts_breaks_off_one_that_runs_beside_others():
    play = Play(num_parallel=4, evicting=(("small", "big"),))
    play.chat(model="medium")
    id_ = play.task(model="small")
    play.wait(600.0)
    assert len(play.sent_at(id_)) == 1
    play.chat(model="big")
    assert play.broken_off(id_) == 1


def test_one_chat_whose_model_it_evicts_is_enough_among_others():
    play = Play(num_parallel=4, evicting=(("small", "big"),))
    play.chat(model="big")
    play.chat(model="medium")
    id_ = play.task(model="small")
    play.wait(1000.0)
    assert play.sent_at(id_) == []


def test_the_first_chat_on_the_model_of_a_task_that_runs_beside_others_finds_a_place_of_its_own():
    play = Play(num_parallel=2)
    play.chat(model="big")
    id_ = play.task(model="small")
    play.wait(600.0)
    assert len(play.sent_at(id_)) == 1
    play.chat(model="small")
    assert play.broken_off(id_) == 0


# --- models that evict each other, and models elsewhere ---------------------------------------------------------------


def test_a_task_that_would_evict_the_chat_model_waits_until_nobody_has_used_it_for_long():
    play = Play(evicting=(("small", "big:latest"),))
    play.answered(lasts=0.0, model="big")
    evicts, same, other = play.task(model="small"), play.task(model="big"), play.task(model="medium")
    play.wait(299.0)
    assert play.sent_at(same) == play.sent_at(other) == [5.0]
    assert play.sent_at(evicts) == []
    play.wait(2.0)
    assert play.sent_at(evicts) == [300.0]


def test_of_two_chat_models_that_it_would_evict_the_one_used_last_counts():
    play = Play(evicting=(("small", "big"), ("small", "medium")))
    play.answered(lasts=0.0, model="big")
    play.wait(100.0)
    play.answered(lasts=0.0, model="medium")
    evicts = play.task(model="small")
    play.wait(299.0)
    assert play.sent_at(evicts) == []
    play.wait(2.0)
    assert play.sent_at(evicts) == [400.0]


def test_an_autocomplete_never_evicts_a_chat_model_that_is_in_use():
    play = Play(evicting=(("small", "big"),))
    play.answered(model="big")
    id_ = play.types(model="small")
    play.wait(5.0)
    assert play.dropped(id_)
    assert play.sent_at(id_) == []
    play.wait(291.0)
    late = play.types(model="small")
    play.wait(5.0)
    assert play.sent_at(late) == [301.0]


def test_the_limit_counts_more_than_an_eviction():
    play = Play(evicting=(("small", "big"),), max_hold_s=100.0)
    play.answered(lasts=0.0, model="big")
    id_ = play.task(model="small")
    play.wait(101.0)
    assert play.sent_at(id_) == [100.0]


def test_what_runs_elsewhere_waits_for_nothing_and_holds_nothing():
    play = settled(remote=("cloud",))
    play.wait(100.0)
    chat = play.chat(model="cloud")
    here = play.task(model="big")
    assert play.sent_at(here) == [play.at]
    play.ends(here)
    play.chat(model="big")
    there = play.task(model="cloud")
    assert play.sent_at(there) == [play.at]
    typed = play.types(model="cloud")
    assert play.sent_at(typed) == [play.at]
    play.chat(model="big")
    assert play.broken_off(there) == 0
    play.ends(chat)
    play.ends(there)


def test_rules_may_change_while_requests_are_open():
    play = Play()
    chat = play.chat(model="cloud")
    id_ = play.task(model="big")
    play.by(remote=("cloud",), max_hold_s=50.0)
    play.ends(chat)
    play.wait(5.0)
    assert play.sent_at(id_) == [5.0]
    chat = play.chat(model="cloud")
    play.by()
    play.ends(chat)
    chat = play.chat(model="big")
    play.task(model="big")
    play.by(max_hold_s=1.0)
    play.ends(chat)
    play.wait(1.0)
    assert play.at_ollama == {id_}


# --- autocomplete -----------------------------------------------------------------------------------------------------


def test_only_the_newest_autocomplete_of_each_person_counts():
    play = Play()
    running = play.types(user="ann")
    bobs = play.types(user="bob")
    newer = play.types(user="ann")
    assert play.dropped(running)
    assert play.at_ollama == {bobs}, "his turn came when hers was dropped"
    newest = play.types(user="ann")
    assert play.dropped(newer)
    play.ends(bobs)
    assert play.at_ollama == {newest}


def test_one_that_is_being_answered_is_not_dropped():
    play = Play()
    first = play.types()
    play.happens(FirstByte(first))
    second = play.types()
    assert not play.dropped(first)
    play.ends(first)
    assert play.at_ollama == {second}
    third = play.types()
    assert play.dropped(second)
    assert play.at_ollama == {third}


def test_an_older_one_elsewhere_is_dropped_too():
    play = Play(remote=("cloud",))
    older = play.types(model="cloud")
    newer = play.types(model="cloud")
    assert play.dropped(older)
    play.ends(newer)
    assert play.types(model="cloud") in play.at_ollama


def test_a_chat_drops_all_of_them():
    play = Play()
    running, waiting = play.types(user="ann"), play.types(user="bob")
    chat = play.chat(user="carol")
    assert [order for _, order in play.log[1:]] == [Drop(running), Drop(waiting), Send(chat)]
    late = play.types(user="dan")
    assert play.dropped(late)


def test_an_autocomplete_goes_before_the_tasks_that_wait_and_after_the_one_that_runs():
    play = Play()
    running, waiting = play.task(), play.task()
    typed = play.types()
    assert play.broken_off(running) == 0
    play.ends(running)
    assert play.at_ollama == {typed}
    play.ends(typed)
    play.wait(5.0)
    assert play.at_ollama == {waiting}


@pytest.mark.parametrize(("after", "dropped"), [(4.9, False), (5.0, True)])
def test_one_that_could_not_be_sent_for_a_while_is_dropped(after, dropped):
    play = Play()
    running = play.task()
    typed = play.types()
    play.wait(after)
    assert play.dropped(typed) is dropped
    play.ends(running)
    assert (play.at_ollama == {typed}) is not dropped


def test_what_was_held_for_too_long_goes_before_an_autocomplete():
    play = Play(max_hold_s=3.0)
    running, waiting = play.task(), play.task()
    play.wait(3.0)
    typed = play.types()
    play.ends(running)
    assert play.at_ollama == {waiting}
    play.ends(waiting)
    assert play.at_ollama == {typed}


# --- clients and servers that go --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lane", [Lane.CHAT, Lane.TASK, Lane.TYPING, Lane.OTHER])
def test_a_client_that_leaves_leaves_nothing_behind(lane):
    play = Play()
    first = play.arrives(lane, TITLE)
    second = play.arrives(lane, TITLE, user="bob")
    play.leaves(second)
    play.leaves(first)
    assert standing(play.state) == ()
    state = play.state
    assert (state.held, state.typed, state.newest, state.working, state.chats) == ({},) * 5
    play.wait(30.0)
    assert due(play.state) is None


def test_the_place_of_a_client_that_leaves_is_the_next_ones():
    play = Play()
    first, second, third = play.task(), play.task(), play.task()
    play.leaves(first)
    assert play.at_ollama == {second}
    play.leaves(third)
    play.ends(second)
    assert not play.at_ollama


def test_a_task_that_ollama_did_not_take_is_held_until_it_is_back():
    play = Play()
    first, second = play.task(), play.task()
    orders = play.happens(UpstreamGone(first, reached=False))
    assert orders == [Hold(first)]
    assert due(play.state) == 1.0
    play.wait(1.0)
    assert play.at_ollama == {first}
    play.happens(UpstreamGone(first, reached=False))
    assert due(play.state) == 3.0
    play.wait(2.0)
    play.ends(first)
    assert play.at_ollama == {second}
    play.happens(UpstreamGone(second, reached=False))
    assert due(play.state) == play.at + 1.0, "it was there between"


def test_a_chat_that_is_answered_says_that_ollama_is_back():
    play = Play()
    first = play.task()
    for _ in range(5):
        play.happens(UpstreamGone(first, reached=False))
        play.wait(20.0)
    play.happens(UpstreamGone(first, reached=False))
    play.wait(1.0)
    chat = play.chat()
    play.happens(FirstByte(chat))
    play.ends(chat)
    play.wait(5.0)
    assert play.at_ollama == {first}


def test_an_ollama_that_stays_away_is_asked_once_a_minute():
    play = Play()
    first = play.task()
    times = []
    for _ in range(9):
        play.happens(UpstreamGone(first, reached=False))
        times.append(due(play.state) - play.at)
        play.wait(60.0)
    assert times == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_after_the_limit_its_client_is_told():
    play = Play()
    first = play.task()
    for _ in range(9):
        play.happens(UpstreamGone(first, reached=False))
        play.wait(60.0)
    play.wait(60.0 - 0.1)
    assert play.happens(UpstreamGone(first, reached=False)) == [Hold(first)], "at 599.9 s"
    play = Play()
    first = play.task()
    play.wait(600.0)
    assert play.happens(UpstreamGone(first, reached=False)) == []
    assert standing(play.state) == ()


def test_a_task_over_which_ollama_went_away_is_tried_once_more():
    play = Play()
    first = play.task()
    assert play.happens(UpstreamGone(first)) == [Hold(first)]
    play.wait(1.0)
    assert play.happens(UpstreamGone(first)) == []
    assert standing(play.state) == ()


def test_one_that_was_being_answered_is_over_when_ollama_goes():
    play = Play()
    first = play.task()
    play.happens(FirstByte(first))
    assert play.happens(UpstreamGone(first, reached=False)) == []
    assert standing(play.state) == ()


def test_chats_and_autocompletes_are_not_tried_again():
    play = Play()
    typed = play.types()
    assert play.happens(UpstreamGone(typed)) == []
    chat = play.chat()
    assert play.happens(UpstreamGone(chat)) == []
    again = play.chat()
    assert play.sent_at(again) == [play.at], "the next one passes at once, Ollama or not"


def test_what_still_comes_back_of_an_attempt_that_was_broken_off_changes_nothing():
    play = Play()
    id_ = play.task()
    chat = play.chat()
    for event in (FirstByte(id_), Ended(id_), UpstreamGone(id_), Ended(99), FirstByte(99)):
        assert play.happens(event) == []
    play.ends(chat)
    play.wait(5.0)
    assert play.at_ollama == {id_}


def test_an_answer_that_is_whole_is_a_good_one():
    """It tells how long the task usually takes: the next one fits into a pause."""
    assert Ended(1) == Ended(1, ok=True)
    assert UpstreamGone(1) == UpstreamGone(1, reached=True)


def test_a_refusal_says_nothing_about_how_long_a_task_takes():
    play = Play()
    play.ends(play.task(), ok=False)
    assert len(play.state.usual) == 0
    play.ends(play.task())
    assert len(play.state.usual) == 1


def test_a_client_that_leaves_says_nothing_about_how_long_a_task_takes():
    play = Play()
    id_ = play.task()
    play.wait(1.0)
    play.leaves(id_)
    assert len(play.state.usual) == 0


def test_a_task_that_is_broken_off_after_longer_than_usual_is_expected_to_take_longer():
    play = Play()
    id_ = play.task()
    play.wait(2.0)
    play.ends(id_)
    play.task()
    play.wait(5.0)
    play.chat()
    assert play.state.usual.usual(TITLE, "big:latest") == 5.0


def test_a_number_is_given_once():
    play = Play()
    play.task()
    play._ids = iter((1,))
    with pytest.raises(ValueError, match="1"):
        play.task()


def test_a_clock_that_runs_back_stands_still():
    play = Play()
    play.wait(100.0)
    chat = play.chat()
    play.at = 50.0
    id_ = play.task()
    play.ends(chat)
    play.at = 104.0
    play.wait(0.0)
    assert play.sent_at(id_) == []
    play.wait(1.0)
    assert play.sent_at(id_) == [105.0]


# --- what is told -----------------------------------------------------------------------------------------------------


def test_what_stands_open_is_told_in_order_with_places_and_the_others_clock():
    play = Play()
    running = play.task(TAGS, chat="secret chat", user="secret user")
    waiting, last = play.task(), play.task()
    play.wait(2.0)
    chat = play.chat()
    play.happens(FirstByte(chat))
    told = standing(play.state, shift_s=1000.0)
    assert [(one.id, one.position) for one in told] == [(running, 1), (waiting, 2), (last, 3), (chat, None)]
    first, *_, fourth = told
    assert (first.task, first.arrived_at, first.sent_at, first.first_byte_at) == (TAGS, 1000.0, 1000.0, None)
    assert (first.broken_off, first.stage, first.lane) == (1, Stage.HELD, Lane.TASK)
    assert (fourth.stage, fourth.first_byte_at, fourth.model) == (Stage.ANSWERING, 1002.0, "big")
    assert "secret" not in repr(told)
