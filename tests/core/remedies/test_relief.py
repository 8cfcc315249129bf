"""Automatic relief: only when asked to, only what is allowed, never twice, never against the user."""

import json

import pytest
from msgspec.structs import replace

from tests.core.findings import example
from tests.english import TR
from tray_app.core.remedies.relief import (
    Act,
    Relief,
    ReliefMemory,
    Situation,
    Wish,
    applied,
    failed,
    stage,
    step,
    taken_back,
)
from tray_app.core.report.codec import decode, encode
from tray_app.core.text.relief import standing
from tray_app.core.values.finding import CauseKind, Diagnosis, Level, MemoryPressure, Severity, TaskStorm
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.plan import Action, ActionKind, Change, Plan
from tray_app.core.values.reading import Moment
from tray_app.core.values.remedy import Consent, Reason, ReliefStage, SwitchOff
from tray_app.core.values.task_settings import Setting

LIMITS = Limits()
CHANGE = Change(Setting.FOLLOW_UPS, True, False)
REMEDY = SwitchOff(task=Setting.FOLLOW_UPS, plan=Plan((CHANGE,)), reason=Reason.EVERY_MESSAGE)
WISH = Wish(enabled=True, remedy_id="follow-ups-off", clear_s=600.0)
OFF = Wish(enabled=False, remedy_id="", clear_s=600.0)
STORM = Diagnosis(Level.OVERLOADED, (example(TaskStorm),))
CALM = Diagnosis(Level.CALM)
BLIND = Diagnosis(Level.UNKNOWN, undecided=(TaskStorm, MemoryPressure))


class User:
    """A machine with a journal: applies what relief orders, and may undo it."""

    def __init__(self, wish=WISH, memory=None, at=1000.0):
        self.relief, self.wish, self.at = Relief(memory or ReliefMemory()), wish, at
        self.remedies = (REMEDY,)
        self.open_changes = {memory.change_id} if memory and memory.change_id else set()
        self.acts, self.fails = [], False

    def poll(self, diagnosis, seconds=5.0):
        self.at += seconds
        held = self.relief.memory.change_id
        now = Moment(self.at, 1.8e9 + self.at)
        seen = Situation(diagnosis, self.remedies, held in self.open_changes if held else None, now)
        self.relief, order = step(self.relief, self.wish, seen, LIMITS)
        if order.act is Act.APPLY:
            self._apply(order.remedy)
        elif order.act is Act.TAKE_BACK:
            self.open_changes.remove(order.change_id)
            self.acts.append("undo")
            self.relief = taken_back(self.relief, now)
        return self

    def _apply(self, remedy):
        if self.fails:
            self.acts.append("failed")
            self.relief = failed(self.relief)
            return
        self.acts.append(remedy.id)
        self.open_changes.add(f"c{len(self.acts)}")
        self.relief = applied(self.relief, f"c{len(self.acts)}")

    def during(self, diagnosis, seconds):
        for _ in range(int(seconds / 5)):
            self.poll(diagnosis)
        return self


def test_it_is_off_unless_the_user_wants_it():
    assert User(wish=OFF).during(STORM, 600).acts == []
    assert User(wish=replace(OFF, enabled=True)).during(STORM, 600).acts == []


def test_it_applies_after_the_hold_time_and_takes_back_when_calm_for_the_set_time():
    user = User().during(STORM, 10)
    assert user.acts == []
    assert user.poll(STORM).acts == ["follow-ups-off"]
    user.during(CALM, 600)
    assert user.acts == ["follow-ups-off"]
    assert user.poll(CALM).acts == ["follow-ups-off", "undo"]


def test_calm_must_be_unbroken_and_seen():
    user = User().during(STORM, 15).during(CALM, 500).poll(STORM).during(CALM, 500)
    assert user.acts == ["follow-ups-off"]
    blind = User().during(STORM, 15).during(BLIND, 5000)
    assert blind.acts == ["follow-ups-off"]


def test_memory_that_is_short_is_not_calm():
    short = Diagnosis(Level.TIGHT, (example(MemoryPressure),))
    assert User().during(STORM, 15).during(short, 5000).acts == ["follow-ups-off"]


def test_never_twice_within_the_cool_down():
    user = User().during(STORM, 15).during(CALM, 605).during(STORM, 1795)
    assert user.acts == ["follow-ups-off", "undo"]
    assert user.during(STORM, 15).acts == ["follow-ups-off", "undo", "follow-ups-off"]


def test_a_failed_attempt_counts_for_the_cool_down():
    user = User()
    user.fails = True
    assert user.during(STORM, 1700).acts == ["failed"]


def test_the_one_that_is_wished_for_wherever_it_stands():
    other = SwitchOff(task=Setting.TAGS, plan=Plan((replace(CHANGE, setting=Setting.TAGS),)), reason=REMEDY.reason)
    for remedies in ((other, REMEDY), (REMEDY, other)):
        user = User()
        user.remedies = remedies
        assert user.during(STORM, 60).acts == ["follow-ups-off"]


