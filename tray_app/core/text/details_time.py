"""The chart over time for the page: the numbers that it draws, and what rows and values under the cursor are called."""

from collections.abc import Sequence

from tray_app.core.report.details.lanes import Bar, TimeLane
from tray_app.core.report.details.pictures import Pictures
from tray_app.core.report.details.scale import AxisTick, Offset, TimeWindow
from tray_app.core.report.details.timeline import LEVELS, PRESSURES, TimeStep
from tray_app.core.text.details_told import lanes_sentence, lanes_table, sentence, state_table
from tray_app.core.text.details_words import lane_name, local, mark_words, offsets, weekday
from tray_app.core.text.level import level_word
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import pressure_word
from tray_app.core.values.version import Json

_OPEN, _UNSERVED = 1, 2
_RUNNING_AT_LEAST, _WAITING_AT_LEAST = 1, 2


def document(made: Pictures, offset: Offset, tr: Translator) -> dict[str, Json]:
    """All of the chart over time for the page."""
    shown = made.frame
    models = sorted({bar.model for lane in made.lanes for bar in lane.bars if bar.model})
    return {
        "title": tr.gettext("Who was at the models"),
        "since": shown.since,
        "step": shown.step_s,
        "steps": shown.steps,
        "now": made.now,
        "offsets": offsets(shown.since, shown.until, offset),
        "seconds": shown.window is TimeWindow.TEN_MINUTES,
        "weekdays": shown.window is TimeWindow.WEEK,
        "ticks": [_tick(one, shown.window, offset, tr) for one in made.ticks],
        "states": [_step(one) for one in made.timeline.steps],
        "gaps": [[first, last] for first, last in made.timeline.gaps],
        "marks": [[one.at, one.kind.value, mark_words(one, tr)] for one in made.timeline.marks],
        "most_waiting": made.timeline.most_waiting,
        "most_running": made.timeline.most_running,
        "models": [short(one) for one in models],
        "lanes": [_lane(one, shown.since, models, tr) for one in made.lanes],
        "sentence": sentence(made, tr),
        "table": state_table(made, offset, tr),
        "lanes_sentence": lanes_sentence(made.lanes, tr),
        "lanes_table": lanes_table(made, tr),
        "words": _words(tr),
        "days": [[at, weekday(at, offset, tr)] for at in _days(made)],
    }


def _days(made: Pictures) -> list[float]:
    """The begins of the local days of a week, for the times under the cursor."""
    if made.frame.window is not TimeWindow.WEEK:
        return []
    return [made.frame.since, *(one.at for one in made.ticks if one.is_midnight)]


def _step(one: TimeStep) -> Json:
    flags = _RUNNING_AT_LEAST * one.running_at_least + _WAITING_AT_LEAST * one.waiting_at_least
    seconds = [_tenths(value) for value in (one.watched_s, *one.levels, *one.pressures)]
    return [one.place, *seconds, one.running, one.waiting, one.held, flags]


def _lane(one: TimeLane, since: float, models: Sequence[str], tr: Translator) -> Json:
    number = {name: place for place, name in enumerate(models)}
    return {
        "id": one.kind.value,
        "name": lane_name(one.kind, tr),
        "tracks": one.tracks,
        "bars": [_bar(bar, since, number) for bar in one.bars],
        "columns": [
            [column.place, column.calls, round(column.busy_s, 1), round(column.held_s, 1), column.broken_off]
            for column in one.columns
        ],
    }


def _bar(bar: Bar, since: float, number: dict[str, int]) -> Json:
    begin, end = _tenths(bar.since - since), _tenths(bar.until - since)
    if bar.calls > 1:  # of several nothing else is known
        return [begin, begin, begin, end, bar.calls, _tenths(bar.busy_s), -1, None, bar.broken_off, 0, bar.track]
    first = None if bar.first_token_at is None else _tenths(bar.first_token_at - since)
    flags = _OPEN * bar.is_open + _UNSERVED * (not bar.served)
    held, busy = _tenths(bar.held_until - since), _tenths(bar.busy_since - since)
    model = number.get(bar.model or "", -1)
    return [begin, held, busy, end, 1, _tenths(bar.busy_s), model, first, bar.broken_off, flags, bar.track]


def _tenths(seconds: float) -> float:
    """To a tenth; round(seconds, 1) takes several times as long, and a chart has ten thousand of them."""
    return round(10 * seconds) / 10


def _words(tr: Translator) -> dict[str, Json]:
    """What is said of the values under the cursor; the page fills in numbers, and nothing else."""
    return {
        "levels": [level_word(one, tr) for one in LEVELS],
        "pressures": [pressure_word(one, tr) for one in PRESSURES],
        "pressure": tr.gettext("Memory pressure"),
        "level": tr.gettext("State"),
        "waiting": tr.gettext("Waiting"),
        "running": tr.gettext("Running"),
        "held": tr.gettext("Held"),
        "marks": tr.gettext("Marks"),
        "at_least": tr.gettext("at least {count}"),
        "unknown": tr.gettext("not known"),
        "gap": tr.gettext("not measured"),
        "gap_long": tr.gettext("Nobody measured then: the computer slept, or Elbowroom did not run."),
        "seconds": tr.gettext("{count} s"),
        "part": tr.gettext("{what} for {seconds}"),
        "one": tr.gettext("{what} on {model}"),
        "busy": tr.gettext("worked {seconds} s"),
        "wait": tr.gettext("waited {seconds} s"),
        "held_s": tr.gettext("held {seconds} s"),
        "first": tr.gettext("first word after {seconds} s"),
        "broken": tr.gettext("gave way to a chat {count} times"),
        "broken_once": tr.gettext("gave way to a chat once"),
        "many": tr.gettext("{count}x"),
        "still": tr.gettext("still open"),
        "unserved": tr.gettext("not answered"),
        "nothing": tr.gettext("nobody was at the models"),
        "use": tr.gettext("Left and right arrow: values at that time. Page up and page down: from mark to mark."),
        "share": tr.gettext("height: share of the time, up to {count}%"),
        "as_table": tr.gettext("As a table"),
        "legend": [
            ["busy", tr.gettext("works")],
            ["wait", tr.gettext("waits at Ollama")],
            ["held", tr.gettext("is held back")],
            ["broken", tr.gettext("gave way to a chat")],
        ],
    }


def _tick(one: AxisTick, window: TimeWindow, offset: Offset, tr: Translator) -> Json:
    label = f"{local(one.at, offset):%H:%M}"
    if one.is_midnight and window in (TimeWindow.DAY, TimeWindow.WEEK):
        label = weekday(one.at, offset, tr)
    return [one.at, one.rank, label]
