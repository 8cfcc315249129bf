"""Who is at the model, in words: each call by its name, held apart from waiting."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import BIG, facts, poll
from tray_app.app.language import load
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.menu.models import model_rows
from tray_app.core.menu.screen import ScreenState
from tray_app.core.text import at_model
from tray_app.core.text.status import status_lines
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.relay import Counts, RelayState
from tray_app.core.values.requests import RequestKind, Requests, RunningRequest, TaskCall, WaitingRequest

EN, KO = load("en"), load("ko")
CHAT, TASK, UNKNOWN = RequestKind.CHAT, RequestKind.TASK, RequestKind.UNKNOWN
RUNS = RunningRequest(BIG, CHAT, "relay", running_s=12.4)
HELD = WaitingRequest(BIG, TASK, "titles", 4.2, held=True)
WAITS = WaitingRequest(BIG, CHAT, None, 3.0, held=False)


def asked(*queue, active=(RUNS,)):
    waiting = sum(not one.held for one in queue)
    return Requests(Known(len(active), 0.0), Known(waiting, 0.0), active=active, queue=queue)


def test_who_runs_who_waits_and_who_is_held():
    assert at_model.who(asked(WAITS, HELD), 6, EN) == [
        "qwen3:32b: chat, for 12 s",
        "qwen3:32b: chat, waits 3 s",
        "qwen3:32b: title of a chat, held 4 s",
    ]


def test_in_korean():
    assert at_model.who(asked(HELD), 6, KO)[1] == "qwen3:32b: 채팅 제목, 4초째 보류"


@pytest.mark.parametrize(("times", "words"), [(1, "gave way to a chat 1 time"), (2, "gave way to a chat 2 times")])
def test_what_gave_way_says_so(times, words):
    assert at_model.waiting(replace(HELD, broken_off=times), EN).endswith(f", {words}")


@pytest.mark.parametrize("call", [one for one in TaskCall if one is not TaskCall.OTHER])
def test_each_call_has_words_of_its_own(call):
    assert at_model.call_name(TASK, call.value, EN) != at_model.call_name(TASK, None, EN) == "background task"
    assert at_model.call_name(TASK, call.value, KO) != at_model.call_name(TASK, call.value, EN)


def test_many_are_counted():
    told = at_model.who(asked(*[HELD] * 9), 4, EN)
    assert len(told) == 4
    assert told[-1] == "7 more"


def test_in_the_menu_nothing_moves_with_every_look():
    look = facts(poll(asks=asked(replace(HELD, waited_s=14.0))))
    later = facts(poll(asks=asked(replace(HELD, waited_s=19.0), active=(replace(RUNS, running_s=17.0),))))
    rows = [model_rows(ScreenState(overview=one.overview), EN) for one in (look, later)]
    assert rows[0] == rows[1]
    (row,) = rows[0]
    assert [one.text for one in row.children][:2] == ["qwen3:32b: chat", "qwen3:32b: title of a chat, held 10 s"]
    (idle,) = model_rows(ScreenState(overview=facts(poll()).overview), EN)
    assert [one.id for one in idle.children if one.id.startswith(("model:", "at-model:"))] == [f"model:{BIG}"]


def lines(snapshot, who=True):
    made = facts(snapshot)
    return ["".join(span.text for span in one) for one in status_lines(made.overview, diagnose(made), (), EN, who=who)]


def test_status_tells_the_held_ones_beside_what_waits():
    relay = RelayState(9, 11435, "http://127.0.0.1:11434", 0.0, 0.0, counts=Counts(chats=12, held=5, broken_off=2))
    shown = lines(poll(asks=asked(HELD), relay=Known(relay, 0.0)))
    assert any("1 running, 0 waiting, 1 held until no chat runs" in one for one in shown)
    assert any("title of a chat, held 4 s" in one for one in shown)
    assert any("5 tasks were held so far, 2 times one gave way after it had begun" in one for one in shown)
    assert not any("Ollama did not answer" in one for one in shown)
    lost = lines(poll(relay=Known(replace(relay, upstream_ok=False), 0.0)), who=False)
    assert any("Ollama did not answer the relay" in one for one in lost)


def test_a_relay_that_does_not_answer_is_told_and_none_is_not():
    assert any("Chat first" in one for one in lines(poll(relay=Unknown(Why.UNREACHABLE))))
    assert not any("Chat first" in one for one in lines(poll()))
