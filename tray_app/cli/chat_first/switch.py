"""`chat-first on|off|status`."""

import time
from argparse import Namespace
from enum import StrEnum

from tray_app import autostart
from tray_app.app.wiring import App
from tray_app.autostart.launch import login_command
from tray_app.cli.main import DONE, FAILED
from tray_app.cli.terminal import Terminal
from tray_app.core.report.codec import encode
from tray_app.core.report.status import SCHEMA
from tray_app.core.text import change as change_view
from tray_app.core.text import chat_first as view
from tray_app.core.text import plan as plan_view
from tray_app.core.text.text import Translator
from tray_app.core.text.words import yes_words
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.plan import Plan
from tray_app.core.values.relay import ChatFirstState
from tray_app.core.values.remedy import Consent
from tray_app.services.address import web_address


class Wanted(StrEnum):
    ON = "on"
    OFF = "off"
    STATUS = "status"


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    match Wanted(options.state):
        case Wanted.ON:
            return _on(app, options, terminal, tr)
        case Wanted.OFF:
            return _off(app, options, terminal, tr)
        case Wanted.STATUS:
            return _status(app, options, terminal, tr)


def _on(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    app.carrier.writable()
    look = app.observer.look()
    at = web_address(options.at) if options.at else ""
    remedy = app.chat_first.remedy(look.facts.overview.connections or (), at)
    terminal.show(plan_view.plan_lines(remedy.plan, tr))
    if options.dry_run:
        terminal.text(change_view.dry_run(tr))
        return DONE
    if not options.yes:
        if not terminal.interactive:
            raise UsageError(Slip.NEEDS_YES, "chat-first on")
        if not terminal.ask(view.question(tr), yes_words(tr)):
            terminal.text(change_view.left_alone(tr))
            return FAILED
    with terminal.progress() as progress:
        progress.update(view.switching(tr))
        done = app.carrier.carry_out(remedy, Consent.CONFIRMED, lambda _: None, lambda: False)
    app.chat_first.pause(paused=False)
    terminal.show(change_view.applied(done.changes, done.others, tr))
    terminal.show(view.from_now_on(tr, at_login=bool(at) or _starts_at_login(app)))
    return DONE


def _local_time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def _starts_at_login(app: App) -> bool:
    try:
        return autostart.status(login_command(app.overrides.home)).state is autostart.AutostartState.ON
    except StorageError:
        return False


def _off(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    app.chat_first.pause(paused=False)
    app.carrier.writable()
    if options.dry_run:
        for one in app.chat_first.in_force():
            terminal.show(plan_view.plan_lines(Plan(tuple(change.back() for change in one.changes)), tr))
        terminal.text(change_view.dry_run(tr))
        return DONE
    try:
        for one in app.chat_first.off():
            terminal.show(change_view.undone([change.back() for change in one.changes], (), tr))
    except ChangeError as error:
        if error.problem is not Problem.NOTHING_TO_DO:
            raise
    return _status(app, options, terminal, tr)


def _status(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    told = app.chat_first.status()
    if options.json:
        made = encode(told)
        assert isinstance(made, dict)
        terminal.json({"schema": SCHEMA, **made})
    else:
        terminal.show(view.status(told, _local_time, tr))
        if told.state is ChatFirstState.OFF and Wanted(options.state) is Wanted.STATUS:
            terminal.show([view.way_on(tr)])
    return DONE
