"""Who is at the model now."""

from tray_app.core.menu.details.document import CallState, CallView, NowView
from tray_app.core.menu.screen import ScreenState
from tray_app.core.report.overview import Source
from tray_app.core.text import details as view
from tray_app.core.text.at_model import call_name
from tray_app.core.text.lines import clean
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import why_words
from tray_app.core.values.requests import RunningRequest, WaitingRequest

MOST_CALLS = 40


def now_view(screen: ScreenState, tr: Translator) -> NowView:
    """Those that run, those that wait at Ollama, those that are held; nobody is said to be there who is not known."""
    seen = screen.overview
    if seen is None:
        return NowView((), tr.gettext("Looking at Ollama and Open WebUI..."))
    requests = seen.requests
    if requests is None:
        return NowView((), tr.gettext("Requests: {state}").format(state=why_words(seen.why[Source.REQUESTS], tr)))
    running = [_running(one, tr) for one in requests.active]
    waiting = [_waiting(one, tr) for one in requests.queue or ()]
    told = []
    if seen.running is None:
        told.append(tr.gettext("Requests: {state}").format(state=why_words(seen.why[Source.RUNNING], tr)))
    if requests.queue is None and seen.waiting:
        told.append(view.wait_untold(seen.waiting, tr))
    if seen.waiting is None:
        told.append(view.waiting_unknown(why_words(seen.why[Source.WAITING], tr), tr))
    calls = (*running, *waiting)
    if not calls and not told:
        told.append(view.nobody(tr) if not seen.running else view.running_untold(seen.running, tr))
    more = len(calls) - MOST_CALLS
    if more > 0:
        told.append(tr.ngettext("{count} more", "{count} more", more).format(count=more))
    return NowView(tuple(calls[:MOST_CALLS]), " ".join(told))


def _running(one: RunningRequest, tr: Translator) -> CallView:
    return CallView(
        kind=one.kind.value,
        what=call_name(one.kind, one.task, tr),
        model=_model(one.model),
        state=CallState.RUNNING,
        state_word=view.state_word(CallState.RUNNING.value, tr),
        since="" if one.running_s is None else view.seconds(one.running_s, tr),
    )


def _waiting(one: WaitingRequest, tr: Translator) -> CallView:
    state = CallState.HELD if one.held else CallState.WAITS
    return CallView(
        kind=one.kind.value,
        what=call_name(one.kind, one.task, tr),
        model=_model(one.model),
        state=state,
        state_word=view.state_word(state.value, tr),
        since=view.seconds(one.waited_s, tr),
    )


def _model(name: str | None) -> str:
    return short(clean(name)) if name else "?"
