"""What a poll leaves behind is told as it was: lower bounds as such, and marks for what happened at an instant."""

from msgspec.structs import replace

from tray_app.core.report.history import Mark, MarkKind, Stretch, marks_of_events, marks_of_lines
from tray_app.core.tasks.ollama_connections import told_as
from tray_app.core.values.finding import Level
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.snapshot import LogEvent, LogEventKind
from tray_app.core.values.task_settings import Setting

LINE = Record("change-1", 50.0, Event.APPLIED, "http://w", changes=(Change(Setting.TAGS, True, False),))


def test_a_count_that_turns_into_a_lower_bound_is_another_state():
    seen = Stretch(0.0, 5.0, Level.CALM, running=1, waiting=0)
    assert seen.is_like(replace(seen, at=5.0, until=9.0, swap_out_bytes=3.0))
    assert not seen.is_like(replace(seen, running_at_least=True))
    assert not seen.is_like(replace(seen, waiting_at_least=True))


def test_refusals_that_came_together_are_one_mark_and_loads_are_none():
    events = (
        LogEvent(LogEventKind.BUSY, 1.0),
        LogEvent(LogEventKind.BUSY, 2.0, model="a"),
        LogEvent(LogEventKind.EVICTION, 3.0, model="a"),
        LogEvent(LogEventKind.EVICTION, 4.0, model="b"),
        LogEvent(LogEventKind.LOAD, 5.0, model="a"),
    )
    assert marks_of_events(events) == (
        Mark(2.0, MarkKind.REFUSED, count=2),
        Mark(3.0, MarkKind.EVICTED, "a"),
        Mark(4.0, MarkKind.EVICTED, "b"),
    )


def test_changes_and_what_was_taken_back_are_marked_each_setting_by_itself():
    both = (Change(Setting.TAGS, True, False), Change(Setting.TASK_MODEL, "", "gemma3:1b"))
    lines = (
        replace(LINE, event=Event.INTENDED, changes=both),
        replace(LINE, changes=()),
        replace(LINE, at=90.0, event=Event.UNDONE, changes=both[:1]),
        replace(LINE, at=95.0, event=Event.FAILED),
    )
    assert marks_of_lines(lines, 0.0) == (
        Mark(50.0, MarkKind.CHANGED, None, "change-1", "tags", "off"),
        Mark(50.0, MarkKind.CHANGED, None, "change-1", "task-model", "gemma3:1b"),
        Mark(90.0, MarkKind.TAKEN_BACK, None, "change-1", "tags", "on"),
    )
    assert [one.at for one in marks_of_lines(lines, 50.0)] == [90.0]


def test_what_may_hold_a_secret_is_not_kept():
    connection = Change(Setting.OLLAMA_CONNECTION, {"key": "s3cret"}, {"key": "s3cret", "url": "http://u:p@h"})
    params = Change(Setting.TASK_MODEL_PARAMS, None, '{"api": "s3cret"}')
    made = marks_of_lines((replace(LINE, changes=(connection, params)),), 0.0)
    assert [(one.setting, one.value) for one in made] == [("ollama-connection", "off"), ("task-model-params", None)]


def test_of_a_connection_only_is_kept_whether_chat_first_is_on():
    before, after = told_as("http://o", ours=False), told_as("http://relay", ours=True)
    on = replace(LINE, changes=(Change(Setting.OLLAMA_CONNECTION, before, after, "0"),))
    assert [one.value for one in marks_of_lines((on, replace(on, at=60.0, event=Event.UNDONE)), 0.0)] == ["on", "off"]
