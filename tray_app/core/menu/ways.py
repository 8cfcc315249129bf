"""The menu's `Which way?`: each answer to the problem with its verdict; beneath it why, what it means, its button."""

from msgspec.structs import replace

from tray_app.core.menu.fixes import remedy_row
from tray_app.core.menu.screen import SEPARATOR, Row, ScreenState
from tray_app.core.remedies.strategy import Strategy
from tray_app.core.text import ways as view
from tray_app.core.text.names import row_text, wrapped
from tray_app.core.text.text import Translator
from tray_app.core.values.command import CopyText, OpenDetails, PageForm


def way_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """One row that opens to one for each answer; nothing before the first poll."""
    if not state.ways:
        return ()
    children = tuple(_row(one, state, tr) for one in state.ways)
    return (Row(tr.gettext("Which way?"), children=children, id="ways"),)


def _row(one: Strategy, state: ScreenState, tr: Translator) -> Row:
    text = tr.gettext("{name} - {verdict}").format(name=view.name(one, tr), verdict=view.standing(one, tr))
    told = [view.brings(one, tr), view.reason(one, tr), view.means(one, tr), view.costs(one, tr)]
    rows = [Row(line) for part in told for line in wrapped(part)]
    if there := view.way_there(one, tr):
        copy = tr.gettext("Copy: {text}").format(text=there)
        opens = Row(tr.gettext("Add a hosted model..."), OpenDetails(PageForm.HOSTED), id="way:hosted:add")
        form = () if state.played else (opens,)
        rows += [SEPARATOR, *form, Row(row_text(copy), CopyText(there), id=f"copy:way:{one.kind.value}")]
    if one.remedy is not None:
        rows += [SEPARATOR, replace(remedy_row(one.remedy, state, tr), id=f"way:{one.remedy.id}")]
    return Row(row_text(text), children=tuple(rows), id=f"way:{one.kind.value}")
