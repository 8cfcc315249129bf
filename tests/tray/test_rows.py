"""Rows as pystray's items: same order, same state, each with its own command."""

import importlib

import pytest
from msgspec.structs import replace

from tray_app.core.menu.screen import SEPARATOR, Row
from tray_app.core.values.command import ApplyRemedy, Quit, Refresh, Snooze, SnoozeUntil
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.remedy import Effect, Reason, SwitchOff
from tray_app.core.values.task_settings import Setting

REMEDY = SwitchOff(
    task=Setting.FOLLOW_UPS, plan=Plan((Change(Setting.FOLLOW_UPS, True, False),)), reason=Reason.EVERY_MESSAGE
)


@pytest.fixture
def rows(backend):
    backend("dummy")
    return importlib.import_module("tray_app.tray.rows")


def test_items_show_what_rows_say(rows, sent):
    made = rows.items(
        (
            SEPARATOR,
            Row("told"),
            SEPARATOR,
            SEPARATOR,
            Row("on", Refresh(), checked=True),
            Row("busy", Refresh(), busy=True),
            Row("more", children=(Row("one", Quit(), checked=False, radio=True), SEPARATOR)),
            SEPARATOR,
        ),
        sent.append,
    )
    shown = [(item.text, item.enabled, item.checked, item.radio, item.default) for item in made]
    assert shown == [
        ("told", False, None, False, False),
        ("- - - -", True, None, False, False),
        ("on", True, True, False, False),
        ("busy", False, None, False, False),
        ("more", True, None, False, False),
    ]
    (one,) = made[-1].submenu.items
    assert (one.text, one.checked, one.radio) == ("one", False, True)


def test_a_click_sends_its_rows_command_and_a_left_click_on_the_icon_sends_none(rows, sent):
    import pystray

    made = rows.items((Row("a", Refresh()), Row("b", Snooze(SnoozeUntil.HOUR)), Row("c", busy=True)), sent.append)
    icon = pystray.Icon("test", menu=pystray.Menu(*made))
    icon.menu(icon)  # what a left click does: pystray looks for the default item
    assert sent == []
    made[1](icon)
    made[2](icon)
    assert sent == [Snooze(SnoozeUntil.HOUR)]


def test_an_error_in_a_click_stays_in_the_log(rows, caplog):
    def fail(_command):
        raise RuntimeError("the mailbox is gone")

    (item,) = rows.items((Row("a", Refresh()),), fail)
    item(None)
    assert "the mailbox is gone" in caplog.text


def test_new_numbers_are_new_words_and_new_plans_are_new_rows(rows):
    before = (Row("4 min left", id="model"), Row("fix (+1 call)", ApplyRemedy(REMEDY), id="fix"))
    words = (Row("3 min left", id="model"), Row("fix (+2)", ApplyRemedy(replace(REMEDY, effect=Effect(2))), id="fix"))
    assert rows.differ_in_words_only(before, words)
    other_plan = replace(REMEDY, plan=Plan((Change(Setting.TAGS, True, False),)))
    for after in (
        (before[0], Row("fix", ApplyRemedy(other_plan), id="fix")),
        (before[0], Row("fix", ApplyRemedy(REMEDY, confirmed=True), id="fix")),
        (before[0], replace(before[1], busy=True)),
        (before[0], replace(before[1], checked=True)),
        (before[0], replace(before[1], id="other")),
        before[:1],
        (replace(before[0], children=before), before[1]),
    ):
        assert not rows.differ_in_words_only(before, after)
