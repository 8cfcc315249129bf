"""The pictures of `watch` in a terminal's own signs: the memory bar, what happened when, and who was at the models."""

from collections.abc import Sequence

from tray_app.core.report.details.lanes import TimeLane
from tray_app.core.report.details.memory_use import MemoryPart, MemoryPicture, PartKind
from tray_app.core.report.history import Mark, MarkKind
from tray_app.core.text.details_memory import part_name
from tray_app.core.text.details_told import lanes_sentence
from tray_app.core.text.details_words import mark_words
from tray_app.core.text.lines import Line, Span, Style, line
from tray_app.core.text.text import Translator
from tray_app.core.text.words import joined
from tray_app.core.values.units import format_bytes

SHOWN_MARKS = 3
LONGEST_BAR = 72
_SIGNS = {
    PartKind.CHAT_MODEL: "=",
    PartKind.CONTEXT: "-",
    PartKind.TASK_MODEL: "#",
    PartKind.OTHER_MODEL: "o",
    PartKind.LEFT: ".",
    PartKind.OVER: "!",
}
_MARKS = {MarkKind.CHANGED: "+", MarkKind.TAKEN_BACK: "<", MarkKind.EVICTED: "~"}


def mark_sign(marks: Sequence[Mark]) -> str:
    """One character for what happened in one look; what went wrong is seen before what was changed."""
    if not marks:
        return " "
    signs = {_MARKS.get(one.kind, "!") for one in marks}
    return next(sign for sign in ("!", "~", "+", "<") if sign in signs)


def newest_marks(marks: Sequence[tuple[str, Mark]], tr: Translator) -> list[Line]:
    """`+ 14:02:11  Autocomplete off`: each with its time, the newest last."""
    return [
        line(Span(f"{mark_sign((mark,))} ", Style.STRONG), f"{at}  {mark_words(mark, tr)}")
        for at, mark in marks[-SHOWN_MARKS:]
    ]


def memory_bar(made: MemoryPicture, columns: int, tr: Translator) -> list[Line]:
    """`[======--....]` and what its signs stand for; nothing where it is not known."""
    parts = made.budget_parts
    whole = sum(one.bytes for one in parts)
    if not whole or columns < 12:
        return []
    drawn = _drawn(parts, whole, min(LONGEST_BAR, columns) - 2)
    legend = joined((f"{_SIGNS[one.kind]} {part_name(one, tr)} {format_bytes(one.bytes)}" for one in parts), tr)
    return [line("[", drawn, "]"), line(Span(legend, Style.FAINT))]


def _drawn(parts: Sequence[MemoryPart], whole: int, columns: int) -> str:
    """Each part ends where its share of the whole ends, so that the bar is as long as it should be."""
    made, seen = "", 0
    for one in parts:
        seen += one.bytes
        made += _SIGNS[one.kind] * (round(seen / whole * columns) - len(made))
    return made


def ended(lanes: Sequence[TimeLane], tr: Translator) -> list[Line]:
    """Nothing where no request was seen to end."""
    if not any(one.calls for one in lanes):
        return []
    return [line(Span(lanes_sentence(lanes, tr), Style.FAINT))]
