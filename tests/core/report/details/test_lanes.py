"""Lanes lose no request and invent none, and say what each waited."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.core.report.details.calls import call_sums, calls, day_of
from tray_app.core.report.details.lanes import LaneKind, bar_of, lane_of, lanes, open_bars
from tray_app.core.report.details.scale import TimeWindow, frame
from tray_app.core.values.reading import Known
from tray_app.core.values.requests import (
    FinishedRequest,
    RequestKind,
    Requests,
    RunningRequest,
    TaskCall,
    WaitingRequest,
)

NOW = 1_764_000_001.0
ONE = FinishedRequest("m", RequestKind.TASK, "relay", "titles", NOW - 20, NOW - 10, None, 4.0, 3.0)


@st.composite
def requests(draw):
    made = []
    for _ in range(draw(st.integers(0, 40))):
        ended = NOW - draw(st.integers(0, 4000))
        kind = draw(st.sampled_from(RequestKind))
        task = draw(st.sampled_from(("titles", "tags", "autocomplete", "emoji"))) if kind is RequestKind.TASK else None
        length = draw(st.sampled_from((0.0, 0.5, 3.0, 90.0)))
        busy, held = length * draw(st.floats(0, 1)), length * draw(st.floats(0, 1))
        made.append(
            FinishedRequest(
                draw(st.sampled_from(("a", "b", None))), kind, "relay", task, ended - length, ended, None, busy, held
            )
        )
    return tuple(made)


@given(found=requests(), window=st.sampled_from(TimeWindow))
def test_each_request_of_the_window_is_in_its_lane_once(found, window):
    shown = frame(window, NOW)
    inside = [one for one in found if one.ended_at >= shown.since]
    made = lanes(shown, inside, (), {})
    for lane in made:
        mine = [one for one in inside if lane_of(one.kind, one.task) is lane.kind]
        assert lane.calls == len(mine)
        assert lane.busy_s == pytest.approx(sum(one.busy_s for one in mine))
        drawn = [one.calls for one in (*lane.bars, *lane.columns)]
        assert sum(drawn) == len(mine)
    assert {lane_of(one.kind, one.task) for one in inside} | {LaneKind.CHAT} == {lane.kind for lane in made}


@given(found=requests())
def test_bars_of_a_track_follow_one_another(found):
    for lane in lanes(frame(TimeWindow.HOUR, NOW), found, (), {}):
        for track in range(lane.tracks):
            bars = sorted((one for one in lane.bars if one.track == track), key=lambda one: one.since)
            assert all(one.until <= after.since for one, after in pairwise(bars))


@given(began=st.floats(0, 1e4), ended=st.floats(0, 1e4), busy=st.floats(-10, 1e4), held=st.floats(-10, 1e4))
def test_whatever_the_times_say_a_bar_goes_forward(began, ended, busy, held):
    """A clock that was set back meanwhile makes them contradict each other."""
    bar = bar_of(replace(ONE, began_at=began, ended_at=ended, busy_s=busy, held_s=held))
    assert bar.since <= bar.held_until <= bar.busy_since <= bar.until == ended


def test_held_comes_before_waiting_and_waiting_before_work():
    bar = bar_of(ONE)
    assert (bar.held_until - bar.since, bar.busy_since - bar.held_until, bar.until - bar.busy_since) == (3.0, 3.0, 4.0)


def test_short_ones_that_lie_close_are_one_bar_that_tells_how_many():
    shown = frame(TimeWindow.HOUR, NOW)
    close = [replace(ONE, began_at=NOW - 100 + n, ended_at=NOW - 99.5 + n, busy_s=0.5, held_s=0.0) for n in range(5)]
    titles = next(one for one in lanes(shown, close, (), {}) if one.kind is LaneKind.TITLES)
    assert [one.calls for one in titles.bars] == [5]
    assert titles.bars[0].busy_s == 2.5


def test_long_ones_at_the_same_time_lie_beside_each_other():
    shown = frame(TimeWindow.HOUR, NOW)
    both = [replace(ONE, began_at=NOW - 500 + n, ended_at=NOW - 200 + n) for n in range(2)]
    titles = next(one for one in lanes(shown, both, (), {}) if one.kind is LaneKind.TITLES)
    assert [(one.calls, one.track) for one in titles.bars] == [(1, 0), (1, 1)]


def test_who_runs_and_who_waits_now_is_there_with_what_it_waited():
    nobody = Known(0, NOW)
    live = Requests(
        nobody,
        nobody,
        active=(RunningRequest("m", RequestKind.CHAT, "relay", running_s=6.0, first_token_s=1.0),),
        queue=(
            WaitingRequest("m", RequestKind.TASK, "titles", 4.0, held=True, broken_off=2),
            WaitingRequest("m", RequestKind.TASK, "tags", 3.0, held=False),
        ),
    )
    made = {one.kind: one for one in lanes(frame(TimeWindow.HOUR, NOW), (), (), open_bars(live, NOW))}
    (chat,), (held,), (waits,) = (made[kind].bars for kind in (LaneKind.CHAT, LaneKind.TITLES, LaneKind.TAGS))
    assert (chat.busy_since, chat.until, chat.first_token_at, chat.is_open) == (NOW - 6, NOW, NOW - 5, True)
    assert (held.held_until - held.since, held.broken_off) == (4.0, 2)
    assert (waits.busy_since - waits.held_until, waits.until - waits.busy_since) == (3.0, 0.0)
    assert made[LaneKind.CHAT].calls == 0  # none of them has ended


@pytest.mark.parametrize("call", TaskCall)
def test_every_task_has_a_lane(call):
    assert lane_of(RequestKind.TASK, call.value) not in (LaneKind.CHAT, LaneKind.UNTOLD)


@given(found=requests())
def test_what_each_kind_costs_is_what_a_plain_reckoning_finds(found):
    days = (NOW - 3000, NOW - 2000, NOW - 1000)
    in_turn = sorted(found, key=lambda one: one.ended_at)
    made = calls(days, call_sums(in_turn, day_of(days)), NOW - 2500)
    kept = [one for one in found if one.ended_at >= days[0]]
    answers = sum(one.kind is RequestKind.CHAT for one in kept)
    assert made.answers == answers
    assert made.watched_days == 3
    for one in made.kinds:
        mine = [each for each in kept if lane_of(each.kind, each.task) is one.kind]
        by_day = [
            sum(begin <= each.ended_at < end for each in mine)
            for begin, end in zip(days, (*days[1:], float("inf")), strict=True)
        ]
        assert one.share.by_day == tuple(by_day)
        assert one.share.calls == len(mine)
        wanted = len(mine) / answers if answers and one.kind is not LaneKind.CHAT else None
        assert one.share.per_answer == wanted
    assert sum(one.share.calls for one in made.models) == len(kept)
