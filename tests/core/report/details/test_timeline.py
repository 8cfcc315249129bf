"""Each step of a picture is what a slow, plain reckoning finds in it, and where nobody looked there is nothing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.core.report.details.scale import TimeWindow, frame, midnights, ticks
from tray_app.core.report.details.stored import Stored
from tray_app.core.report.details.timeline import LEVELS, PRESSURES, marks_in, timeline
from tray_app.core.report.history import Mark, MarkKind, Stretch
from tray_app.core.values.finding import Level
from tray_app.core.values.snapshot import Pressure

NOW = 1_764_000_001.0
SPAN = Stretch(NOW, NOW, Level.CALM, Pressure.NORMAL, 0, 0)


@st.composite
def rows(draw):
    """Spans one after the other, some with a gap before them, in quarters of a second; one may be of the future."""
    made, at = [], NOW - draw(st.integers(0, 900))
    for _ in range(draw(st.integers(0, 12))):
        at += draw(st.sampled_from((0.0, 0.0, 0.0, 7.25, 90.0)))
        until = at + draw(st.integers(0, 400)) / 4
        made.append(
            Stretch(
                at,
                until,
                draw(st.sampled_from(LEVELS)),
                draw(st.sampled_from((*PRESSURES, None))),
                draw(st.none() | st.integers(0, 3)),
                draw(st.none() | st.integers(0, 9)),
                draw(st.none() | st.integers(0, 2)),
                running_at_least=draw(st.booleans()),
                waiting_at_least=draw(st.booleans()),
            )
        )
        at = until
    return tuple(made)


def plain(shown, spans, place):
    """What quarters of a second say, one by one."""
    begin, end = shown.starts(place), shown.starts(place + 1)
    inside = [one for one in spans if one.at < end and one.until > begin]
    inside += [one for one in spans if one.at == one.until and begin <= one.at < end]
    if not inside:
        return None
    levels, pressures = dict.fromkeys(LEVELS, 0.0), dict.fromkeys(PRESSURES, 0.0)
    for one in inside:
        seconds = max(0.0, min(one.until, end) - max(one.at, begin))
        levels[one.level] += seconds
        pressures[one.pressure or Pressure.UNKNOWN] += seconds
    waiting = [one for one in inside if one.waiting is not None]
    return (
        tuple(levels.values()),
        tuple(pressures.values()),
        max((one.waiting for one in waiting), default=None),
        any(one.waiting_at_least for one in waiting),
        max((one.running for one in inside if one.running is not None), default=None),
        max((one.held for one in inside if one.held is not None), default=None),
    )


@given(spans=rows(), cut=st.integers(0, 12))
def test_each_step_is_what_a_plain_reckoning_finds(spans, cut):
    """Whether a row comes from the file or is not written yet."""
    shown = frame(TimeWindow.TEN_MINUTES, NOW)
    made = timeline(shown, Stored(spans=spans[:cut]), spans[cut:], (), NOW)
    found = {
        one.place: (one.levels, one.pressures, one.waiting, one.waiting_at_least, one.running, one.held)
        for one in made.steps
    }
    wanted = {place: plain(shown, spans, place) for place in range(shown.steps)}
    assert found == {place: one for place, one in wanted.items() if one is not None}
    in_gaps = {place for first, last in made.gaps for place in range(first, last)}
    assert in_gaps == {place for place in range(shown.place(NOW)) if place not in found}


def test_sleep_is_a_gap_and_nothing_goes_through_it():
    before, after = replace(SPAN, at=NOW - 500, until=NOW - 400), replace(SPAN, at=NOW - 100, until=NOW)
    made = timeline(frame(TimeWindow.TEN_MINUTES, NOW), Stored(), (before, after), (), NOW)
    assert len(made.gaps) == 2  # before the first, and the sleep
    assert 290 <= (made.gaps[1][1] - made.gaps[1][0]) * 2 <= 300


def test_what_lies_in_the_future_is_not_shown():
    """The clock was set back, or the file comes from another machine."""
    made = timeline(frame(TimeWindow.HOUR, NOW), Stored(), (replace(SPAN, at=NOW + 500, until=NOW + 900),), (), NOW)
    assert made.steps == ()


def test_a_moment_is_seen_though_it_lasts_no_time():
    made = timeline(frame(TimeWindow.HOUR, NOW), Stored(), (replace(SPAN, waiting=4),), (), NOW)
    (step,) = made.steps
    assert (step.watched_s, step.waiting) == (0.0, 4)


def test_marks_are_shown_once_whoever_tells_of_them():
    shown = frame(TimeWindow.HOUR, NOW)
    mark = Mark(NOW - 60, MarkKind.CHANGED, None, "change-1", "tags", "off")
    old = replace(mark, at=NOW - 9000)
    assert marks_in(shown, (mark, old), (mark,), (replace(mark, at=NOW - 90),)) == (replace(mark, at=NOW - 90), mark)


@given(now=st.floats(1e9, 3e9), window=st.sampled_from(TimeWindow))
def test_a_frame_holds_now_in_its_last_step_and_moves_by_whole_ones(now, window):
    shown = frame(window, now)
    assert shown.place(now) == shown.steps - 1
    assert frame(window, now + shown.step_s).since == shown.since + shown.step_s


@given(window=st.sampled_from(TimeWindow), zone=st.integers(-48, 56), now=st.floats(1e9, 3e9))
def test_ticks_stand_where_local_time_is_round(window, zone, now):
    shown = frame(window, now)
    made = ticks(shown, lambda _at: zone * 900)
    assert made
    for one in made:
        assert shown.since <= one.at < shown.until
        assert (one.at + zone * 900) % 60 == 0
    assert any(one.rank == 0 for one in made)


def forward(at):
    """Clocks go from 02:00 to 03:00 on 2026-03-29, as in Berlin."""
    return 7200 if at >= 1_774_746_000 else 3600


def test_a_week_in_which_clocks_are_put_forward_has_its_ticks_at_midnight():
    made = ticks(frame(TimeWindow.WEEK, 1_774_900_000), forward)
    days = [one.at for one in made if one.is_midnight]
    assert [round(after - before) for before, after in pairwise(days)].count(23 * 3600) == 1
    assert midnights(1_774_900_000, 3, forward) == (1_774_652_400 + 0.0, 1_774_738_800 + 0.0, 1_774_821_600 + 0.0)
