"""The whole menu, and one frame of the tray with it."""

from tray_app.core.menu.app import app_rows, end_rows, link_rows
from tray_app.core.menu.fixes import fix_rows, undo_rows
from tray_app.core.menu.icon import shape, tooltip
from tray_app.core.menu.models import load_rows, model_rows
from tray_app.core.menu.screen import SEPARATOR, MenuView, Row, ScreenState, View
from tray_app.core.menu.state import job_rows, state_rows
from tray_app.core.menu.tasks import task_rows
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import Level


def menu(state: ScreenState, tr: Translator) -> MenuView:
    """State first, then what helps, what can be set, what can be looked at, and the app itself."""
    sections = (
        state_rows(state, tr),
        job_rows(state, tr),
        (*fix_rows(state, tr), *undo_rows(state, tr)),
        (*task_rows(state, tr), *model_rows(state, tr), *load_rows(state, tr)),
        link_rows(state, tr),
        app_rows(state, tr),
        end_rows(state, tr),
    )
    rows: list[Row] = []
    for section in sections:
        if section:
            rows += [SEPARATOR, *section] if rows else section
    return MenuView(tuple(rows))


def render(state: ScreenState, tr: Translator) -> View:
    """One frame: icon, tooltip and menu. Polls are punctual while something is wrong or under way."""
    elevated = state.diagnosis is not None and state.diagnosis.level in {Level.TIGHT, Level.OVERLOADED}
    return View(shape(state), tooltip(state, tr), menu(state, tr), punctual=elevated or state.job is not None)
