import re

import pytest
from msgspec.structs import replace

from tests.core.findings import example
from tests.core.menu import states
from tests.core.menu.states import STORM
from tests.english import TR
from tray_app.core.menu import notice
from tray_app.core.menu.screen import Button
from tray_app.core.values.command import ApplyRemedy, Prove, Snooze, SnoozeUntil, Undo
from tray_app.core.values.finding import FINDINGS, Level
from tray_app.core.values.plan import Change
from tray_app.core.values.task_settings import Setting


def test_a_notice_says_what_and_why_with_the_best_fix_and_a_snooze():
    told = notice.about(STORM, (states.STOP, states.EVICTING, states.FOLLOW_UPS_OFF), TR)
    assert told.title == "Overloaded: qwen3:32b"
    assert "3 requests" in told.body
    assert told.cause == "task-storm:qwen3:32b"
    assert told.urgent
    assert [button.command for button in told.buttons] == [
        ApplyRemedy(states.FOLLOW_UPS_OFF),
        Snooze(SnoozeUntil.HOUR),
    ]


def test_what_must_be_asked_is_no_button():
    told = notice.about(STORM, (states.STOP, states.EVICTING), TR)
    assert told.buttons == (Button("Snooze for 1 hour", Snooze(SnoozeUntil.HOUR)),)


def test_after_a_fix_the_way_back_is_a_button():
    told = notice.changed("change-1", (states.FOLLOW_UPS,), TR)
    assert told.body == "Follow-ups: on -> off"
    assert told.buttons == (Button("Undo", Undo("change-1", (states.FOLLOW_UPS,))),)
    assert notice.changed("", (states.FOLLOW_UPS,), TR).buttons == ()


def test_words_fit_the_smallest_systems_buffers():
    long = replace(STORM, model="x" * 300)
    told = notice.about(long, (), TR)
    assert len(told.title) <= 63
    assert len(told.body) <= 255


@pytest.mark.parametrize("kind", FINDINGS)
def test_title_and_body_share_no_number(kind):
    """A number that stands in both is one that will soon differ, and is read twice until then."""
    finding = example(kind)
    title = notice.title(finding, TR).replace(finding.subject, "")
    assert not re.findall(r"\d+", title)


def test_when_it_is_over_that_is_told_in_the_place_of_the_warning():
    warned = notice.about(STORM, (), TR)
    over = notice.relief(STORM, 4, Level.CALM, TR)
    assert over.cause == warned.cause
    assert over.title == "Calm again: qwen3:32b"
    assert over.body == "The overload lasted 4 minutes."
    assert not over.urgent
    assert notice.relief(STORM, 4, Level.TIGHT, TR).title == "The overload is over: qwen3:32b"


def test_a_change_of_the_task_model_offers_the_call_that_proves_it():
    change = Change(Setting.TASK_MODEL_EXTERNAL, "", "gemma3:1b")
    undo, prove = notice.changed("change-1", (change, states.FOLLOW_UPS), TR).buttons
    assert (undo.text, prove.text) == ("Undo", "Prove it with one title call")
    assert prove.command == Prove(Setting.TASK_MODEL_EXTERNAL)
