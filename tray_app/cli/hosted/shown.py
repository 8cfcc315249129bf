"""`hosted list` and `hosted remove`: what is connected, who receives chat text, and the way back."""

from argparse import Namespace

from tray_app.app.doing.hosted import desk_of, goes_out
from tray_app.app.wiring import App
from tray_app.cli.hosted import add
from tray_app.cli.main import DONE, FAILED
from tray_app.cli.terminal import Terminal
from tray_app.core.report.status import SCHEMA
from tray_app.core.tasks import assignments
from tray_app.core.tasks.settings import decode
from tray_app.core.text import change as change_view
from tray_app.core.text import hosted as view
from tray_app.core.text import plan as plan_view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.plan import Plan
from tray_app.core.values.task_settings import SLOTS

ADD, LIST = "add", "list"


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    if options.action == LIST:
        return _list(app, options, terminal, tr)
    if not options.url:
        raise UsageError(Slip.NEEDS_URL, f"hosted {options.action}", command="hosted")
    return (add.run if options.action == ADD else _remove)(app, options, terminal, tr)


def _list(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    found = desk_of(app).connected()
    chosen = _chosen(app)
    if options.json:
        rows = [
            {
                "url": one.url,
                "models": list(one.models),
                "used": one.used,
                "key": one.key,
                "added_by_elbowroom": one.ours,
                "leaves_network": goes_out(one.url),
                "task_models": [model for model, host in chosen if host == one.host],
            }
            for one in found
        ]
        terminal.json({"schema": SCHEMA, "connections": rows})
        return DONE
    if not found:
        terminal.text(view.no_connections(tr))
        terminal.text(view.first_step(tr))
        return DONE
    rows_shown = [(one.url, one.models, one.used, one.key, one.ours, goes_out(one.url)) for one in found]
    terminal.show(view.connection_lines(rows_shown, tr))
    for model, host in chosen:
        terminal.text(view.tasks_there(model, host, tr))
    return DONE


def _chosen(app: App) -> list[tuple[str, str]]:
    """Task models that a hosted connection serves, and its host."""
    client = app.open_webui
    settings, hosts = decode(client.read_document()), client.outside()
    wanted = {settings.model(slot) for slot in SLOTS} - {""}
    if not wanted:
        return []
    served = {one.id: one.url_index for one in client.models() if one.url_index is not None}
    found = ((model, served.get(model)) for model in sorted(wanted))
    return [(model, hosts[index].host) for model, index in found if index is not None and index in hosts]


def _remove(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Undo, by address: the choice of its model first."""
    desk = desk_of(app)
    app.carrier.writable()
    record = desk.added(options.url)
    if options.dry_run:
        first = assignments.resting_on(record, app.carrier.undoable())
        changes = [change.back() for one in (*first, record) for change in one.changes]
        terminal.show(plan_view.plan_lines(Plan(tuple(changes)), tr))
        terminal.text(change_view.dry_run(tr))
        return DONE
    try:
        undone = desk.remove(options.url)
    except ChangeError as error:
        if error.problem is not Problem.DRIFT:
            raise
        terminal.note(change_view.left_to_others([one.setting for one in record.changes], tr))
        return FAILED
    terminal.show(change_view.undone(undone.changes, undone.drifted, tr))
    return FAILED if undone.drifted else DONE
