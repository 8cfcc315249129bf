"""While the relay tells each call by name, the rules judge by these: what is held crowds nobody."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import BIG, CHAT, TASK, facts, loaded, poll, told
from tray_app.core.diagnosis.rules import queue_backlog, task_storm
from tray_app.core.values.connections import Whose
from tray_app.core.values.reading import Known
from tray_app.core.values.requests import RequestKind, Requests, WaitingRequest
from tray_app.core.values.snapshot import Pressure


def waits(kind=RequestKind.CHAT, model=BIG, seconds=3.0, *, held=False):
    return WaitingRequest(model, kind, None if kind is RequestKind.CHAT else "titles", seconds, held)


def asked(active, *queue, beside=0, longest=None):
    """`beside`: requests of another client that wait, too."""
    waiting = beside + sum(not one.held for one in queue)
    return Requests(
        Known(len(active), 0.0),
        Known(waiting, 0.0),
        active=tuple(active),
        queue=queue,
        longest_wait_s=longest if longest is not None else max((one.waited_s for one in queue), default=None),
        whose=Whose.OPEN_WEBUI,
    )


def storm(asks, **changed):
    return task_storm.check(facts(poll(asks=asks, **changed)))


HELD = waits(RequestKind.TASK, held=True)


def test_a_chat_that_waits_behind_a_task_is_a_storm_without_any_pressure():
    (found,) = storm(asked((TASK,), waits()))
    assert told(found)["chat_waits"] == "yes"


@pytest.mark.parametrize(
    "asks",
    [
        asked((TASK,), waits(RequestKind.TASK)),  # another task waits behind it
        asked((TASK,), HELD),  # the relay holds one
        asked((CHAT,), waits()),  # a chat waits behind a chat
        asked((TASK,), waits(model="gemma3:1b")),  # a chat of another model
    ],
)
def test_what_else_waits_is_none(asks):
    assert storm(asks, models=(loaded(), loaded("gemma3:1b", 2**30))) == ()


def test_under_pressure_it_takes_tasks_that_are_there_not_settings_that_would_send_them():
    assert storm(asked((CHAT,), waits(), waits()), pressure=Pressure.WARNING) == ()
    assert len(storm(asked((CHAT,), waits(RequestKind.TASK)), pressure=Pressure.WARNING)) == 1
    assert storm(asked((CHAT,), HELD, HELD), pressure=Pressure.WARNING) == ()


def test_the_longest_wait_of_a_model_is_that_of_its_own_requests():
    made = facts(poll(asks=asked((CHAT,), waits(seconds=3.0), waits(model="gemma3:1b", seconds=9.0))))
    assert made.traffic(BIG).longest_wait_s == 3.0
    assert made.traffic(BIG).waiting == 1
    beside = facts(poll(asks=asked((CHAT,), waits(seconds=3.0), beside=1, longest=5.0)))
    assert (beside.traffic(BIG).waiting, beside.traffic(BIG).longest_wait_s) == (2, 5.0)


def test_what_is_held_is_no_backlog():
    snapshot = poll(asks=asked((CHAT,), HELD, HELD, HELD))
    assert queue_backlog.check(facts(snapshot)) == ()
    at_ollama = replace(snapshot, requests=Known(asked((CHAT,), waits(seconds=12.0), HELD), 0.0))
    (found,) = queue_backlog.check(facts(at_ollama))
    assert (found.waiting, found.longest_wait_s) == (1, 12.0)
