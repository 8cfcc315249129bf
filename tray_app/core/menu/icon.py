"""The icon's shape and the tooltip's one sentence."""

from tray_app.core.menu.screen import ScreenState, Shape
from tray_app.core.text import findings as finding_view
from tray_app.core.text.level import brief, level_words
from tray_app.core.text.names import row_text
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import Level

# NOTIFYICONDATAW.szTip holds 128 UTF-16 units with its end mark; the adapter clips by units, this at a word.
TOOLTIP_LIMIT = 120


def snoozed(state: ScreenState) -> bool:
    """Whether no notices are shown at the moment of the poll."""
    until = state.notices.snoozed_until
    return until is not None and (state.overview is None or state.overview.at.taken_at < until)


def shape(state: ScreenState) -> Shape:
    """Overload shows through a snooze, and work through everything: those two are what the user waits for."""
    if state.job is not None:
        return Shape.WORKING
    if state.diagnosis is None or state.diagnosis.level is Level.UNKNOWN:
        return Shape.UNKNOWN
    if state.diagnosis.level is Level.OVERLOADED:
        return Shape.OVERLOADED
    if snoozed(state):
        return Shape.PAUSED
    if state.diagnosis.level is Level.TIGHT:
        return Shape.TIGHT
    return Shape.CALM if state.diagnosis.blind is None else Shape.PARTLY


def headline(state: ScreenState, tr: Translator) -> str:
    """`Overloaded: 3 requests wait behind qwen3:32b`, or the level alone."""
    diagnosis = state.diagnosis
    if diagnosis is None:
        return tr.gettext("Looking at Ollama and Open WebUI...")
    if diagnosis.top is None or diagnosis.level in {Level.CALM, Level.UNKNOWN}:
        return brief(diagnosis, state.overview, tr)
    return tr.gettext("{level}: {what}").format(
        level=level_words(diagnosis, tr), what=finding_view.headline(diagnosis.top, tr)
    )


def tooltip(state: ScreenState, tr: Translator) -> str:
    return row_text(headline(state, tr), TOOLTIP_LIMIT)
