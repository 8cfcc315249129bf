"""The screen of `watch`: the headline and what changed on top, lines over time, who is at the model, then as much of
`status` as the window holds."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

from msgspec import Struct

from tray_app.core.report.details.lanes import TimeLane
from tray_app.core.report.details.memory_use import MemoryPicture
from tray_app.core.report.history import Mark
from tray_app.core.report.overview import Overview
from tray_app.core.text import at_model, watch_pictures
from tray_app.core.text import findings as finding_view
from tray_app.core.text.level import brief, level_word, level_words
from tray_app.core.text.lines import Line, Span, Style, line, pad, width, wrapped
from tray_app.core.text.status import level_style, status_lines
from tray_app.core.text.text import Translator
from tray_app.core.text.words import pressure_word
from tray_app.core.values.finding import Diagnosis, Level
from tray_app.core.values.remedy import Remedy
from tray_app.core.values.requests import RequestKind
from tray_app.core.values.snapshot import Pressure

KEPT = 240
"""Looks that are drawn at most."""
SHOWN_REQUESTS = 6
BLOCKS, PLAIN = "▁▂▃▄▅▆▇█", "_.,:-=+#"
NOT_KNOWN = "?"
_HEIGHT = {Pressure.NORMAL: 0, Pressure.WARNING: 4, Pressure.CRITICAL: 7}


class Sample(Struct, frozen=True):
    """What one look leaves for the lines over time. `at`: Unix seconds."""

    at: float
    level: Level
    pressure: Pressure | None
    waiting: int | None
    chats: int | None = None
    tasks: int | None = None
    """Running at the models; None: they cannot be told apart."""
    held: int | None = None
    marks: tuple[Mark, ...] = ()
    """What happened since the look before."""


class WatchPictures(Struct, frozen=True):
    """What is drawn besides lines over time. `ended`: requests since the watching began, of an hour at most."""

    memory: MemoryPicture | None = None
    ended: tuple[TimeLane, ...] = ()


NOTHING_DRAWN = WatchPictures()


class WatchFrame(Struct, frozen=True):
    """Where it is drawn. `blocks`: the terminal's encoding has them."""

    columns: int
    rows: int
    utc_offset_s: int
    interval_s: float
    blocks: bool = True


def sample(seen: Overview, diagnosis: Diagnosis, marks: tuple[Mark, ...] = ()) -> Sample:
    pressure = seen.memory.pressure if seen.memory is not None else None
    chats, tasks = _told_apart(seen)
    held = seen.requests.held if seen.requests is not None else None
    return Sample(seen.at.taken_at, diagnosis.level, pressure, seen.waiting, chats, tasks, held, marks)


def _told_apart(seen: Overview) -> tuple[int | None, int | None]:
    """Chats and tasks that run; None where not each of them is known."""
    if seen.requests is None or seen.running is None:
        return None, None
    kinds = [one.kind for one in seen.requests.active]
    if len(kinds) < seen.running or RequestKind.UNKNOWN in kinds:
        return None, None
    return kinds.count(RequestKind.CHAT), kinds.count(RequestKind.TASK)


def frame(
    seen: Overview,
    diagnosis: Diagnosis,
    remedies: Sequence[Remedy],
    past: Sequence[Sample],
    window: WatchFrame,
    tr: Translator,
    drawn: WatchPictures = NOTHING_DRAWN,
) -> list[Line]:
    """Never more lines than the window has, none wider than it; the headline is always the first."""
    top = fitted([headline(seen, diagnosis, tr), _changed(past, window, tr)], window)
    last = fitted([foot(past[-1].at, window, tr)], window)[:1]
    parts = [
        _sparks(past, window, tr),
        _marks(past, window, tr),
        _at_the_model(seen, tr),
        watch_pictures.memory_bar(drawn.memory, window.columns, tr) if drawn.memory is not None else [],
        watch_pictures.ended(drawn.ended, tr),
        [line(""), *status_lines(seen, diagnosis, remedies, tr, who=False)[1:]],
    ]
    body = fitted([one for part in parts for one in part], window)
    room = max(0, window.rows - len(top) - len(last))
    return [*top, *within(body, room, window, tr), *last][: window.rows]


def within(body: Sequence[Line], room: int, window: WatchFrame, tr: Translator) -> list[Line]:
    """As many of the lines as there is room for; the last one says how many are left out."""
    if len(body) <= room or room <= 0:
        return list(body[: max(0, room)])
    left = len(body) - room + 1
    more = tr.ngettext("{count} more line: make the window higher", "{count} more lines: make the window higher", left)
    return [*body[: room - 1], *fitted([line(Span(more.format(count=left), Style.FAINT))], window)[:1]]


