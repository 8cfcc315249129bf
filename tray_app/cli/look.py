"""`status`, `watch`, `settings`, `journal`, `fit` and `doctor`: they only look."""

import json
import time
from argparse import Namespace

from tray_app.app.watch import Look
from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.terminal import Terminal
from tray_app.core.report import status as report
from tray_app.core.tasks.settings import decode
from tray_app.core.text import journal as journal_view
from tray_app.core.text import plan as plan_view
from tray_app.core.text import status as status_view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors import ChangeError, Problem
from tray_app.storage.journal import encode, fold


def _show_look(look: Look, terminal: Terminal, tr: Translator, *, as_json: bool, over_time: bool = False) -> None:
    """`over_time`: findings carry their alert state; a single look has none."""
    if as_json:
        alerts = look.alerts.words() if over_time else None
        made = report.status(look.snapshot, look.diagnosis, look.remedies, alerts)
        terminal.text(json.dumps(made, ensure_ascii=False))
        return
    terminal.show(status_view.status_lines(look.snapshot, look.diagnosis, look.remedies, tr))


def status(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Two samples one second apart, no hold time; exit code 0 whenever it answered, Unknown included."""
    if options.json:
        look = app.observer.look_twice()
    else:
        with terminal.progress() as progress:
            progress.update(status_view.looking(tr))
            look = app.observer.look_twice()
    _show_look(look, terminal, tr, as_json=options.json)
    return DONE


def watch(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """One look per interval until --count or Ctrl-C; on a terminal each look replaces the last."""
    seen = 0
    due = time.monotonic()
    try:
        while True:
            look = app.observer.look()
            if not options.json and terminal.out.isatty():
                terminal.clear()
            _show_look(look, terminal, tr, as_json=options.json, over_time=True)
            seen += 1
            if options.count and seen >= options.count:
                return DONE
            if not options.json:
                terminal.text("" if terminal.out.isatty() else "---")
            now = time.monotonic()
            due = max(due + options.interval, now)
            time.sleep(due - now)
    except KeyboardInterrupt:
        return DONE


def settings(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Open WebUI's task settings now; any signed-in account may read them."""
    client = app.open_webui
    version = client.version()
    if app.token(app.open_webui_url) is None:
        raise ChangeError(Problem.NOT_CONNECTED, app.open_webui_url)
    task_settings = decode(client.read_document())
    if options.json:
        made = {
            "schema": report.SCHEMA,
            "url": app.open_webui_url,
            "version": version,
            "tasks": report.tasks_of(task_settings),
            "task_model": task_settings.task_model,
            "task_model_external": task_settings.task_model_external,
            "task_model_params": json.loads(task_settings.task_model_params or "null"),
        }
        terminal.text(json.dumps(made, ensure_ascii=False))
    else:
        terminal.show(plan_view.settings_lines(task_settings, version, app.open_webui_url, tr))
    return DONE


def journal(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Every change, oldest first, and what became of it; broken lines are counted, never hidden."""
    content = app.journal.read()
    if options.json:
        made = {
            "schema": report.SCHEMA,
            "entries": [encode(entry) for entry in content.entries],
            "broken_lines": [{"line": one.number, "fault": one.fault.value} for one in content.broken],
        }
        terminal.text(json.dumps(made, ensure_ascii=False))
        return DONE
    rows = [
        journal_view.Row(
            at=time.strftime("%Y-%m-%d %H:%M", time.localtime(one.at)),
            origin=one.origin,
            remedy=one.remedy,
            state=one.state.value,
            changes=tuple((change.setting, change.before, change.after) for change in one.changes),
        )
        for one in fold(content.entries)
    ]
    terminal.show(journal_view.lines(rows, tr))
    for broken in content.broken:
        terminal.note(journal_view.broken_line(broken.number, tr))
    return DONE


def fit(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Predicted memory of a model, and whether it fits beside another; nothing is loaded."""
    from tray_app.core.fit import prediction as fit_report
    from tray_app.core.text import fit as fit_view

    snapshot = app.observer.look().snapshot
    made = fit_report.predict(
        options.model, snapshot, with_model=options.beside, context=options.context, limits=app.limits
    )
    if options.json:
        terminal.text(json.dumps(made.as_json(), ensure_ascii=False))
    else:
        terminal.show(fit_view.lines(made, tr, terminal.columns))
    return DONE


def doctor(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Every raw source, its decoded value or its error, redacted."""
    from tray_app.cli.doctor import run

    return run(app, options, terminal, tr)
