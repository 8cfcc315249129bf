"""`Which way?` in the menu: one row for each answer, beside the fixes while something is wrong, beneath the tasks else."""

from msgspec.structs import replace

from tests.core.machines import facts
from tests.core.menu.states import STATE, calm
from tests.core.offers import diagnosis, here
from tests.english import TR
from tray_app.core.menu.menu import menu
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.strategies import strategies
from tray_app.core.values.command import ApplyRemedy
from tray_app.core.values.finding import TaskStorm

WAYS = strategies(Case(facts(here()), diagnosis(TaskStorm), relay_port=11435))


def rows(state):
    return menu(replace(state, ways=WAYS), TR).rows


def child(found, identity):
    return next(one for one in found if one.id == identity)


def test_each_answer_is_one_row_with_its_verdict():
    ways = child(rows(STATE), "ways")
    assert [one.text for one in ways.children] == [
        "A small model of your own for tasks - suits this machine, fits: +824 MiB, 1.6 GiB left",
        "A hosted model for tasks - possible",
        "Fewer tasks - possible",
        "Chat first - possible",
    ]


def test_beneath_it_stand_why_and_its_button():
    way = child(child(rows(STATE), "ways").children, "way:small-model")
    assert "gemma3:1b fits into memory beside the chat model." in [one.text for one in way.children]
    button = way.children[-1]
    assert isinstance(button.command, ApplyRemedy)
    assert button.command.remedy.id == "task-model:gemma3:1b"
    hosted = child(child(rows(STATE), "ways").children, "way:hosted-model").children[-1]
    assert hosted.command is None  # it asks: text would leave the machine
    assert hosted.children[-1].command.confirmed


def test_while_calm_it_stands_beneath_the_tasks():
    quiet = rows(calm())
    assert "ways" not in {one.id for one in quiet}
    assert child(child(quiet, "tasks").children, "ways").children


def test_before_the_first_poll_there_is_none():
    assert "ways" not in {one.id for one in menu(STATE, TR).rows}
