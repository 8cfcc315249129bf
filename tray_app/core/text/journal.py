"""The journal as lines."""

from collections.abc import Callable, Sequence

from tray_app.core.text.lines import Line, Span, Style, clean, line, table, width
from tray_app.core.text.plan import done_sentences
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import listed
from tray_app.core.values.errors.storage import JournalDamaged
from tray_app.core.values.plan import Event, Record

NAMED_LINES = 5


def state_word(event: Event, tr: Translator) -> str:
    words = {
        Event.INTENDED: tr.gettext("cut short, not checked yet"),
        Event.APPLIED: tr.gettext("in force"),
        Event.FAILED: tr.gettext("failed, nothing changed"),
        Event.UNDO_INTENDED: tr.gettext("undo cut short, not checked yet"),
        Event.UNDONE: tr.gettext("undone"),
        Event.DRIFTED: tr.gettext("changed elsewhere since"),
    }
    return words[event]


def lines(changes: Sequence[Record], local_time: Callable[[float], str], columns: int, tr: Translator) -> list[Line]:
    """Changes as all their lines leave them, newest first: a table, or a block each where that is too wide.

    The server is named where there are several.
    """
    if not changes:
        return [line(tr.gettext("No change was made yet."))]
    several = len({one.origin for one in changes}) > 1
    header = (tr.gettext("when"), tr.gettext("change"), tr.gettext("state"), tr.gettext("server"))
    cells = [
        (
            local_time(one.at),
            listed(done_sentences(one.changes, tr, places=True), tr),
            state_word(one.event, tr),
            clean(one.origin),
        )
        for one in reversed(changes)
    ]
    shown = len(header) if several else len(header) - 1
    made = table(header[:shown], [row[:shown] for row in cells])
    if max(width("".join(span.text for span in one)) for one in made) <= columns:
        return made
    return [piece for row in cells for piece in _block(row[:shown])]


def _block(row: Sequence[str]) -> list[Line]:
    when, change, *rest = row
    return [line(Span(f"{when}  {'  '.join(rest)}", Style.FAINT)), line(f"  {change}")]


def broken_line(number: int, tr: Translator, *, newer: bool) -> str:
    """`newer`: a newer version of this app wrote it."""
    if newer:
        text = tr.gettext("Line {number} of the journal was written by a newer Elbowroom and was left out.")
    else:
        text = tr.gettext("Line {number} of the journal is damaged and was left out.")
    return text.format(number=number)


def damaged(error: JournalDamaged, path: str, tr: Translator) -> tuple[str, str]:
    """What is missing, and what to do."""
    numbers = ", ".join(str(number) for number in error.lines[:NAMED_LINES])
    numbers += ", ..." if len(error.lines) > NAMED_LINES else ""
    if error.newer:
        text = tr.gettext(
            "A newer Elbowroom wrote lines of {path} ({numbers}); what they changed may be missing from undo here."
        )
        step = tr.gettext("Use the newer one to take that back.")
    else:
        text = tr.gettext("Lines of {path} are damaged ({numbers}); what they changed may be missing from undo.")
        step = tr.gettext("`{command}` shows the others; without the damaged lines this is not said any more.")
    return text.format(path=path, numbers=numbers), step.format(command=typed(tr, "journal"))