def headline(seen: Overview, diagnosis: Diagnosis, tr: Translator) -> Line:
    """`Overloaded: 3 requests wait behind qwen3:32b`."""
    style = level_style(diagnosis.level)
    if diagnosis.top is None or diagnosis.level in {Level.CALM, Level.UNKNOWN}:
        return line(Span(brief(diagnosis, seen, tr), style))
    words = tr.gettext("{level}: {what}").format(
        level=level_words(diagnosis, tr), what=finding_view.headline(diagnosis.top, tr)
    )
    return line(Span(words, style))


def clock(at: float, utc_offset_s: int) -> str:
    zone = timezone(timedelta(seconds=utc_offset_s)) if utc_offset_s else UTC
    return datetime.fromtimestamp(at, zone).strftime("%H:%M:%S")


def _changed(past: Sequence[Sample], window: WatchFrame, tr: Translator) -> Line:
    """The newest change of the level; before there was one, since when it is watched."""
    for before, after in reversed(list(pairwise(past))):
        if before.level is not after.level:
            text = tr.gettext("{time}  {before} -> {after}").format(
                time=clock(after.at, window.utc_offset_s),
                before=level_word(before.level, tr),
                after=level_word(after.level, tr),
            )
            return line(Span(text, Style.FAINT))
    since = tr.gettext("watched since {time}, no change yet").format(time=clock(past[0].at, window.utc_offset_s))
    return line(Span(since, Style.FAINT))


def _sparks(past: Sequence[Sample], window: WatchFrame, tr: Translator) -> list[Line]:
    """Pressure, requests that wait, run and are held, oldest at the left; what was not known is a question mark, never
    a low. What was never known has no line, but waiting."""
    counts = [(tr.gettext("Waiting requests"), [one.waiting for one in past])]
    more = [
        (tr.gettext("Running chats"), [one.chats for one in past]),
        (tr.gettext("Running tasks"), [one.tasks for one in past]),
        (tr.gettext("Held"), [one.held for one in past]),
    ]
    counts += [(name, values) for name, values in more if any(value is not None for value in values)]
    names = [tr.gettext("Memory pressure"), *(name for name, _ in counts)]
    now = past[-1]
    words = pressure_word(now.pressure, tr) if now.pressure is not None else NOT_KNOWN
    ends = [words, *(NOT_KNOWN if values[-1] is None else str(values[-1]) for _, values in counts)]
    signs = [" " if not one.marks else watch_pictures.mark_sign(one.marks) for one in past]
    if any(one.marks for one in past[-KEPT:]):
        names.append(tr.gettext("Marks"))
        ends.append("")
    label = max(map(width, names)) + 2
    room = min(KEPT, max(0, window.columns - label - max(map(width, ends)) - 1))
    marks = BLOCKS if window.blocks else PLAIN
    heights = [[_HEIGHT.get(one.pressure) if one.pressure else None for one in past]]
    for _, values in counts:
        shown = values[-room:] if room else []
        most = max((value or 0 for value in shown), default=0)
        heights.append([_height(value, most) for value in shown])
    drawn = ["".join(_mark(height, marks) for height in one[-room:]) if room else "" for one in heights]
    drawn += ["".join(signs[-room:]) if room else ""] * (len(names) - len(drawn))
    return [
        line(Span(pad(name, label), Style.FAINT), f"{one} ", end)
        for name, one, end in zip(names, drawn, ends, strict=True)
    ]


def _marks(past: Sequence[Sample], window: WatchFrame, tr: Translator) -> list[Line]:
    told = [(clock(mark.at, window.utc_offset_s), mark) for one in past for mark in one.marks]
    return watch_pictures.newest_marks(told, tr)


def _height(value: int | None, most: int) -> int | None:
    if value is None:
        return None
    return 0 if not value else max(1, round(value / most * 7))


def _mark(height: int | None, marks: str) -> str:
    return NOT_KNOWN if height is None else marks[height]


def _at_the_model(seen: Overview, tr: Translator) -> list[Line]:
    """Who runs now and who waits: nothing where nobody does, or where it is not told."""
    told = at_model.who(seen.requests, SHOWN_REQUESTS, tr) if seen.requests is not None else []
    return [line(Span("> ", Style.FAINT), one) for one in told]


def foot(at: float, window: WatchFrame, tr: Translator) -> Line:
    text = tr.gettext("{time}, a look every {seconds} s. Ctrl-C ends.").format(
        time=clock(at, window.utc_offset_s), seconds=f"{window.interval_s:g}"
    )
    return line(Span(text, Style.FAINT))


def fitted(lines: Sequence[Line], window: WatchFrame) -> list[Line]:
    """In pieces no wider than the window; a word that is wider is cut."""
    pieces = [piece for one in lines for piece in wrapped(one, max(1, window.columns))]
    return [_cut(piece, window.columns) for piece in pieces]


def _cut(one: Line, columns: int) -> Line:
    kept: list[Span] = []
    left = columns
    for span in one:
        text = span.text
        while width(text) > left:
            text = text[:-1]
        kept.append(Span(text, span.style))
        left -= width(text)
    return tuple(kept)
