"""Findings over time: hold, clear, one notice per cause, and what sleep and Unknown polls do to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.findings import example
from tray_app.core.diagnosis.alerts import Alerts, AlertState, Quiet, step
from tray_app.core.values.finding import (
    FINDINGS,
    Diagnosis,
    Level,
    MemoryPressure,
    QueueBacklog,
    Severity,
    TasksOnBigModel,
    TaskStorm,
)
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Moment
from tray_app.core.values.snapshot import Pressure

LIMITS = Limits()
STORM = example(TaskStorm)
BACKLOG = example(QueueBacklog)
TIGHT = example(TasksOnBigModel)
HOST = replace(STORM, model="llama3.1:8b")
NOTHING = Diagnosis(Level.CALM)
BLIND = Diagnosis(Level.UNKNOWN, undecided=FINDINGS)


def found(*findings, explained=()):
    return Diagnosis(Level.OVERLOADED, findings, explained=explained)


class Run:
    """Steps through polls and keeps what was told."""

    def __init__(self, at=1000.0, alerts=None, quiet=None):
        self.at, self.wall = at, 1.8e9
        self.alerts, self.quiet = alerts or Alerts(), quiet or Quiet()
        self.notices, self.over = [], []

    def poll(self, diagnosis, seconds=2.0, wall=None):
        self.at += seconds
        self.wall += seconds if wall is None else wall
        moment = Moment(self.at, self.wall)
        self.alerts, notices = step(self.alerts, diagnosis, moment, LIMITS, self.quiet)
        self.notices += [one for one in notices if one.lasted_s is None]
        self.over += [one for one in notices if one.lasted_s is not None]
        return self

    def polls(self, diagnosis, count, seconds=2.0):
        for _ in range(count):
            self.poll(diagnosis, seconds)
        return self

    def state(self, finding=STORM):
        alert = self.alerts.alerts.get(finding.key)
        return alert and alert.state


def test_a_condition_must_last_before_it_is_told():
    run = Run().polls(found(STORM), 5)
    assert (run.state(), run.notices) == (AlertState.PENDING, [])
    run.poll(found(STORM))
    assert run.state() is AlertState.FIRING
    assert [(one.finding, one.cause) for one in run.notices] == [(STORM, "qwen3:32b")]


def test_one_poll_without_it_does_not_start_a_pending_one_again():
    run = Run().polls(found(STORM), 4).poll(NOTHING).poll(found(STORM))
    assert run.state() is AlertState.FIRING
    assert len(run.notices) == 1


def test_what_is_there_in_half_of_the_polls_does_not_last():
    run = Run()
    for _ in range(30):
        run.poll(found(STORM)).poll(NOTHING)
        assert run.state() is None
    assert run.notices == []


@pytest.mark.parametrize(("hits", "misses", "state"), [(3, 2, AlertState.PENDING), (2, 2, None), (1, 1, None)])
def test_it_holds_while_it_is_there_in_three_of_five_polls(hits, misses, state):
    assert Run().polls(found(STORM), hits, 0.5).polls(NOTHING, misses, 0.5).state() is state


def test_one_queue_is_one_notice_whichever_model_works_it_off():
    other = replace(BACKLOG, model="gemma3:1b")
    run = Run().polls(found(BACKLOG), 3).polls(found(other), 3)
    assert (run.state(other), len(run.notices)) == (AlertState.FIRING, 1)
    run.polls(found(replace(BACKLOG, model="Ollama")), 6).polls(NOTHING, 40).polls(found(other), 10)
    assert len(run.notices) == 1


def test_the_queue_that_a_storm_leaves_is_no_news():
    run = Run().polls(found(STORM), 8).polls(found(replace(BACKLOG, model="gemma3:1b")), 20)
    assert len(run.notices) == 1


def test_one_shortage_is_one_notice_whoever_is_the_largest():
    short = replace(example(MemoryPressure), severity=Severity.OVERLOADED)
    run = Run().polls(found(short), 3).polls(found(replace(short, taken_by="llama-server")), 10)
    assert (run.state(short), len(run.notices)) == (AlertState.FIRING, 1)


def test_it_is_over_only_when_it_stays_away():
    run = Run().polls(found(STORM), 6).polls(NOTHING, 29)
    assert run.state() is AlertState.RECOVERING
    run.polls(found(STORM), 1).polls(NOTHING, 30)
    assert run.state() is AlertState.RECOVERING
    run.polls(NOTHING, 1)
    assert run.state() is None
    assert len(run.notices) == 1


@given(st.lists(st.booleans(), min_size=1, max_size=400))
def test_a_signal_that_oscillates_gives_at_most_one_notice(signal):
    run = Run()
    for bad in signal:
        run.poll(found(STORM) if bad else NOTHING)
    assert len(run.notices) <= 1


@given(st.lists(st.booleans(), min_size=1, max_size=400))
def test_a_signal_that_oscillates_is_over_at_most_once(signal):
    """Each warning has one end; after it a new warning waits for the cool-down, and an end for the warning."""
    run = Run()
    for bad in signal:
        run.poll(found(STORM) if bad else NOTHING)
    assert len(run.over) <= len(run.notices)


@given(st.lists(st.sampled_from([found(STORM), found(BACKLOG), found(TIGHT), NOTHING, BLIND]), max_size=300))
def test_all_that_is_wrong_with_one_model_is_one_cause(diagnoses):
    run = Run()
    for diagnosis in diagnoses:
        run.poll(diagnosis)
    assert len(run.notices) <= 1


def test_the_cause_is_told_again_after_the_cool_down():
    run = Run().polls(found(STORM), 6).polls(NOTHING, 40).polls(NOTHING, 60, seconds=30.0).polls(found(STORM), 6)
    assert len(run.notices) == 2


def test_what_only_hurts_a_little_gives_no_notice():
    run = Run().polls(found(TIGHT), 100)
    assert (run.state(TIGHT), run.notices) == (AlertState.FIRING, [])


def test_a_tight_finding_that_gets_worse_is_told_once_that_lasted():
    tight = replace(BACKLOG, severity=Severity.TIGHT)
    run = Run().polls(found(tight), 20).polls(found(BACKLOG), 5)
    assert run.notices == []
    assert len(run.poll(found(BACKLOG)).notices) == 1


class TestUnknown:
    def test_it_neither_raises(self):
        run = Run().polls(found(STORM), 3).polls(BLIND, 100)
        assert run.state() is AlertState.PENDING
        assert run.polls(found(STORM), 2).state() is AlertState.PENDING

    def test_nor_clears(self):
        run = Run().polls(found(STORM), 6).polls(BLIND, 100)
        assert run.state() is AlertState.FIRING
        run.poll(NOTHING).polls(BLIND, 100)
        assert run.state() is AlertState.RECOVERING

    def test_but_not_for_ever(self):
        assert Run().polls(found(STORM), 6).polls(BLIND, 500).state() is None


class TestTimeNobodyWatched:
    @pytest.mark.parametrize(("seconds", "wall"), [(3600.0, None), (2.0, 3600.0), (-500.0, None)])
    def test_it_does_not_make_a_pending_alert_ripe(self, seconds, wall):
        run = Run().polls(found(STORM), 2).poll(found(STORM), seconds, wall)
        assert run.state() is AlertState.PENDING
        assert run.polls(found(STORM), 5).state() is AlertState.FIRING

    def test_it_does_not_end_a_recovering_one(self):
        run = Run().polls(found(STORM), 6).poll(NOTHING).poll(NOTHING, 3600.0)
        assert run.state() is AlertState.RECOVERING

    def test_a_clock_set_back_neither_repeats_nor_blocks_a_notice(self):
        run = Run().polls(found(STORM), 6).poll(found(STORM), wall=-7200.0).polls(NOTHING, 40)
        assert len(run.polls(found(STORM), 6).notices) == 1
        run.polls(NOTHING, 70, seconds=30.0)
        assert len(run.polls(found(STORM), 6).notices) == 2


class TestQuiet:
    def test_a_snooze_puts_the_notice_off_to_its_end(self):
        run = Run(quiet=Quiet(snoozed_until=1.8e9 + 60)).polls(found(STORM), 20)
        assert (run.state(), run.notices) == (AlertState.FIRING, [])
        assert len(run.polls(found(STORM), 20).notices) == 1

    def test_a_muted_model_is_shown_but_not_told(self):
        run = Run(quiet=Quiet(muted=("qwen3:32b",))).polls(found(STORM), 60)
        assert (run.state(), run.notices) == (AlertState.FIRING, [])

    def test_only_critical_memory(self):
        run = Run(quiet=Quiet(only_critical=True)).polls(found(STORM), 60)
        assert run.notices == []
        critical = replace(STORM, pressure=Pressure.CRITICAL)
        assert len(run.poll(found(critical)).notices) == 1


def test_a_restart_does_not_repeat_a_notice():
    first = Run().polls(found(STORM), 6)
    again = Run(at=5.0, alerts=Alerts(told=first.alerts.told))
    again.wall = first.wall
    assert again.polls(found(STORM), 30).notices == []


def test_what_another_finding_explains_goes_on_unheard():
    hidden = found(STORM, explained=(BACKLOG,))
    run = Run().polls(hidden, 6)
    assert run.state(BACKLOG) is AlertState.PENDING
    # It lasted while it was hidden, so it is told at once when the storm is gone; the cause was told already.
    run.poll(found(BACKLOG))
    assert run.state(BACKLOG) is AlertState.FIRING
    assert len(run.notices) == 1


def test_states_are_words_for_the_json_output():
    run = Run().polls(found(STORM), 6).poll(found(STORM, TIGHT))
    assert run.alerts.words() == {
        ("task-storm", "qwen3:32b"): "firing",
        ("tasks-on-big-model", "qwen3:32b"): "pending",
    }


def lasted(run):
    return [(one.finding, one.lasted_s) for one in run.over]


def test_when_it_is_over_whoever_was_told_hears_of_it_once():
    run = Run().polls(found(STORM), 30)
    told_at = 12.0  # hold time and one poll
    run.polls(NOTHING, 30)
    assert lasted(run) == []  # it may come back within the clear time
    run.polls(NOTHING, 30)
    assert lasted(run) == [(STORM, 62.0 - told_at)]


def test_what_comes_back_within_the_clear_time_is_not_over():
    run = Run().polls(found(STORM), 10)
    for _ in range(5):
        run.polls(NOTHING, 10).polls(found(STORM), 2)
    assert lasted(run) == []
    assert len(lasted(run.polls(NOTHING, 60))) == 1


def test_what_nobody_was_told_of_ends_in_silence():
    never_told = Run().polls(found(STORM), 3).polls(NOTHING, 60)
    tight = Run().polls(found(TIGHT), 30).polls(NOTHING, 60)
    quiet = Run(quiet=Quiet(snoozed_until=1.9e9)).polls(found(STORM), 30).polls(NOTHING, 60)
    assert [run.notices + run.over for run in (never_told, tight, quiet)] == [[], [], []]


def test_it_is_over_only_when_all_that_was_told_is_gone():
    run = Run().polls(found(STORM, HOST), 20)
    assert len(run.notices) == 2
    run.polls(found(HOST), 60)
    assert lasted(run) == []
    run.polls(NOTHING, 60)
    assert len(lasted(run)) == 1


def test_an_end_that_nobody_saw_is_not_told():
    """Polls that could not judge say nothing, for as long as they last."""
    run = Run().polls(found(STORM), 20).polls(BLIND, 600)
    assert lasted(run) == []
    snoozed = Run().polls(found(STORM), 20)
    snoozed.quiet = Quiet(snoozed_until=1.9e9)
    assert lasted(snoozed.polls(NOTHING, 60)) == []
