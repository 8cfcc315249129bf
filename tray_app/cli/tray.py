"""No command, `tray` and `demo --tray`: the icon, with the worker behind it."""

import logging
import platform
import queue
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from tray_app import autostart
from tray_app.app.doing.chat_first import relay_port
from tray_app.app.instance import Errand, become_the_one
from tray_app.app.session import Session
from tray_app.app.wiring import App, Overrides
from tray_app.app.worker import Worker
from tray_app.autostart.launch import has_lasting_place, login_command
from tray_app.cli.main import DONE, FAILED
from tray_app.cli.terminal import Terminal
from tray_app.core.menu import first_run as view
from tray_app.core.menu.screen import NoticeView
from tray_app.core.text import tray_problem
from tray_app.core.text.text import Translator
from tray_app.core.values.command import Command, OpenDetails, Quit, Refresh
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.life import TrayUnavailable
from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.lock import SingleInstance
from tray_app.storage.log import log_to
from tray_app.storage.paths import Paths
from tray_app.tray.base import NAME, Tray
from tray_app.tray.tray import open_tray, python_build, undrawn

log = logging.getLogger(__name__)

LOOK_FOR_HOST_S = 120.0
LOOK_EVERY_S = 2.0
END_WITHIN_S = 0.4

Rung = queue.SimpleQueue[Errand]
"""What was asked at the door."""


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """The tray app of this user, one at a time: a second start brings up the first and ends."""
    overrides = app.overrides
    paths = Paths(overrides.home)
    log_to(paths.log_file)
    lock = SingleInstance(paths.instance_lock_file, paths.instance_file)
    rung: Rung = queue.SimpleQueue()
    try:
        bell = become_the_one(lock, rung.put)
    except StorageError as error:  # whether another one runs cannot be told: an icon that says so beats none
        log.warning("no lock: %s", error.reason)
        return show(overrides, terminal, tr, at_login=options.at_login, rung=rung, troubles=(error,))
    if bell is None:
        terminal.note(view.runs_already(tr))
        return DONE
    _repair_autostart(overrides.home)
    _relay_first(overrides)
    try:
        return show(overrides, terminal, tr, at_login=options.at_login, rung=rung)
    finally:
        bell.close()
        lock.release()


def _repair_autostart(home: Path | None) -> None:
    """An app that was moved still starts at the next login."""
    if not has_lasting_place():
        return
    try:
        if autostart.repair(login_command(home)):
            log.info("start at login now names this copy of the app")
    except StorageError as error:
        log.warning("start at login could not be checked: %s", error.reason)


def _relay_first(overrides: Overrides) -> None:
    """Open WebUI may be led to our relay: it must not wait for a panel, a keychain or a poll."""
    with App(overrides) as app:
        port = relay_port(app.changes())
        if port is None:
            return
        try:
            app.relay.keep(port)
        except (ElbowroomError, OSError) as error:
            log.warning("the relay cannot be started: %s", error)


Began = Callable[[Callable[[NoticeView], None], Callable[[], Translator]], None]
"""What the demo does once the icon is there: it may show notices, in the language of that moment."""


def run_demo(overrides: Overrides, terminal: Terminal, tr: Translator, began: Began) -> int:
    """The demo's stand-ins in the tray; beside a running tray app of the user's own."""
    return show(overrides, terminal, tr, at_login=False, rung=queue.SimpleQueue(), began=began)


def show(
    overrides: Overrides,
    terminal: Terminal,
    tr: Translator,
    *,
    at_login: bool,
    rung: Rung,
    began: Began = lambda _tell, _translator: None,
    troubles: tuple[ElbowroomError, ...] = (),
) -> int:
    """Icon and worker until Quit. Without a tray: one line and exit code 1; at login a quiet end."""
    mailbox = _Later()
    try:
        tray = _open(mailbox.send, at_login=at_login)
    except TrayUnavailable as error:
        if troubles:
            raise troubles[0] from error
        sentence = tray_problem.sentence(error, tr)
        log.warning("no tray: %s", sentence)
        if at_login:
            return DONE
        terminal.problem(f"elbowroom: {sentence}")
        return FAILED
    unseen = undrawn(sys.platform, platform.mac_ver()[0], python_build())
    warning = tray_problem.sentence(unseen, tr) if unseen is not None else ""
    if warning:
        log.warning("no icon: %s", warning)
        terminal.note(warning)
    session = Session(overrides, troubles)
    worker = Worker(session, tray)
    mailbox.connect(worker.send)
    thread = threading.Thread(target=worker.run, name="worker", daemon=True)
    watcher = threading.Thread(target=_answer_door, args=(rung, worker, tray, session), name="door", daemon=True)

    def started() -> None:
        thread.start()
        watcher.start()
        if warning:  # at login nobody sees the terminal
            tray.notify(NoticeView(NAME.capitalize(), warning, "icon"))
        began(tray.notify, session.translator)

    tray.run(started)
    thread.join(END_WITHIN_S)
    session.close()
    return DONE


def _open(send: Callable[[Command], None], *, at_login: bool) -> Tray:
    """At login the panel may come up later than we do."""
    end = time.monotonic() + (LOOK_FOR_HOST_S if at_login else 0)
    while True:
        try:
            return open_tray(send)
        except TrayUnavailable:
            if time.monotonic() >= end:
                raise
            time.sleep(LOOK_EVERY_S)


def _answer_door(rung: Rung, worker: Worker, tray: Tray, session: Session) -> None:
    """A second start: say that we are here, and look at once; or end, as the menu's last row does."""
    while True:
        asked = rung.get()
        if asked is not Errand.SHOW:
            worker.send(Quit() if asked is Errand.QUIT else OpenDetails())
            continue
        session.summoned()
        tray.notify(view.here_notice(session.translator()))
        worker.send(Refresh())


class _Later:
    """Clicks before the worker exists wait for it."""

    def __init__(self) -> None:
        self._send: Callable[[Command], None] | None = None
        self._early: list[Command] = []

    def send(self, command: Command) -> None:
        if self._send is None:
            self._early.append(command)
        else:
            self._send(command)

    def connect(self, send: Callable[[Command], None]) -> None:
        self._send = send
        for command in self._early:
            send(command)