def test_never_again_after_the_user_undid_it():
    user = User().during(STORM, 15)
    user.open_changes.clear()
    user.during(STORM, 20_000)
    assert user.acts == ["follow-ups-off"]
    user.wish = OFF
    user.poll(STORM)
    user.wish = WISH
    assert user.during(STORM, 15).acts == ["follow-ups-off", "follow-ups-off"]


def test_another_program_or_a_blind_poll_calls_for_nothing():
    browser = example(MemoryPressure, taken_by="Chrome", severity=Severity.OVERLOADED, cause=CauseKind.PROGRAM)
    assert User().during(Diagnosis(Level.OVERLOADED, (browser,)), 600).acts == []
    assert User().poll(STORM).during(BLIND, 600).acts == []


def test_it_survives_a_restart():
    user = User().during(STORM, 15).during(CALM, 300)
    stored = json.loads(json.dumps(encode(user.relief.memory)))
    again = User(memory=decode(ReliefMemory, stored), at=5.0)
    assert again.during(CALM, 600).acts == []
    assert again.poll(CALM).acts == ["undo"]


def test_what_it_applied_it_takes_back_even_when_switched_off_since():
    user = User().during(STORM, 15)
    user.wish = OFF
    assert user.during(CALM, 610).acts == ["follow-ups-off", "undo"]


def test_sleep_is_no_overload_that_lasts():
    assert User().poll(STORM).poll(STORM, 3600.0).acts == []


def test_a_remedy_that_is_not_offered_waits():
    user = User()
    user.remedies = ()
    assert user.during(STORM, 600).acts == []


@pytest.mark.parametrize(
    "changed",
    [
        {"asks": True},
        {"undoable": False},
        {"advice_only": True},
        {"plan": Plan()},
        {"plan": Plan((CHANGE,), (Action(ActionKind.PULL, "gemma3:1b"),))},
        {"fit": Fit(Verdict.TIGHT)},
        {"fit": Fit(Verdict.UNKNOWN)},
        {"fit": Fit(Verdict.NOT_LOCAL)},
    ],
)
def test_only_task_switches_and_models_that_fit(changed):
    assert REMEDY.needs is Consent.NONE
    assert replace(REMEDY, fit=Fit(Verdict.FITS)).needs is Consent.NONE
    other = replace(REMEDY, **changed)
    assert other.needs > Consent.NONE
    user = User()
    user.remedies = (other,)
    assert user.during(STORM, 600).acts == []


# The memory, the wish and what is seen: each gives that stage, and only it.
NOW = Moment(1000.0, 1.8e9)
HERE = Situation(STORM, (REMEDY,), None, NOW)
FIT = Fit(Verdict.TIGHT)
STAGES = {
    ReliefStage.OFF: (ReliefMemory(), OFF, HERE),
    ReliefStage.READY: (ReliefMemory(), WISH, HERE),
    ReliefStage.IN_FORCE: (ReliefMemory(change_id="c1", remedy_id=REMEDY.id, at=1.8e9), WISH, HERE),
    ReliefStage.LEFT_TO_USER: (ReliefMemory(blocked_remedy=REMEDY.id), WISH, HERE),
    ReliefStage.COOLS_DOWN: (ReliefMemory(at=1.8e9 - 60), WISH, HERE),
    ReliefStage.NOT_OFFERED: (ReliefMemory(), WISH, replace(HERE, remedies=())),
    ReliefStage.ASKS: (ReliefMemory(), WISH, replace(HERE, remedies=(replace(REMEDY, fit=FIT),))),
    ReliefStage.NOT_ALLOWED: (ReliefMemory(), WISH, replace(HERE, remedies=(replace(REMEDY, advice_only=True),))),
}


@pytest.mark.parametrize("wanted", ReliefStage)
def test_where_it_stands_is_what_decides(wanted):
    """The menu said `At overload, and taken back when it is calm again`, also while nothing would be done."""
    memory, wish, seen = STAGES[wanted]
    assert stage(memory, wish, seen, LIMITS) is wanted
    user = User(wish=wish, memory=memory)
    user.remedies = seen.remedies
    assert user.during(STORM, 15).acts == ([REMEDY.id] if wanted is ReliefStage.READY else [])


def test_every_stage_that_is_no_plain_one_has_words_of_its_own():
    plain = {ReliefStage.OFF, ReliefStage.READY}
    said = [standing(one, TR) for one in ReliefStage if one not in plain]
    assert all(said)
    assert len({*said}) == len(said)
    assert {standing(one, TR) for one in plain} == {""}


def test_while_it_is_calm_nothing_is_said_of_what_would_help():
    memory, wish, seen = STAGES[ReliefStage.NOT_OFFERED]
    assert stage(memory, wish, replace(seen, diagnosis=CALM), LIMITS) is ReliefStage.READY
