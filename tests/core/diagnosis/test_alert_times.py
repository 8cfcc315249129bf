"""When an alert is told, over or forgotten: each time to the tenth of a second, on both sides."""

import pytest
from msgspec.structs import replace

from tests.core.diagnosis.test_alerts import BACKLOG, BLIND, NOTHING, STORM, Run, found
from tray_app.core.diagnosis.alerts import FORGET_S, AlertState, Quiet
from tray_app.core.values.finding import Severity
from tray_app.core.values.limits import Limits

LIMITS = Limits()
HOLD, CLEAR, COOL = LIMITS.hold_s, LIMITS.clear_s, LIMITS.cool_down_s
MILD = replace(STORM, severity=Severity.TIGHT)
PENDING, FIRING, RECOVERING = AlertState.PENDING, AlertState.FIRING, AlertState.RECOVERING


def firing(finding=STORM):
    """A run whose alert has just begun to fire."""
    return Run().poll(found(finding)).poll(found(finding), HOLD)


def test_the_times_of_the_defaults():
    assert (HOLD, CLEAR, COOL, FORGET_S) == (10, 60, 1800, 900)


@pytest.mark.parametrize(("after", "state", "told"), [(HOLD - 0.1, PENDING, 0), (HOLD, FIRING, 1)])
def test_it_fires_after_the_hold_time(after, state, told):
    run = Run().poll(found(STORM)).poll(found(STORM), after)
    assert (run.state(), len(run.notices)) == (state, told)


@pytest.mark.parametrize(("after", "told"), [(HOLD - 0.1, 0), (HOLD, 1)])
def test_what_gets_worse_is_told_after_a_hold_time_of_its_own(after, told):
    run = firing(MILD).poll(found(MILD), 20).poll(found(STORM)).poll(found(STORM), after)
    assert (run.state(), len(run.notices)) == (FIRING, told)


def test_worse_for_a_while_only_starts_again():
    run = firing(MILD).poll(found(STORM)).poll(found(STORM), HOLD - 1).polls(found(MILD), 2)
    assert run.poll(found(STORM)).poll(found(STORM), HOLD - 1).notices == []
    assert len(run.poll(found(STORM), 1).notices) == 1


@pytest.mark.parametrize(("after", "told"), [(HOLD - 4.1, 0), (HOLD - 4, 1)])
def test_time_in_which_nothing_could_be_judged_counts_for_nothing(after, told):
    """Worse for 4 seconds, unknown for 7, worse again: the 7 count neither once nor twice."""
    run = firing(MILD).poll(found(STORM)).poll(found(STORM), 4).poll(BLIND, 7)
    assert len(run.poll(found(STORM), after).notices) == told


@pytest.mark.parametrize(("after", "state"), [(HOLD - 4.1, PENDING), (HOLD - 4, FIRING)])
def test_nor_for_a_pending_one(after, state):
    run = Run().poll(found(STORM)).poll(found(STORM), 4).poll(BLIND, 7)
    assert run.poll(found(STORM), after).state() is state


@pytest.mark.parametrize(("after", "state"), [(CLEAR - 20.1, RECOVERING), (CLEAR - 20, None)])
def test_nor_for_a_recovering_one(after, state):
    run = firing().poll(NOTHING).poll(NOTHING, 20).poll(BLIND, 30)
    assert run.poll(NOTHING, after / 2).state() is RECOVERING
    assert run.poll(NOTHING, after / 2).state() is state


@pytest.mark.parametrize(("after", "state"), [(CLEAR - 30.1, RECOVERING), (CLEAR - 30, None)])
def test_it_is_over_after_the_clear_time(after, state):
    run = firing().poll(NOTHING).poll(NOTHING, 30)
    assert run.poll(NOTHING, after).state() is state


def test_one_that_comes_back_has_to_stay_away_anew():
    run = firing().poll(NOTHING).poll(NOTHING, 40).poll(found(STORM))
    assert (run.state(), len(run.notices)) == (FIRING, 1)
    run.poll(NOTHING).poll(NOTHING, 30)
    assert run.poll(NOTHING, CLEAR - 30.1).state() is RECOVERING
    assert run.poll(NOTHING, 0.1).state() is None


def test_what_comes_back_must_last_again_before_it_is_told():
    """It was told once; the severity's own time starts when it is seen again."""
    run = firing(MILD).poll(NOTHING).poll(found(STORM))
    assert run.poll(found(STORM), HOLD - 0.1).notices == []
    assert len(run.poll(found(STORM), 0.1).notices) == 1


@pytest.mark.parametrize(("seconds", "state"), [(30.0, FIRING), (30.1, None)])
def test_unknown_for_too_long_is_forgotten(seconds, state):
    run = firing().polls(BLIND, 29, 30.0)
    assert run.poll(BLIND, seconds).state() is state


@pytest.mark.parametrize(("after", "told"), [(COOL - 0.1, 1), (COOL, 2)])
def test_a_cause_is_told_again_after_the_cool_down(after, told):
    """Another finding about the same model, which becomes ripe when the first notice is so old."""
    run = firing()
    said = run.wall
    while run.wall < said + after - HOLD - 30:
        run.poll(found(STORM), 30.0)
    run.poll(found(STORM), said + after - HOLD - run.wall)
    run.poll(found(STORM, BACKLOG), 0.0)
    assert len(run.poll(found(STORM, BACKLOG), HOLD).notices) == told


@pytest.mark.parametrize(("until", "told"), [(0.0, 1), (0.1, 0)])
def test_a_snooze_ends_at_its_time(until, told):
    run = Run().poll(found(STORM))
    run.quiet = Quiet(snoozed_until=run.wall + HOLD + until)
    assert len(run.poll(found(STORM), HOLD).notices) == told


class TestSleep:
    def test_a_pending_one_starts_again(self):
        run = Run().poll(found(STORM)).poll(found(STORM), 9).poll(found(STORM), 3000)
        assert run.poll(found(STORM), HOLD - 0.1).state() is PENDING
        assert run.poll(found(STORM), 0.1).state() is FIRING

    def test_a_recovering_one_has_to_stay_away_anew(self):
        run = firing().poll(NOTHING).poll(NOTHING, 40).poll(NOTHING, 3000)
        assert run.poll(NOTHING, 30).state() is RECOVERING
        assert run.poll(NOTHING, 29.9).state() is RECOVERING
        assert run.poll(NOTHING, 0.1).state() is None

    def test_what_got_worse_must_last_again(self):
        run = firing(MILD).poll(found(STORM)).poll(found(STORM), 9).poll(found(STORM), 3000)
        assert run.poll(found(STORM), HOLD - 0.1).notices == []
        assert len(run.poll(found(STORM), 0.1).notices) == 1

    def test_what_was_mild_stays_so(self):
        run = firing(MILD).poll(found(MILD), 3000)
        assert run.alerts.alerts[MILD.key].overloaded_since_s is None

    def test_unknown_time_starts_with_it(self):
        run = firing().poll(BLIND, 3000).polls(BLIND, 29, 30.0)
        assert run.poll(BLIND, 30.0).state() is FIRING
        assert run.poll(BLIND, 0.1).state() is None
