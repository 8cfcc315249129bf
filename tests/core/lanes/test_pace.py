"""What is learnt, and what is hoped for where nothing is."""

import pytest

from tray_app.core.lanes.pace import Expected, Patience, UsualTimes, pace
from tray_app.core.lanes.rules import LanesRules

RULES = LanesRules(quiet_low_s=1.0, quiet_high_s=30.0)


def test_two_pauses_are_no_pace_and_three_are():
    assert pace((8.0, 8.0), RULES) == Expected(0.0, 5.0)
    assert pace((8.0, 8.0, 8.0), RULES) == Expected(pytest.approx(6.4), pytest.approx(12.0))


def test_one_outlier_on_either_side_changes_nothing_from_five_pauses_on():
    assert pace((9.0, 10.0, 11.0, 3600.0), RULES).quiet_s == 30.0
    assert pace((9.0, 10.0, 11.0, 12.0, 3600.0), RULES).quiet_s == pytest.approx(18.0)
    assert pace((0.5, 9.0, 10.0, 11.0), RULES).soon_s == pytest.approx(0.4)
    assert pace((0.5, 9.0, 10.0, 11.0, 12.0), RULES).soon_s == pytest.approx(7.2)


@pytest.mark.parametrize(("pause", "quiet"), [(0.5, 1.0), (0.68, 1.02), (19.9, 29.85), (21.0, 30.0)])
def test_the_quiet_time_stays_within_its_bounds(pause, quiet):
    assert pace((pause,) * 3, RULES).quiet_s == pytest.approx(quiet)


def test_of_a_stranger_the_bounds_count_as_well():
    assert pace((), LanesRules(quiet_low_s=7.0)).quiet_s == 7.0
    assert pace((), LanesRules(quiet_high_s=3.0)).quiet_s == 3.0


def test_bounds_that_contradict_each_other_are_the_lower_one():
    assert LanesRules(quiet_low_s=10.0, quiet_high_s=5.0).quiet(7.0) == 10.0


def test_the_usual_time_is_the_longest_but_one():
    usual = UsualTimes()
    assert usual.usual("title", "big") is None
    for seconds in (2.0, 9.0, 3.0):
        usual.took("title", "big", seconds)
    assert usual.usual("title", "big") == 9.0
    for seconds in (2.0, 3.0):
        usual.took("title", "big", seconds)
    assert usual.usual("title", "big") == 3.0


def test_only_the_newest_nine_count():
    """Two long ones of nine count, of ten they would not."""
    usual = UsualTimes()
    for seconds in (2.0, 50.0, 50.0, *(2.0,) * 7):
        usual.took("title", "big", seconds)
    assert usual.usual("title", "big") == 50.0
    usual.took("title", "big", 2.0)
    assert usual.usual("title", "big") == 2.0


def test_a_kind_that_never_ran_is_taken_for_the_longest_of_its_model():
    usual = UsualTimes()
    usual.took("title", "big", 4.0)
    usual.took("tags", "big", 2.0)
    usual.took("tags", "small", 9.0)
    assert usual.usual("follow-ups", "big") == 4.0
    assert usual.usual("follow-ups", "other") is None


def test_what_was_broken_off_says_something_only_where_it_lasted_longer():
    usual = UsualTimes()
    usual.took_longer("title", "big", 60.0)
    assert usual.usual("title", "big") is None
    usual.took("title", "big", 4.0)
    usual.took_longer("title", "big", 4.0)
    usual.took_longer("title", "big", 3.0)
    assert usual.usual("title", "big") == 4.0
    usual.took_longer("title", "big", 5.0)
    assert usual.usual("title", "big") == 5.0
    for seconds in (6.0, 9.0):
        usual.took("title", "big", seconds)
    assert usual.usual("title", "big") == 9.0, "four times are kept, not five"


def test_usual_times_are_bounded_and_the_ones_not_used_for_longest_go_first():
    usual = UsualTimes()
    for number in range(200):
        usual.took(f"kind {number}", "big", 1.0)
    usual.took("kind 0", "big", 1.0)
    usual.took("one more", "small", 2.0)
    assert len(usual) == 200
    assert usual.usual("one more", "small") == 2.0
    assert ("kind 1", "big") not in usual._kept
    assert ("kind 0", "big") in usual._kept


# --- when clients hang up ---------------------------------------------------------------------------------------------


def test_two_clients_that_hang_up_after_the_same_wait_at_different_times_have_a_limit():
    patience = Patience()
    patience.hung_up(60.0, 100.0)
    assert patience.limit_s(100.0) is None
    patience.hung_up(60.4, 200.0)
    assert patience.limit_s(200.0) == 60.0


@pytest.mark.parametrize(
    ("first", "second", "agrees"),
    [
        (60.0, 63.0, True),
        (60.0, 63.1, False),
        (10.0, 11.0, True),
        (10.0, 11.1, False),
        (11.0, 10.0, True),
        (63.1, 59.0, False),
    ],
)
def test_waits_agree_within_a_second_or_a_twentieth(first, second, agrees):
    patience = Patience()
    patience.hung_up(first, 100.0)
    patience.hung_up(second, 200.0)
    assert (patience.limit_s(200.0) == min(first, second)) is agrees


@pytest.mark.parametrize(("later", "learns"), [(2.0, False), (2.1, True)])
def test_a_server_that_is_stopped_teaches_nothing(later, learns):
    """All its clients go within a moment, whatever they had waited."""
    patience = Patience()
    patience.hung_up(60.0, 100.0)
    patience.hung_up(60.0, 100.0 + later)
    assert (patience.limit_s(110.0) is not None) is learns


def test_a_whole_moment_counts_as_one():
    patience = Patience()
    for waited in (30.0, 45.0, 60.0):
        patience.hung_up(waited, 100.0)
    patience.hung_up(60.0, 200.0)
    assert patience.limit_s(200.0) is None
    patience.hung_up(60.0, 300.0)
    assert patience.limit_s(300.0) == 60.0


def test_a_client_that_stays_longer_ends_the_limit():
    patience = Patience()
    for at in (100.0, 200.0):
        patience.hung_up(60.0, at)
    patience.stayed(60.0)
    assert patience.limit_s(200.0) == 60.0
    patience.stayed(60.1)
    assert patience.limit_s(200.0) is None


def test_a_limit_that_nobody_shows_again_is_forgotten_after_a_day():
    patience = Patience()
    for at in (100.0, 200.0):
        patience.hung_up(60.0, at)
    assert patience.limit_s(86_600.0) == 60.0
    assert patience.limit_s(86_601.0) is None
