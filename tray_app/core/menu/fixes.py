"""The menu's fixes: the best one in one click, the others beneath it, and what can be taken back."""

from datetime import UTC, datetime, timedelta, timezone

from tray_app.core.menu.paging import paged
from tray_app.core.menu.screen import SEPARATOR, Row, ScreenState
from tray_app.core.menu.state import connect_row
from tray_app.core.text import ollama_settings as ollama_view
from tray_app.core.text import remedy as remedy_view
from tray_app.core.text.names import row_text, wrapped
from tray_app.core.text.plan import change_sentence, done_sentences, plan_lines
from tray_app.core.text.text import Translator
from tray_app.core.text.words import joined
from tray_app.core.values.command import ApplyRemedy, CopyText, Undo
from tray_app.core.values.plan import Plan, Record
from tray_app.core.values.remedy import Consent, Remedy


def plan_rows(remedy: Remedy, tr: Translator) -> tuple[Row, ...]:
    """Exactly what would change, one row each: not clickable."""
    told = [Row(row_text(change_sentence(change, tr))) for change in remedy.plan.changes]
    actions = plan_lines(Plan(actions=remedy.plan.actions), tr)
    return (*(Row(row_text("".join(span.text for span in line))) for line in actions), *told)


def advice_rows(remedy: Remedy, state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """Why, and the steps outside this app; connecting is the one that can be clicked."""
    system = state.overview.host.system if state.overview is not None else ""
    steps = ollama_view.advice_steps(remedy, system, tr)
    told = filter(None, (remedy_view.reason(remedy, tr), *steps, ollama_view.now(remedy, tr)))
    rows = [Row(line) for text in told for line in wrapped(text)]
    copies = ollama_view.advice_copies(remedy, system)
    if copies:
        rows.append(SEPARATOR)
    rows += [
        Row(row_text(tr.gettext("Copy: {text}").format(text=text)), CopyText(text), id=f"copy:{remedy.id}:{text}")
        for text in copies
    ]
    return (*rows, connect_row(state, tr)) if remedy.needs_sign_in else tuple(rows)


def remedy_row(remedy: Remedy, state: ScreenState, tr: Translator) -> Row:
    """One click, or a submenu that shows the plan and asks; advice tells its steps."""
    text = row_text(remedy_view.sentence_with_effect(remedy, tr))
    identity, busy = f"fix:{remedy.id}", state.busy
    if remedy.advice_only:
        return Row(text, children=advice_rows(remedy, state, tr), id=identity)
    if remedy.needs < Consent.CONFIRMED:
        return Row(text, ApplyRemedy(remedy), id=identity, busy=busy)
    why = tuple(Row(line) for line in wrapped(remedy_view.reason(remedy, tr)))
    warning = () if remedy.undoable else (Row(tr.gettext("This cannot be undone")),)
    confirm = Row(tr.gettext("Do it anyway"), ApplyRemedy(remedy, confirmed=True), id=f"confirm:{remedy.id}", busy=busy)
    return Row(text, children=(*plan_rows(remedy, tr), *why, *warning, SEPARATOR, confirm), id=identity)


def clock(at: float, now: float, utc_offset_s: int) -> str:
    """`14:02` on the user's clock; with the date where that is not today."""
    zone = timezone(timedelta(seconds=utc_offset_s)) if utc_offset_s else UTC
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    return then.strftime("%H:%M") if then.date() == today.date() else then.strftime("%Y-%m-%d %H:%M")


def undo_row(entry: Record, state: ScreenState, tr: Translator, *, busy: bool) -> Row:
    now = state.overview.at.taken_at if state.overview is not None else entry.at
    what = joined(done_sentences(entry.changes, tr), tr)
    text = tr.gettext("Undo: {what} ({time})").format(
        what=row_text(what, 80), time=clock(entry.at, now, state.utc_offset_s)
    )
    return Row(text, Undo(entry.id, entry.changes), id=f"undo:{entry.id}", busy=busy)


def undo_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """The newest change, and the earlier ones in a submenu."""
    busy = state.busy
    rows = [undo_row(entry, state, tr, busy=busy) for entry in state.undoable]
    if not rows:
        return ()
    earlier = rows[1:]
    more = (Row(tr.gettext("Undo an earlier change"), children=paged(earlier, tr), id="undo-more"),) if earlier else ()
    return (rows[0], *more)


def fix_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """The best remedy that needs no question first; the others under `More fixes`."""
    best = next((remedy for remedy in state.remedies if remedy.needs < Consent.CONFIRMED), None)
    first = () if best is None else (remedy_row(best, state, tr),)
    others = [remedy_row(remedy, state, tr) for remedy in state.remedies if remedy is not best]
    title = tr.gettext("More fixes") if first else tr.gettext("Fixes")
    more = (Row(title, children=paged(others, tr), id="more-fixes"),) if others else ()
    return (*first, *more)
