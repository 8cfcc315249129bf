"""`relief`: chosen or off, its rules in plain words, what it changed, and what it would have done in the last day."""

import time
from argparse import Namespace

from msgspec.structs import replace

from tray_app.app.doing.reliever import choose, last_day, set_clear, wish_of
from tray_app.app.wiring import App
from tray_app.cli.main import DONE, NOTHING_TO_DO
from tray_app.cli.terminal import Terminal
from tray_app.core.remedies.relief import Wish
from tray_app.core.report.codec import encode
from tray_app.core.tasks.assignments import nearest
from tray_app.core.text import journal as journal_view
from tray_app.core.text import relief as view
from tray_app.core.text.lines import Span, Style, line
from tray_app.core.text.plan import change_sentence
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import listed
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.remedy import TASK_MODEL, task_model_named
from tray_app.storage.settings_check import SWITCH_REMEDIES

SCHEMA = 1
OFF = "off"
SHOWN = 10


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """With --last-day nothing is set: a remedy that is named is only tried."""
    chosen = _chosen(options.remedy)
    if options.last_day:
        return _tried(app, chosen, options, terminal, tr)
    if options.clear is not None:
        set_clear(app, options.clear * 60.0)
    if chosen is not None:
        choose(app, chosen)
    wish = wish_of(app)
    if options.json:
        terminal.json(
            {
                "schema": SCHEMA,
                "on": wish.enabled,
                "remedy": wish.remedy_id,
                "clear_s": wish.clear_s,
                "changes": list(app.state.read().relief_made),
            }
        )
    else:
        _show(app, wish, terminal, tr)
    return DONE


def _chosen(given: str | None) -> str | None:
    """The id of a remedy, empty for off, None where none was named."""
    if given is None or given in SWITCH_REMEDIES or task_model_named(given).strip():
        return given
    words = (OFF, *SWITCH_REMEDIES, f"{TASK_MODEL}NAME")
    if given == words[0]:
        return ""
    raise UsageError(Slip.RELIEF, given, nearest(given, words[:-1]), words, command="relief")


def _show(app: App, wish: Wish, terminal: Terminal, tr: Translator) -> None:
    terminal.show([line(Span(view.set_to(wish.remedy_id, tr), Style.STRONG))])
    limits = app.limits
    for one in view.rules(limits.hold_s, wish.clear_s, limits.cool_down_s, tr):
        terminal.show([line(f"  - {one}")])
    terminal.show([line(Span(view.tray_does_it(tr), Style.FAINT))])
    if not wish.enabled:
        terminal.show([line(Span(view.way_on(tr), Style.FAINT))])
    made = [app.changes().get(one) for one in reversed(app.state.read().relief_made)]
    if any(made):
        terminal.text(view.made_by_it(tr))
    for record in [one for one in made if one is not None][:SHOWN]:
        change = listed((change_sentence(one, tr) for one in record.changes), tr)
        receipt = typed(tr, "receipt", record.id)
        terminal.show(
            [view.made_line(_local_time(record.at), change, journal_view.state_word(record.event, tr), receipt)]
        )


def _tried(app: App, chosen: str | None, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    wish = wish_of(app)
    if chosen is not None:
        wish = replace(wish, enabled=bool(chosen), remedy_id=chosen)
    if options.clear is not None:
        wish = replace(wish, clear_s=options.clear * 60.0)
    if not wish.enabled:
        terminal.note(view.set_to("", tr))
        terminal.note(view.name_one(tr))
        return NOTHING_TO_DO
    told = last_day(app, wish)
    if options.json:
        terminal.json({"schema": SCHEMA, "remedy": wish.remedy_id, "clear_s": wish.clear_s, **_document(encode(told))})
        return DONE
    for one in view.last_day(told, wish.remedy_id, tr):
        terminal.show([line(one)])
    terminal.show(view.turn_lines(told.turns, _local_time, tr))
    return DONE


def _document(encoded: object) -> dict[str, object]:
    return dict(encoded) if isinstance(encoded, dict) else {}


def _local_time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
