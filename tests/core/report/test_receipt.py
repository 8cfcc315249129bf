"""What a change brought: each figure is what a slow, plain reckoning finds, and what is not known is not compared."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.app.language import load
from tray_app.core.report.history import Past, Stretch
from tray_app.core.report.receipt import ENOUGH_ANSWERS, LONGEST_S, Figure, NotCompared, receipt
from tray_app.core.text import receipt as view
from tray_app.core.values.finding import Level
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.task_settings import Setting

AT = 100_000.0
OFF = Change(Setting.FOLLOW_UPS, True, False)
MADE = Record("change-1", AT, Event.APPLIED, "http://w", changes=(OFF,))
EN, KO = load("en"), load("ko")
CHAT = FinishedRequest("m", RequestKind.CHAT, "relay", None, 0.0, 0.0, busy_s=4.0)


def chat(at, first=None, seconds=5.0, **changed):
    made = replace(CHAT, began_at=at, ended_at=at + seconds, first_token_at=None if first is None else at + first)
    return replace(made, **changed)


def task(at, seconds=2.0, busy=2.0):
    return replace(CHAT, kind=RequestKind.TASK, task="tags", began_at=at, ended_at=at + seconds, busy_s=busy)


def quiet(at, until, **changed):
    return replace(Stretch(at, until, Level.CALM, Pressure.NORMAL, 0, 0), **changed)


def before_and_after(answers=ENOUGH_ANSWERS, first=3.0, now_first=1.0):
    old = tuple(chat(AT - 1000 + 20 * number, first) for number in range(answers))
    new = tuple(chat(AT + 10 + 20 * number, now_first) for number in range(answers))
    return old, new


def figures(made):
    return {one.figure: one for one in made.comparisons}


def test_the_same_length_of_time_on_both_sides():
    made = receipt((MADE,), MADE, Past(), AT + 600)
    assert (made.before.since, made.before.until, made.after.since, made.after.until) == (AT - 600, AT, AT, AT + 600)
    late = receipt((MADE,), MADE, Past(), AT + 10 * LONGEST_S)
    assert late.after.until == AT + LONGEST_S


def test_another_change_ends_either_side():
    other = replace(MADE, id="change-0", at=AT - 100)
    later = replace(MADE, id="change-2", at=AT + 300, event=Event.UNDONE)
    made = receipt((other, MADE, later), MADE, Past(), AT + 600)
    assert (made.before.since, made.after.until) == (AT - 100, AT + 300)


def test_what_a_change_brought():
    old, new = before_and_after()
    tasks = (*(task(AT - 900 + number) for number in range(10)), task(AT + 50))
    spans = (
        quiet(AT - 1000, AT - 400, pressure=Pressure.WARNING, waiting=1, longest_wait_s=9.0, swap_out_bytes=600.0),
        quiet(AT - 400, AT + 1000),
    )
    made = receipt((MADE,), MADE, Past(spans, (*old, *tasks, *new)), AT + 1000)
    told = figures(made)
    assert made.is_settled
    assert {name: (one.before, one.after, one.why_not) for name, one in told.items()} == {
        Figure.FIRST_WORD: (3.0, 1.0, None),
        Figure.CALLS: (2.0, 0.2, None),
        Figure.TASK_SECONDS: (4.0, 0.4, None),
        Figure.LONGEST_WAIT: (9.0, 1.0, None),
        Figure.PRESSED: (0.6, 0.0, None),
        Figure.SWAPPED: (600.0, 0.0, None),
    }
    assert view.brief(made, EN) == (
        "wait for the first word of an answer 3.0 s -> 1.0 s, task calls per answer 2.0 -> 0.2,"
        " longest wait at Ollama 9.0 s -> 1.0 s"
    )
    shown = ["".join(span.text for span in one) for one in view.lines(made, lambda _: "14:02", EN)]
    assert shown[0] == "Follow-ups: on -> off  14:02"
    assert shown[1] == "17 min with 5 answers before, 17 min with 5 after"


@pytest.mark.parametrize(("answers", "missing"), [(0, 5), (2, 3), (4, 1), (5, 0)])
def test_too_few_answers_are_counted_and_nothing_is_compared(answers, missing):
    old, _ = before_and_after()
    _, new = before_and_after(answers)
    made = receipt((MADE,), MADE, Past((), (*old, *new)), AT + 1000)
    assert (made.missing, made.is_settled) == (missing, not missing)
    if missing:
        assert {one.why_not for one in made.comparisons} == {NotCompared.TOO_FEW}
        assert view.brief(made, EN) == f"not enough yet: {missing} more answer{'s' if missing > 1 else ''}"
        assert str(missing) in view.brief(made, KO)


def test_with_nothing_before_it_says_so_and_waits_for_no_more_answers():
    _, new = before_and_after()
    made = receipt((MADE,), MADE, Past((), new), AT + 1000)
    assert (made.missing, made.is_settled) == (0, False)
    assert "only 0 answers were seen before" in view.brief(made, EN)


def test_what_is_not_known_is_not_compared():
    old, new = before_and_after(first=None)
    untold = tuple(chat(AT - 500 + number, kind=RequestKind.UNKNOWN) for number in range(3))
    made = receipt((MADE,), MADE, Past((), (*old, *untold, *new)), AT + 1000)
    told = figures(made)
    assert told[Figure.FIRST_WORD].why_not is NotCompared.NOT_TIMED
    assert told[Figure.CALLS].why_not is NotCompared.NOT_TOLD_APART
    assert told[Figure.PRESSED].why_not is NotCompared.NOT_SEEN
    words = " ".join("".join(span.text for span in one) for one in view.lines(made, str, EN))
    assert "only timed while chat first is on" in words
    assert "of 3 requests it is not known" in words


def test_an_answer_that_was_cut_short_and_one_that_lies_on_the_line_count_for_nothing():
    over_the_line = chat(AT - 2, 1.0)
    cut = chat(AT + 5, 1.0, served=False)
    made = receipt((MADE,), MADE, Past((), (over_the_line, cut)), AT + 1000)
    assert (made.before.answers, made.after.answers) == (0, 0)


times = st.integers(int(AT) - 60, int(AT) + 60).map(float)
ended = st.builds(
    lambda at, seconds, kind, first, busy, held, served: replace(
        CHAT,
        kind=kind,
        began_at=at,
        ended_at=at + seconds,
        first_token_at=None if first is None else at + min(first, seconds),
        busy_s=float(busy),
        held_s=float(held),
        served=served,
    ),
    times,
    st.integers(0, 20),
    st.sampled_from(RequestKind),
    st.none() | st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 9),
    st.booleans(),
)


@st.composite
def spans(draw):
    """One after the other, with gaps."""
    at, made = AT - 60, []
    for _ in range(draw(st.integers(0, 8))):
        at += draw(st.integers(0, 10))
        until = at + draw(st.integers(0, 20))
        made.append(
            quiet(
                at,
                until,
                pressure=draw(st.sampled_from([None, *Pressure])),
                waiting=draw(st.sampled_from([None, 0, 1])),
                longest_wait_s=draw(st.sampled_from([None, 1.0, 5.0])),
                swap_out_bytes=(until - at) * draw(st.sampled_from([0.0, 7.0])),
            )
        )
        at = until
    return tuple(made)


@given(spans(), st.lists(ended, max_size=20), st.integers(0, 80), st.lists(times, max_size=3))
def test_each_figure_is_what_a_slow_reckoning_finds(held, requests, after, marks):
    lines = (MADE, *(replace(MADE, id=f"other-{number}", at=at) for number, at in enumerate(marks)))
    made = receipt(lines, MADE, Past(held, tuple(requests)), AT + after)
    other = [at for at in marks if at != AT]
    end = min([AT + after, *(at for at in other if at > AT)])
    begin = max([AT - (end - AT), *(at for at in other if at < AT)])
    for side, since, until in ((made.before, begin, AT), (made.after, AT, end)):
        assert (side.since, side.until) == (since, until)
        pressed = watched = swapped = 0.0
        for second in range(int(since), int(until)):
            for one in held:
                if one.at <= second and second + 1 <= one.until:
                    watched += 1
                    pressed += one.pressure in (Pressure.WARNING, Pressure.CRITICAL)
                    swapped += one.swap_out_bytes / (one.until - one.at)
        assert (side.watched_s, side.pressed_s) == (watched, pressed)
        assert side.swap_out_bytes == pytest.approx(swapped)
        answers, firsts, tasks, seconds, untold, waits = 0, [], 0, 0.0, 0, []
        for one in requests:
            if one.began_at < since or one.ended_at > until:
                continue
            waits.append(one.ended_at - one.began_at - one.busy_s - one.held_s)
            if one.kind is RequestKind.TASK:
                tasks, seconds = tasks + 1, seconds + one.busy_s
            elif one.kind is RequestKind.UNKNOWN:
                untold += 1
            elif one.served:
                answers += 1
                firsts += [one.first_token_at - one.began_at] if one.first_token_at is not None else []
        waits += [one.longest_wait_s for one in held if since <= one.at < until and one.longest_wait_s]
        assert (side.answers, side.task_calls, side.task_s, side.untold) == (answers, tasks, seconds, untold)
        assert (side.first_tokens, side.first_token_s) == (len(firsts), median(firsts) if firsts else None)
        assert (side.longest_wait_s or 0.0) == max([0.0, *waits])
        assert side.missing == max(0, 5 - answers)
