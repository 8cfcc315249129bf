"""How long tasks take per message: only from enough answers that were told apart."""

import pytest

from tray_app.core.report.history import Past
from tray_app.core.report.work import task_work
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.task_settings import Setting

BIG = "qwen3:32b"


def request(kind, model=BIG, busy_s=1.0, task=None, at=0.0):
    return FinishedRequest(model, kind, "relay", task, at, at + busy_s, busy_s=busy_s)


def chats(count):
    return [request(RequestKind.CHAT, at=at) for at in range(count)]


def work(*requests):
    return task_work(Past((), requests), BIG)


def test_seconds_per_message_by_task_and_by_model():
    tasks = [request(RequestKind.TASK, busy_s=6.0, task="follow-ups") for _ in range(5)]
    found = work(
        *chats(5),
        *tasks,
        request(RequestKind.TASK, busy_s=5.0),
        request(RequestKind.TASK, "gemma3:1b", busy_s=2.0, task="titles"),
    )
    assert (found.answers, found.chat_model_s) == (5, 7.0)
    assert (found.of(Setting.FOLLOW_UPS), found.of(Setting.TITLES)) == (6.0, None)
    assert (found.on("gemma3:1b"), found.on("llama3.2:3b")) == (0.4, None)


@pytest.mark.parametrize(("answers", "told"), [(4, False), (5, True)])
def test_fewer_than_five_answers_tell_nothing(answers, told):
    assert (work(*chats(answers)) is not None) is told


@pytest.mark.parametrize(("untold", "told"), [(1, True), (2, False)])
def test_more_than_a_tenth_that_nobody_could_tell_apart_tell_nothing(untold, told):
    unknown = [request(RequestKind.UNKNOWN) for _ in range(untold)]
    assert (work(*chats(9), *unknown) is not None) is told


def test_answers_of_another_model_are_no_messages_of_this_one():
    assert work(*chats(4), request(RequestKind.CHAT, "gemma3:1b")) is None
