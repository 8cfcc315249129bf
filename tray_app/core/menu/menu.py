"""The whole menu, and one frame of the tray with it.

Each part is made on its own: one that breaks becomes a sentence, and the others, Quit among them, are there.
"""

from collections.abc import Callable
from typing import TypeVar

from tray_app.core.menu.app import (
    app_rows,
    chat_first_rows,
    details_rows,
    link_rows,
    notification_rows,
    played_rows,
    quit_row,
)
from tray_app.core.menu.fixes import fix_rows, undo_rows
from tray_app.core.menu.icon import shape, tooltip, visible, works
from tray_app.core.menu.models import machine_rows, model_rows
from tray_app.core.menu.screen import SEPARATOR, MenuView, Row, ScreenState, Shape, View
from tray_app.core.menu.state import job_rows, state_rows
from tray_app.core.menu.tasks import task_rows
from tray_app.core.menu.ways import way_rows
from tray_app.core.text.broken import part_is_missing
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import Level

T = TypeVar("T")
Rows = tuple[Row, ...]
Broken = Callable[[Exception], object]

_BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)
"""What code that only makes values of values can raise. Clocks raise OSError for a time that they cannot show."""


def _made(make: Callable[[], T], otherwise: T, broken: Broken) -> T:
    try:
        return make()
    except _BUGS as error:
        broken(error)
        return otherwise


def menu(state: ScreenState, tr: Translator, broken: Broken = lambda _: None) -> MenuView:
    """State first, then what helps, what can be set, what can be looked at, and the app itself."""

    def rows_of(*parts: Callable[[ScreenState, Translator], Rows]) -> Rows:
        return tuple(row for part in parts for row in made(part))

    def made(part: Callable[[ScreenState, Translator], Rows]) -> Rows:
        return _made(lambda: part(state, tr), (Row(part_is_missing(tr), id="broken"),), broken)

    sections = (
        rows_of(played_rows, state_rows),
        rows_of(job_rows),
        rows_of(fix_rows, _ways_beside_fixes, undo_rows),
        rows_of(task_rows, model_rows, machine_rows),
        rows_of(chat_first_rows, details_rows, link_rows, notification_rows),
        (*rows_of(app_rows), quit_row(tr)),
    )
    rows: list[Row] = []
    for section in sections:
        if section:
            rows += [SEPARATOR, *section] if rows else section
    return MenuView(tuple(rows))


def _ways_beside_fixes(state: ScreenState, tr: Translator) -> Rows:
    """While calm they stand beneath the tasks: then the menu is short."""
    return way_rows(state, tr) if state.remedies else ()


def render(state: ScreenState, tr: Translator, broken: Broken = lambda _: None) -> View:
    """One frame: icon, tooltip and menu. Polls are punctual while something is wrong or under way.

    `broken` is told of each part that could not be made.
    """
    elevated = state.diagnosis is not None and state.diagnosis.level in {Level.TIGHT, Level.OVERLOADED}
    return View(
        _made(lambda: shape(state), Shape.UNKNOWN, broken),
        _made(lambda: tooltip(state, tr), part_is_missing(tr), broken),
        menu(state, tr, broken),
        punctual=elevated or state.job is not None,
        works=_made(lambda: works(state), False, broken),  # noqa: FBT003 - what stands in for the mark
        visible=_made(lambda: visible(state), True, broken),  # noqa: FBT003 - rather too often than not at all
    )
