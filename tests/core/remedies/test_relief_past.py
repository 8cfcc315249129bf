"""What automatic relief would have done, against a plain reckoning second by second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_app.core.remedies.relief import Wish
from tray_app.core.remedies.relief_past import played
from tray_app.core.report.history import Past, Stretch
from tray_app.core.values.finding import Level
from tray_app.core.values.limits import Limits
from tray_app.core.values.remedy import ALL_TASKS_OFF
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure

NOW = 1_800_000_000.0
LIMITS = Limits(hold_s=10, cool_down_s=300)
WISH = Wish(enabled=True, remedy_id="follow-ups-off", clear_s=60.0)
LEVELS, PRESSURES = list(Level), [*Pressure, None]


def spans(*parts, begin=NOW - 86_400):
    """(seconds, level, pressure) one after the other; a level of None is time that nobody watched."""
    made, at = [], begin
    for seconds, level, pressure in parts:
        if level is not None:
            made.append(Stretch(at, at + seconds, level, pressure))
        at += seconds
    return tuple(made)


STORM, CALM = (Level.OVERLOADED, Pressure.NORMAL), (Level.CALM, Pressure.NORMAL)


def run(*parts, finished=(), wish=WISH, now=NOW):
    return played(Past(spans(*parts), finished), wish, LIMITS, NOW - 86_400, now)


def turns(*parts, **more):
    begin = NOW - 86_400
    return [
        (round(one.at - begin, 1), None if one.until is None else round(one.until - begin, 1), one.sure)
        for one in run(*parts, **more).turns
    ]


def test_it_acts_when_an_overload_has_lasted_and_takes_back_after_the_calm():
    assert turns((100, *CALM), (50, *STORM), (500, *CALM)) == [(110.0, 210.0, True)]


def test_a_short_overload_is_none():
    assert turns((100, *CALM), (9.5, *STORM), (500, *CALM)) == []
    assert turns((100, *CALM), (10.5, *STORM), (500, *CALM)) == [(110.0, 170.5, True)]


def test_it_stays_where_the_calm_was_too_short_or_has_not_come_yet():
    assert turns((50, *STORM), (59.5, *CALM), (5, *STORM), (300, *CALM)) == [(10.0, 174.5, True)]
    assert turns((50, *STORM), (59.5, *CALM)) == [(10.0, None, True)]


def test_not_again_within_the_cool_down():
    assert turns((50, *STORM), (70, *CALM), (600, *STORM)) == [(10.0, 110.0, True), (410.0, None, True)]


def test_under_memory_pressure_it_is_only_possible():
    assert turns((50, Level.OVERLOADED, Pressure.CRITICAL), (500, *CALM)) == [(10.0, 110.0, False)]
    assert turns((5, Level.OVERLOADED, None), (50, *STORM), (500, *CALM)) == [(10.0, 115.0, False)]


def test_short_memory_is_no_calm():
    assert turns((50, *STORM), (500, Level.TIGHT, Pressure.WARNING), (100, *CALM)) == [(10.0, 610.0, True)]


def test_time_that_nobody_watched_is_neither_overload_nor_calm():
    assert turns((8, *STORM), (500, None, None), (8, *STORM), (100, *CALM)) == []
    assert turns((50, *STORM), (50, *CALM), (500, None, None), (30, *CALM)) == [(10.0, None, True)]
    assert run((50, *STORM), (500, None, None), (50, *CALM)).watched_s == pytest.approx(100)


def test_only_the_time_that_is_asked_for_counts():
    past = Past((Stretch(NOW - 90_000, NOW - 86_395, *STORM),))
    told = played(past, WISH, LIMITS, NOW - 86_400, NOW)
    assert (told.turns, round(told.watched_s, 3)) == ((), 5.0)


def request(at, task, kind=RequestKind.TASK, busy_s=2.0):
    began = NOW - 86_400 + at
    return FinishedRequest("m", kind, "relay", task, began, began + 5, busy_s=busy_s)


CALLS = (
    request(9, "follow-ups"),
    request(11, "follow-ups"),
    request(12, "titles"),
    request(13, None),
    request(14, None, RequestKind.CHAT),
    request(109, "follow-ups"),
    request(111, "follow-ups"),
)


def test_the_calls_that_it_covers_are_those_of_its_task_meanwhile():
    (turn,) = run((50, *STORM), (500, *CALM), finished=CALLS).turns
    assert (turn.calls, turn.busy_s) == (2, 4.0)
    for remedy in (ALL_TASKS_OFF, "task-model:gemma3:1b"):
        (turn,) = run((50, *STORM), (500, *CALM), finished=CALLS, wish=Wish(True, remedy, 60.0)).turns
        assert (turn.calls, turn.busy_s) == (4, 8.0)


def reckoned(parts):
    """Second by second, in words of its own."""
    seconds = [(level, pressure) for length, level, pressure in parts for _ in range(length)]
    made, in_force, began, last = [], False, None, None
    for at, (level, pressure) in enumerate(seconds):
        overloaded = level is Level.OVERLOADED
        short = pressure in {Pressure.WARNING, Pressure.CRITICAL}
        seen = level is not None and (level is not Level.UNKNOWN and pressure not in {None, Pressure.UNKNOWN})
        if level is None:
            began = None
        elif in_force:
            if overloaded or short:
                began = None
            elif seen:
                began = at if began is None else began
                if at - began >= 60:
                    made[-1][1], in_force, began, last = at, False, None, at
        elif overloaded:
            began = at if began is None else began
            if at - began >= 10 and (last is None or at - last >= 300):
                made.append([at, None])
                in_force, began, last = True, None, at
        elif seen or short:
            began = None
    return made


PARTS = st.lists(
    st.tuples(
        st.integers(1, 200), st.sampled_from([*LEVELS, None, Level.OVERLOADED, Level.CALM]), st.sampled_from(PRESSURES)
    ),
    max_size=12,
)


@given(PARTS)
def test_it_is_what_a_plain_reckoning_finds(parts):
    found = [(at, until) for at, until, _ in turns(*parts)]
    wanted = reckoned(parts)
    assert len(found) == len(wanted)
    for (at, until), (wanted_at, wanted_until) in zip(found, wanted, strict=True):
        assert abs(at - wanted_at) <= 1.1
        assert (until is None) == (wanted_until is None)
        assert until is None or abs(until - wanted_until) <= 1.1
