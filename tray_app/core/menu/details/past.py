"""What was changed, what each change brought, and the way back."""

from collections.abc import Callable, Sequence

from tray_app.core.menu.details.document import (
    Figures,
    JournalLine,
    JournalView,
    Offered,
    PageButton,
    ReceiptView,
)
from tray_app.core.menu.screen import ScreenState
from tray_app.core.report.receipt import Receipt
from tray_app.core.text import details as view
from tray_app.core.text import journal as journal_text
from tray_app.core.text import receipt as receipt_text
from tray_app.core.text.plan import change_sentence
from tray_app.core.text.text import Translator
from tray_app.core.text.words import listed
from tray_app.core.values.command import Undo
from tray_app.core.values.plan import IN_FORCE, Record

MOST_LINES = 100


def receipt_view(
    screen: ScreenState, offered: Offered, local_time: Callable[[float], str], tr: Translator
) -> ReceiptView | None:
    told = screen.receipt
    if told is None:
        return None
    figures = tuple(
        Figures(*receipt_text.figure(one, tr), better=_better(one.before, one.after) if one.why_not is None else None)
        for one in told.comparisons
    )
    return ReceiptView(
        what=receipt_text.what(told, tr),
        when=local_time(told.at),
        basis=receipt_text.rests_on(told.before, told.after, tr),
        missing=receipt_text.missing(told, tr),
        figures=figures,
        notes=tuple(receipt_text.reasons(told, tr)),
        undo=_undo_of(told, screen, offered, tr),
    )


def _better(before: float | None, after: float | None) -> bool | None:
    if before is None or after is None or before == after:
        return None
    return after < before


def _undo_of(told: Receipt, screen: ScreenState, offered: Offered, tr: Translator) -> PageButton | None:
    entry = next((one for one in screen.undoable if one.id == told.change_id), None)
    return None if entry is None else _undo(entry, screen, offered, tr)


def _undo(entry: Record, screen: ScreenState, offered: Offered, tr: Translator) -> PageButton:
    return PageButton(tr.gettext("Undo"), offered.act(Undo(entry.id, entry.changes)), busy=screen.busy)


def journal_view(
    journal: Sequence[Record],
    screen: ScreenState,
    offered: Offered,
    local_time: Callable[[float], str],
    tr: Translator,
) -> JournalView:
    """Newest first. What may be taken back is what the menu offers to take back."""
    may = {entry.id: entry for entry in screen.undoable}
    lines = tuple(
        JournalLine(
            key=one.id,
            when=local_time(one.at),
            what=listed((change_sentence(change, tr) for change in one.changes), tr),
            state=journal_text.state_word(one.event, tr),
            in_force=one.event in IN_FORCE,
            undo=_undo(may[one.id], screen, offered, tr) if one.id in may else None,
        )
        for one in list(reversed(journal))[:MOST_LINES]
    )
    left = len(journal) - len(lines)
    told = view.older_changes(left, tr) if left > 0 else "" if lines else receipt_text.nothing_changed(tr)
    return JournalView(lines, told)
