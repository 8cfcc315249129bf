"""A machine with one place, under the policy: chats find it as if there were no tasks, and every task is done."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.lanes.play import FOLLOW_UPS, TAGS, TITLE, Machine
from tray_app.core.values.relay import Lane

FIRST_TOKEN_S = 0.4
"""A tenth of an answer of 4 s."""


def lasts(task_s):
    return lambda asked: 10 * FIRST_TOKEN_S if asked.lane is Lane.CHAT else task_s


def conversation(machine, at, pauses, *, user="ann", chat="c1"):
    """The title beside the first answer, follow-ups and tags after each; the next message so long after the answer."""
    chats, tasks = [], []

    def asks(left):
        first = not chats
        chats.append(machine.chat(user=user, chat=chat))
        if first:
            tasks.append(machine.task(TITLE, user=user, chat=chat))
        machine.after(chats[-1], lambda: reads(left, first=first))

    def reads(left, *, first):
        tasks.append(machine.task(FOLLOW_UPS, user=user, chat=chat))
        if first:
            tasks.append(machine.task(TAGS, user=user, chat=chat))
        if left:
            machine.then(machine.at + left[0], lambda: asks(left[1:]))

    machine.then(at, lambda: asks(pauses))
    return chats, tasks


def first_tokens(machine, chats):
    return [machine.first_byte[id_] - machine.sent_at(id_)[0] for id_ in chats]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.1, 60.0), max_size=8), st.floats(0.1, 30.0))
def test_no_chat_waits_and_every_task_is_done(pauses, task_s):
    """Nothing here reaches its third break-off or its limit, from which on a task stays."""
    machine = Machine(lasts(task_s), max_break_offs=99, max_hold_s=1e6)
    chats, tasks = conversation(machine, 0.0, pauses)
    machine.run(5_000.0)
    assert first_tokens(machine, chats) == [pytest.approx(FIRST_TOKEN_S)] * (len(pauses) + 1)
    assert set(tasks) <= set(machine.served)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.1, 60.0), max_size=8), st.floats(0.1, 30.0))
def test_with_the_usual_limits_a_chat_waits_for_one_task_at_most(pauses, task_s):
    machine = Machine(lasts(task_s))
    chats, tasks = conversation(machine, 0.0, pauses)
    machine.run(5_000.0)
    assert max(first_tokens(machine, chats)) <= FIRST_TOKEN_S + task_s + 1e-6
    assert set(tasks) <= set(machine.served)
    assert all(machine.broken_off(id_) <= 3 for id_ in tasks)


@pytest.mark.parametrize("pause", [1.0, 3.0, 10.0, 30.0])
def test_a_steady_pace_is_learnt_and_then_nothing_is_broken_off(pause):
    """Before three pauses are known a task may be begun in vain."""
    machine = Machine(lasts(2.0))
    _, tasks = conversation(machine, 0.0, [pause] * 20)
    machine.run(5_000.0)
    assert set(tasks) <= set(machine.served)
    assert all(machine.broken_off(id_) == 0 for id_ in tasks[5:])


def test_at_a_slow_pace_tasks_are_done_between_the_messages():
    machine = Machine(lasts(2.0))
    chats, tasks = conversation(machine, 0.0, [10.0] * 20)
    machine.run(5_000.0)
    late = [id_ for id_ in tasks if machine.served[id_] > machine.served[chats[-1]]]
    assert late == tasks[-1:]


def test_at_a_quick_pace_they_are_done_in_one_go_when_the_person_has_gone():
    machine = Machine(lasts(2.0))
    chats, tasks = conversation(machine, 0.0, [1.0] * 20)
    machine.run(5_000.0)
    times = [machine.served[id_] for id_ in tasks]
    assert times == sorted(times)
    assert min(times) > machine.served[chats[-1]]
    assert max(times) - min(times) == pytest.approx(2.0 * (len(tasks) - 1))
