"""`plan` and `apply`: Open WebUI's task settings as a file, and a server made like one."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from tray_app.app.changes import CutShort
from tray_app.app.wiring import App
from tray_app.cli.change import cut_short, other_users, proven
from tray_app.cli.main import DONE, FAILED, NOTHING_TO_DO
from tray_app.cli.terminal import Terminal
from tray_app.core.tasks import plan_file
from tray_app.core.text import change as change_view
from tray_app.core.text import plan as plan_view
from tray_app.core.text import plan_file as view
from tray_app.core.text.text import Translator
from tray_app.core.text.words import yes_words
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.task_settings import SLOTS
from tray_app.storage import plan_file as files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tray_app.core.values.task_settings import Setting
    from tray_app.core.values.version import Json

STANDARD = "-"


def _path(given: str) -> Path | None:
    """None for standard input or output."""
    return None if given == STANDARD else Path(given)


def plan(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """The task settings of the server as a file; any signed-in account may read them."""
    client = app.open_webui
    version = client.version()
    if app.token(app.open_webui_url) is None:
        raise ChangeError(Problem.NOT_CONNECTED, app.open_webui_url)
    values = plan_file.held(client.read_document())
    content = files.text(view.head(app.open_webui_url, version, tr), view.entries(values, tr))
    path = _path(options.file)
    if path is None:
        terminal.out.write(content)
        terminal.out.flush()
    else:
        files.write(path, content)
        terminal.text(view.written(options.file, tr))
    return DONE


def apply(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Change what differs from the file, as one change."""
    asked = plan_file.wanted(files.read(_path(options.file), sys.stdin.buffer))  # a bad file needs no server
    client = app.carrier.writable()
    known, lacking = plan_file.known(client.read_document(), asked)
    for told in view.lacking(lacking, client.version(), tr):
        terminal.note(told)
    _warn_of_models(app, known, terminal, tr)
    try:
        made = app.carrier.plan(known)
    except ChangeError as error:
        if error.problem is not Problem.NOTHING_TO_DO:
            raise
        terminal.text(change_view.nothing_to_change(tr))
        return NOTHING_TO_DO
    terminal.show(plan_view.plan_lines(made, tr))
    if options.dry_run:
        terminal.text(change_view.dry_run(tr))
        return DONE
    if not options.yes and not _agreed(terminal, options.file, tr):
        return FAILED
    return _make(app, made, terminal, tr, asked=options.prove)


def _warn_of_models(app: App, known: "Mapping[Setting, Json]", terminal: Terminal, tr: Translator) -> None:
    """Also where it is set already: a server that lacks the model takes the chat model for tasks, and says nothing."""
    named = [Change(slot, known[slot], known[slot]) for slot in SLOTS if known.get(slot)]
    if named:
        client = app.open_webui
        for warning in change_view.model_warnings(named, client.models(), other_users(client), tr):
            terminal.note(warning)


def _agreed(terminal: Terminal, file: str, tr: Translator) -> bool:
    if not terminal.interactive:
        raise UsageError(Slip.NEEDS_YES, f"apply {file}", command="apply")
    if terminal.ask(change_view.ask_undoable(tr), yes_words(tr)):
        return True
    terminal.text(change_view.left_alone(tr))
    return False


def _make(app: App, made: Plan, terminal: Terminal, tr: Translator, *, asked: bool) -> int:
    try:
        done = app.carrier.apply(made.changes, "apply")
    except CutShort as cut:
        return cut_short(cut, terminal, tr)
    terminal.show(change_view.applied(done.changes, done.others, tr))
    return proven(app, done.changes, terminal, tr, asked=asked)
