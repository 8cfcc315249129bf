"""What settings are called, and that a row asks the catalog only for what it says."""

import gettext

import pytest

from tests.core.findings import example
from tests.core.machines import facts
from tests.core.offers import here
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.strategies import strategies
from tray_app.core.text import ways
from tray_app.core.text.tasks import setting_name, task_words
from tray_app.core.values.finding import Diagnosis, Level, TaskStorm
from tray_app.core.values.task_settings import TASKS, Setting


class Asked(gettext.NullTranslations):
    def __init__(self):
        super().__init__()
        self.messages = []

    def gettext(self, message):
        self.messages.append(message)
        return message


@pytest.mark.parametrize("task", TASKS)
def test_a_tasks_words_are_looked_up_without_those_of_the_others(task):
    asked = Asked()
    words = task_words(task, asked)
    assert asked.messages == [words.name, words.inline, words.turn_off, words.lacks]


@pytest.mark.parametrize("setting", Setting)
def test_every_setting_has_a_name_of_its_own(setting):
    names = [setting_name(one, Asked()) for one in Setting]
    assert names.count(setting_name(setting, Asked())) == 1


def test_of_all_reasons_only_the_one_that_is_said_is_looked_up():
    asked = Asked()
    told = strategies(Case(facts(here()), Diagnosis(Level.OVERLOADED, (example(TaskStorm),))))
    assert all(ways.reason(one, asked) for one in told)
    assert len(asked.messages) == len(told)
