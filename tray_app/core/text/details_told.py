"""The chart over time in words: sentences and tables that say the same, for who does not see it."""

from collections.abc import Iterable, Sequence

from tray_app.core.report.details.lanes import TimeLane
from tray_app.core.report.details.pictures import Pictures
from tray_app.core.report.details.scale import Offset, TimeWindow
from tray_app.core.report.details.timeline import LEVELS, PRESSURES, TimeStep
from tray_app.core.text.details_words import clock, duration, lane_name, mark_words
from tray_app.core.text.level import level_word
from tray_app.core.text.lines import in_turn
from tray_app.core.text.text import Translator
from tray_app.core.text.words import joined, pressure_word
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.version import Json

TABLE_ROWS = {TimeWindow.TEN_MINUTES: 30, TimeWindow.HOUR: 30, TimeWindow.DAY: 24, TimeWindow.WEEK: 48}
"""Steps of a picture that a row of its table stands for: a minute, five minutes, two hours, a day."""
NAMED_MARKS = 4


def sentence(made: Pictures, tr: Translator) -> str:
    """What the rows of state show, for who does not see them."""
    seen = made.timeline
    if not seen.steps:
        return tr.gettext("Nothing was measured in this time.")
    parts = [_pressure_sentence(made, tr), _waiting_sentence(made, tr)]
    unwatched = sum(last - first for first, last in seen.gaps) * made.frame.step_s
    if unwatched:
        parts.append(tr.gettext("For {duration} nobody measured.").format(duration=duration(unwatched, tr)))
    if seen.marks:
        told = list(dict.fromkeys(mark_words(one, tr) for one in seen.marks))
        text = tr.gettext("Marks: {marks}.") if len(told) <= NAMED_MARKS else tr.gettext("Marks, among them: {marks}.")
        parts.append(text.format(marks=joined(told[-NAMED_MARKS:], tr)))
    return in_turn(*parts)


def _pressure_sentence(made: Pictures, tr: Translator) -> str:
    seen = made.timeline
    warning, critical = seen.seconds(Pressure.WARNING), seen.seconds(Pressure.CRITICAL)
    if seen.watched_s and seen.seconds(Pressure.UNKNOWN) >= 0.95 * seen.watched_s:
        return tr.gettext("Memory pressure was not known.")
    if not (warning or critical):
        return tr.gettext("Memory pressure was normal whenever it was seen.")
    told = {Pressure.WARNING: warning, Pressure.CRITICAL: critical}
    facts = [
        tr.gettext("{what} for {seconds}").format(what=pressure_word(one, tr), seconds=duration(seconds, tr))
        for one, seconds in told.items()
        if seconds
    ]
    return tr.gettext("Memory pressure: {facts}.").format(facts=joined(facts, tr))


def _waiting_sentence(made: Pictures, tr: Translator) -> str:
    most = made.timeline.most_waiting
    if most is None:
        return tr.gettext("How many requests waited was not known.")
    if made.timeline.waiting_at_least:
        text = tr.ngettext(
            "At least {count} request waited at once.", "At least {count} requests waited at once.", most
        )
        return text.format(count=most)
    if not most:
        return tr.gettext("No request was seen to wait.")
    text = tr.ngettext("At most {count} request waited at once.", "At most {count} requests waited at once.", most)
    return text.format(count=most)


def lanes_sentence(lanes: Iterable[TimeLane], tr: Translator) -> str:
    told = [
        tr.gettext("{what} {count}, {seconds}").format(
            what=lane_name(one.kind, tr), count=one.calls, seconds=duration(one.busy_s, tr)
        )
        for one in lanes
        if one.calls
    ]
    if not told:
        return tr.gettext("No request ended in this time.")
    return tr.gettext("Finished requests and their run time: {facts}.").format(facts="; ".join(told))


def lanes_table(made: Pictures, tr: Translator) -> Json:
    head: list[Json] = [
        tr.gettext("kind"),
        tr.gettext("requests"),
        tr.gettext("worked"),
        tr.gettext("held"),
        tr.gettext("gave way"),
    ]
    rows: list[Json] = [
        [
            lane_name(one.kind, tr),
            str(one.calls),
            duration(one.busy_s, tr),
            duration(one.held_s, tr),
            str(one.broken_off),
        ]
        for one in made.lanes
    ]
    return {"caption": tr.gettext("Requests by kind"), "head": head, "rows": rows}


def state_table(made: Pictures, offset: Offset, tr: Translator) -> Json:
    """A row for each minute, five minutes, two hours or day."""
    shown, each = made.frame, TABLE_ROWS[made.frame.window]
    head: list[Json] = [
        tr.gettext("from"),
        tr.gettext("state"),
        tr.gettext("memory pressure"),
        tr.gettext("running"),
        tr.gettext("waiting"),
        tr.gettext("marks"),
    ]
    rows: list[Json] = []
    for first in range(0, shown.steps, each):
        here = [one for one in made.timeline.steps if first <= one.place < first + each]
        begin, end = shown.starts(first), shown.starts(min(first + each, shown.steps))
        if begin > made.now:
            continue
        marks = [one for one in made.timeline.marks if begin <= one.at < end]
        rows.append(
            [
                clock(begin, shown.window, offset, tr),
                *_row(here, tr),
                joined((mark_words(one, tr) for one in marks), tr),
            ]
        )
    return {"caption": tr.gettext("State over time"), "head": head, "rows": rows}


def _row(here: Sequence[TimeStep], tr: Translator) -> list[Json]:
    if not here:
        return [tr.gettext("not measured"), "", "", ""]
    levels = [sum(one.levels[place] for one in here) for place in range(len(LEVELS))]
    pressures = [sum(one.pressures[place] for one in here) for place in range(len(PRESSURES))]
    running = _count(here, [one.running for one in here], [one.running_at_least for one in here], tr)
    waiting = _count(here, [one.waiting for one in here], [one.waiting_at_least for one in here], tr)
    level_words = [level_word(one, tr) for one in LEVELS]
    pressure_words = [pressure_word(one, tr) for one in PRESSURES]
    return [_shares(levels, level_words, tr), _shares(pressures, pressure_words, tr), running, waiting]


def _shares(seconds: Sequence[float], words: Iterable[str], tr: Translator) -> str:
    """`calm`, or `normal for 4 min, warning for 60 s`."""
    told = [(word, one) for word, one in zip(words, seconds, strict=True) if one > 0]
    if len(told) == 1:
        return told[0][0]
    facts = (tr.gettext("{what} for {seconds}").format(what=word, seconds=duration(one, tr)) for word, one in told)
    return joined(facts, tr)


def _count(here: Sequence[TimeStep], counts: Sequence[int | None], at_least: Sequence[bool], tr: Translator) -> str:
    known = [one for one in counts if one is not None]
    if not here or not known:
        return tr.gettext("not known")
    return tr.gettext("at least {count}").format(count=max(known)) if any(at_least) else str(max(known))
