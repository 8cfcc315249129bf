"""How chat first stands, in words: for whom a request is held, and what is to be done."""

import pytest

from tray_app.app.language import load
from tray_app.core.tasks.ollama_connections import told_as
from tray_app.core.text.chat_first import SHOWN, standing, status
from tray_app.core.text.plan import done_sentences
from tray_app.core.values.plan import Change
from tray_app.core.values.relay import ChatFirstState, ChatFirstStatus, Counts, Lane, RelayState, Stage, Standing
from tray_app.core.values.task_settings import Setting

EN = load("en")
MODEL = "qwen3:32b"
DIRECT, RELAY = "http://127.0.0.1:11434", "http://127.0.0.1:11435"
CHAT = Standing(1, Lane.CHAT, "", MODEL, Stage.ANSWERING, 88.0, 88.0, 89.0)
TITLE = Standing(2, Lane.TASK, "title_generation", MODEL, Stage.HELD, 96.0, broken_off=1, position=1)
TAGS = Standing(3, Lane.TASK, "tags_generation", MODEL, Stage.HELD, 97.0, position=2)
SENT = Standing(4, Lane.TASK, "follow_up_generation", MODEL, Stage.SENT, 90.0, 98.0)
LIST = Standing(5, Lane.OTHER, "", None, Stage.SENT, 99.0, 99.0)


def relay(*open_now, **more):
    counts = Counts(chats=12, tasks=30, typing=9, held=18, broken_off=4, dropped=7)
    return RelayState(9, 11435, DIRECT, 0.0, 100.0, open_now, counts=counts, **more)


def lines(told):
    return ["".join(span.text for span in one) for one in status(told, lambda at: f"day {at:.0f}", EN)]


@pytest.mark.parametrize(
    ("one", "others", "said"),
    [
        (CHAT, (TITLE,), "chat (qwen3:32b): answered for 12 s so far"),
        (SENT, (), "follow-ups of a chat (qwen3:32b): at Ollama for 2 s, no word yet"),
        (
            TITLE,
            (CHAT,),
            "title of a chat (qwen3:32b): held 4 s, until 1 chat is answered, gave way to a chat 1 time",
        ),
        (TAGS, (TITLE,), "tags of a chat (qwen3:32b): held 3 s, until the tasks before it are done"),
        (TAGS, (SENT,), "tags of a chat (qwen3:32b): held 3 s, until the tasks before it are done"),
        (
            TITLE,
            (),
            "title of a chat (qwen3:32b): held 4 s, in case somebody writes again, gave way to a chat 1 time",
        ),
    ],
)
def test_who_stands_there_how_long_and_for_whom(one, others, said):
    assert standing(one, relay(one, *others), EN) == said


def test_what_is_asked_only_passing_is_not_told():
    shown = lines(ChatFirstStatus(ChatFirstState.ON, RELAY, relay=relay(LIST)))
    assert shown[-1] == "Nothing stands in it now."
    assert "Since day 0: 12 chats, 30 tasks; 18 held, 4 made way" in shown[1]


def test_those_that_run_come_first_and_many_are_counted():
    many = [Standing(n, Lane.TASK, "title_generation", MODEL, Stage.HELD, 50.0, position=n) for n in range(1, 12)]
    shown = lines(ChatFirstStatus(ChatFirstState.ON, RELAY, relay=relay(*many, CHAT)))
    rows = shown[shown.index("In it now:") + 1 :]
    assert rows[0].startswith("  chat")
    assert (len(rows), rows[-1]) == (SHOWN, f"  {12 - SHOWN + 1} more")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (ChatFirstStatus(ChatFirstState.NO_RELAY, RELAY), "Start Elbowroom"),
        (ChatFirstStatus(ChatFirstState.NO_RELAY, RELAY, port_taken=True), "Another program listens there"),
        (ChatFirstStatus(ChatFirstState.ON, RELAY, too_old="0.9.6"), "Open WebUI 0.9.6 does not tell"),
        (ChatFirstStatus(ChatFirstState.ON, RELAY, other_port=True), "names another port"),
        (ChatFirstStatus(ChatFirstState.CHANGED_ELSEWHERE, RELAY), "takes back what is left"),
        (ChatFirstStatus(ChatFirstState.ON, RELAY, relay=relay(upstream_ok=False)), "did not answer the relay"),
    ],
)
def test_what_is_wrong_comes_with_what_to_do(told, said):
    assert said in " ".join(lines(told))


LED = [
    Change(Setting.OLLAMA_CONNECTION, told_as(DIRECT, ours=False), told_as(RELAY, ours=True), str(n)) for n in (0, 1)
]


def test_a_switch_is_one_sentence_whatever_connections_it_took():
    assert done_sentences(LED, EN) == ["Chat first on"]
    assert done_sentences([one.back() for one in LED], EN) == ["Chat first off"]
    assert done_sentences(LED[:1], EN, places=True) == [f"Chat first on ({DIRECT} -> {RELAY})"]
    other = Change(Setting.TAGS, True, False)
    assert done_sentences([other, *LED], EN)[0] == "Chat first on"
    assert len(done_sentences([other, *LED], EN)) == 2
