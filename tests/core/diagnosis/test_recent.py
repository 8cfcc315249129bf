"""The window of polls, its gaps, and where runners changed."""

import pytest

from tests.core.poll_builder import GONE, history, poll, runner
from tray_app.core.diagnosis.recent import KEEP_S, History, Moment, is_gap


@pytest.mark.parametrize(
    ("up", "wall", "gap"),
    [
        (2, 2, False),
        (15, 15, False),
        (45, 45, False),
        (46, 46, True),
        (5, 3600, True),
        (5, -3600, False),
        (-9, 2, True),
    ],
)
def test_what_a_gap_is(up, wall, gap):
    assert is_gap(Moment(1000.0, 5e8), Moment(1000.0 + up, 5e8 + wall)) is gap


def test_the_window_is_bounded():
    made = history(*(poll(1000.0 + 10 * index) for index in range(200)))
    assert made.snapshots[-1].uptime_s - made.snapshots[0].uptime_s == KEEP_S


def test_last_takes_the_current_poll_too():
    made, now = history(poll(1000.0), poll(1010.0), poll(1020.0)), poll(1030.0)
    assert [one.uptime_s for one in made.last(15.0, now)] == [1020.0, 1030.0]
    assert History().last(60.0, now) == (now,)


def test_a_trend_starts_after_the_newest_gap():
    made = history(poll(1000.0), poll(1010.0), poll(1020.0, wall=1.9e9), poll(1030.0, wall=1.9e9 + 10))
    now = poll(1040.0, wall=1.9e9 + 20)
    assert [one.uptime_s for one in made.unbroken(600.0, now)] == [1020.0, 1030.0, 1040.0]
    assert [one.uptime_s for one in made.backwards(600.0, now)] == [1040.0, 1030.0, 1020.0]
    assert made.woke_s_ago(30.0, now) == 20.0
    assert made.woke_s_ago(20.0, now) is None
    late = poll(1200.0, wall=1.9e9 + 180)
    assert made.unbroken(600.0, late) == (late,)
    assert made.woke_s_ago(30.0, late) == 0.0
    assert history(poll(1000.0)).woke_s_ago(30.0, poll(1002.0)) is None


def test_a_counter_that_begins_anew_starts_a_new_window():
    made = history(poll(9000.0), poll(3.0, wall=1.9e9))
    assert [one.uptime_s for one in made.snapshots] == [3.0]


def test_changes_of_runners_are_kept_over_polls_that_saw_none():
    blind = poll(1005.0, processes=GONE)
    made = history(poll(1000.0, runners=(runner(1),)), blind)
    now = poll(1010.0, runners=(runner(2),))
    ((before, after),) = made.changes_with(now)
    assert (before.uptime_s, after.uptime_s) == (1000.0, 1010.0)
    assert made.changes_with(poll(1010.0, runners=(runner(1),))) == ()
    assert made.add(now).changes_since_gap(5.0, poll(1012.0, runners=(runner(2),))) == ()
