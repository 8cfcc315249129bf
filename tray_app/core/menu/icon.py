"""The icon's shape and the tooltip's one sentence."""

from tray_app.core.menu.screen import ScreenState, Shape
from tray_app.core.text import findings as finding_view
from tray_app.core.text.level import brief, level_words
from tray_app.core.text.names import row_text
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import Level

# NOTIFYICONDATAW.szTip holds 128 UTF-16 units with its end mark; the adapter clips by units, this at a word.
TOOLTIP_LIMIT = 120


_SHAPES = {
    Level.CALM: Shape.CALM,
    Level.TIGHT: Shape.TIGHT,
    Level.OVERLOADED: Shape.OVERLOADED,
    Level.UNKNOWN: Shape.UNKNOWN,
}


def snoozed(state: ScreenState) -> bool:
    """Whether no notices are shown at the moment of the poll."""
    until = state.notices.snoozed_until
    return until is not None and (state.overview is None or state.overview.at.taken_at < until)


def shape(state: ScreenState) -> Shape:
    """The state, a snooze or not; work of ours shows through everything, as that is what the user waits for."""
    if state.job is not None:
        return Shape.WORKING
    if state.diagnosis is None or state.diagnosis.level is Level.UNKNOWN:
        return Shape.UNKNOWN
    if state.diagnosis.level is Level.CALM and state.diagnosis.blind is not None:
        return Shape.PARTLY
    return _SHAPES[state.diagnosis.level]


def works(state: ScreenState) -> bool:
    """A model is answering somebody. Not while a shape that moves or warns is shown: it says more."""
    seen = state.overview
    busy = seen is not None and bool(seen.running)
    return busy and shape(state) in {Shape.CALM, Shape.PARTLY, Shape.TIGHT}


def visible(state: ScreenState) -> bool:
    """Always, or only when there is something to see; whoever looks for the icon finds it."""
    return not state.icon.when_tight or state.summoned or shape(state) is not Shape.CALM


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
