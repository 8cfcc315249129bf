"""The window of polls, its gaps, and where runners changed."""

import pytest

from tests.core.poll_builder import GONE, history, poll, runner, seen
from tray_app.core.diagnosis.recent import KEEP_S, History
from tray_app.core.values.reading import Moment, is_gap


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
    assert made.polls[-1].at.uptime_s - made.polls[0].at.uptime_s == KEEP_S


def test_last_takes_the_current_poll_too():
    made, now = history(poll(1000.0), poll(1010.0), poll(1020.0)), seen(poll(1030.0))
    assert [one.at.uptime_s for one in made.last(15.0, now)] == [1020.0, 1030.0]
    assert History().last(60.0, now) == (now,)


def test_a_trend_starts_after_the_newest_gap():
    made = history(poll(1000.0), poll(1010.0), poll(1020.0, wall=1.9e9), poll(1030.0, wall=1.9e9 + 10))
    now = seen(poll(1040.0, wall=1.9e9 + 20))
    assert [one.at.uptime_s for one in made.unbroken(600.0, now)] == [1020.0, 1030.0, 1040.0]
    assert [one.at.uptime_s for one in made.backwards(600.0, now)] == [1040.0, 1030.0, 1020.0]
    assert made.woke_s_ago(30.0, now) == 20.0
    assert made.woke_s_ago(20.0, now) is None
    late = seen(poll(1200.0, wall=1.9e9 + 180))
    assert made.unbroken(600.0, late) == (late,)
    assert made.woke_s_ago(30.0, late) == 0.0
    assert history(poll(1000.0)).woke_s_ago(30.0, seen(poll(1002.0))) is None


def test_a_counter_that_begins_anew_starts_a_new_window():
    made = history(poll(9000.0), poll(3.0, wall=1.9e9))
    assert [one.at.uptime_s for one in made.polls] == [3.0]


def test_changes_of_runners_are_kept_over_polls_that_saw_none():
    blind = poll(1005.0, processes=GONE)
    made = history(poll(1000.0, runners=(runner(1),)), blind)
    now = seen(poll(1010.0, runners=(runner(2),)))
    ((before, after),) = made.swaps_with(now)
    assert (before.at.uptime_s, after.at.uptime_s) == (1000.0, 1010.0)
    assert made.swaps_with(seen(poll(1010.0, runners=(runner(1),)))) == ()
    assert made.add(now).swaps_since_gap(5.0, seen(poll(1012.0, runners=(runner(2),)))) == ()
