"""`status`: one answer, and how an answer is shown."""

from argparse import Namespace
from contextlib import ExitStack, suppress

from tray_app.app.watch import Look
from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.teams.hosts import apps_of
from tray_app.cli.terminal import Terminal
from tray_app.core.remedies.relay_rules import not_taken
from tray_app.core.report import status as report
from tray_app.core.text import chat_first as chat_first_view
from tray_app.core.text import status as status_view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.change import ChangeError
from tray_app.core.values.finding import Blind
from tray_app.core.values.snapshot import Presence


def show(look: Look, terminal: Terminal, tr: Translator, *, as_json: bool, over_time: bool = False) -> None:
    """`over_time`: findings carry their alert state; a single look has none."""
    if as_json:
        alerts = look.alerts.words() if over_time else None
        made = report.status(look.snapshot, look.diagnosis, look.remedies, look.facts.budget, alerts)
        terminal.json(made)
        return
    terminal.show(status_view.status_lines(look.facts.overview, look.diagnosis, look.remedies, tr))


def tell_models_not_taken(app: App, look: Look, terminal: Terminal, tr: Translator) -> None:
    """What settings.toml wishes of chat first and does not get, said where its other problems are."""
    if look.facts.overview.relay is not None:
        for one in not_taken(look.facts, app.settings_file.settings.task_models):
            terminal.note(chat_first_view.not_taken(one, tr))


def tell_left_switched(app: App, look: Look, terminal: Terminal, tr: Translator) -> None:
    """A comparison that was killed leaves the model that it tried; one that runs is nobody's fault."""
    if not any(one.is_left_switched for one in look.snapshot.written or ()):
        return
    from tray_app.app.doing.trying import held_in
    from tray_app.core.text import speed as speed_view

    with suppress(ChangeError), held_in(app.paths)():
        terminal.note(speed_view.left_switched(tr))


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Two samples one second apart, no hold time; exit code 0 whenever it answered, Unknown included."""
    with ExitStack() as ends:
        if several := [ends.enter_context(one) for one in apps_of(app, options)]:
            from tray_app.cli.teams import side_by_side

            return side_by_side.status(several, options, terminal, tr)
    if options.json:
        look = app.observer.look_twice()
    else:
        with terminal.progress() as progress:
            progress.update(status_view.looking(tr))
            look = app.observer.look_twice()
    show(look, terminal, tr, as_json=options.json)
    tell_models_not_taken(app, look, terminal, tr)
    tell_left_switched(app, look, terminal, tr)
    ollama = look.facts.ollama
    there = ollama.url if ollama is not None and ollama.presence is Presence.RUNNING else ""
    tried = tuple(url for url in app.tried if url != there)
    found = look.facts.open_webui is not None and look.diagnosis.blind is not Blind.NOTHING_TO_WATCH
    if tried and not found and not options.json:
        terminal.text(status_view.tried(tried, tr))
    return DONE
