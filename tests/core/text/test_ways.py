"""The answers to the problem in words: the one that suits is marked, and nothing is told that nobody measured."""

import pytest
from msgspec.structs import replace

from tests.core.machines import HOSTED, facts, web_ui
from tests.core.offers import LISTED, diagnosis, here
from tests.english import TR
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.strategies import strategies
from tray_app.core.report.work import TaskWork
from tray_app.core.text import ways
from tray_app.core.values.connections import Price, Served
from tray_app.core.values.finding import TaskStorm
from tray_app.core.values.task_settings import Setting

WORK = TaskWork(10, 6.5, ((Setting.FOLLOW_UPS, 4.0),), (("gemma3:1b", 0.8),))


def told(snapshot=None, work=None):
    found = strategies(Case(facts(snapshot or here()), diagnosis(TaskStorm), relay_port=11435), work=work)
    return ["".join(span.text for span in one) for one in ways.lines(found, TR)]


def test_the_one_that_suits_is_marked_and_each_has_its_command():
    lines = told()
    assert [one[:38].strip() for one in lines if one.startswith("> ")] == ["> A small model of your own for tasks"]
    commands = [one.split(" fix ")[1].split()[0] for one in lines if " fix " in one]
    assert commands == ["task-model:gemma3:1b", "hosted-task-model:openai/gpt-5-mini", "follow-ups-off", "chat-first"]


def test_what_the_history_tells_stands_there_and_what_it_does_not_is_said_once():
    unsaid = [one for one in told() if "not known yet" in one]
    assert len(unsaid) == 1
    lines = "\n".join(told(work=WORK))
    assert "not known yet" not in lines
    assert "A chat may now wait 6.5 s per message for tasks, then 0.0 s. The other model took 0.8 s for them." in lines
    assert "A chat may now wait 6.5 s per message for tasks, then 2.5 s." in lines


def test_a_price_is_told_and_a_missing_one_is_not_nothing():
    dear = replace(HOSTED, served=Served(price=Price(1e-6, 4e-6)))
    assert "At most about 2.74 USD for 1,000 messages." in "\n".join(told(here(ui=web_ui(*LISTED, dear))))
    assert "What its endpoint asks for it is not known." in "\n".join(told())


@pytest.mark.parametrize(
    ("amount", "said"), [(0.0, "0.00 USD"), (0.0099, "less than 0.01 USD"), (0.01, "0.01 USD"), (1.239, "1.24 USD")]
)
def test_small_amounts_are_not_rounded_to_nothing(amount, said):
    assert ways.usd(amount, TR) == said


def test_where_it_cannot_be_had_nothing_is_promised():
    lines = told(here(ui=web_ui(*LISTED)))
    at = next(number for number, one in enumerate(lines) if "A hosted model" in one)
    assert lines[at].endswith("can be added")
    assert [one.strip()[:20] for one in lines[at + 1 : at + 5]] == [
        "The fastest tasks. F",
        "Open WebUI lists no ",
        "elbowroom hosted add",
        "Fewer tasks  possibl",
    ]
