"""A change of the task settings says nothing about what was asked before it."""

import pytest
from msgspec.structs import replace

from tests.core.requests.test_count import ALL_OFF, ALL_ON, IDLE, World, clients, slot
from tray_app.core.values.connections import OPEN_WEBUI_POOL
from tray_app.core.values.requests import RequestKind


def only(answer):
    (one,) = answer.active
    return one.kind, one.reason


def waits(world, task_id, count, **more):
    """One runs and the others wait, on connections that clients close."""
    return only(world.poll(clients(count + 1, OPEN_WEBUI_POOL), (slot(task_id),), **more))


def switched_off(waiting):
    """Two polls with tasks on and a queue, then all are switched off."""
    world = World("0.8.12", ALL_ON)
    waits(world, 0, waiting)
    world.tasks = ALL_OFF
    return world


def test_what_runs_keeps_its_own_evidence():
    world = switched_off(0)
    assert waits(world, 0, 0) == (RequestKind.UNKNOWN, "no-evidence")
    assert waits(world, 0, 0) == (RequestKind.UNKNOWN, "no-evidence")
    assert waits(world, 1, 0) == (RequestKind.CHAT, "tasks-off")


def test_what_waited_then_is_judged_by_the_settings_of_then_and_what_came_later_by_those_of_now():
    world = switched_off(2)
    kinds = [waits(world, number, max(0, 2 - number))[1] for number in (0, 1, 2, 3)]
    assert kinds == ["no-evidence", "was-waiting", "was-waiting", "tasks-off"]


def test_a_queue_that_is_gone_leaves_nothing_of_before():
    world = switched_off(2)
    world.poll((), IDLE)
    world.poll((), IDLE)
    assert waits(world, 5, 0) == (RequestKind.CHAT, "tasks-off")


def test_another_task_model_is_a_change_as_well():
    world = World("0.8.12", replace(ALL_ON, task_model="gemma3:1b"))
    assert waits(world, 0, 1) == (RequestKind.CHAT, "other-than-task-model")
    world.tasks = ALL_ON
    assert waits(world, 1, 0) == (RequestKind.CHAT, "other-than-task-model")  # it waited before the change
    assert waits(world, 2, 0)[0] is not RequestKind.CHAT


@pytest.mark.parametrize("first", [None, ALL_OFF])
def test_settings_that_become_known_or_stay_are_no_change(first):
    world = World("0.8.12", first)
    waits(world, 0, 1)
    world.tasks = ALL_OFF
    assert waits(world, 1, 0) == (RequestKind.CHAT, "tasks-off")
