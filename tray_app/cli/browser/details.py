"""`details`: the page of the tray app that runs, else one of its own that ends when its last tab has gone.

The tray app watches one Ollama: of several there is always a page of its own."""

import queue
import threading
from argparse import Namespace
from collections.abc import Sequence

from msgspec.structs import replace

from tray_app.app.connect import open_in_browser
from tray_app.app.details.headless import NoTray, serve
from tray_app.app.instance import Errand, become_the_one, ring
from tray_app.app.session import Session
from tray_app.app.wiring import App
from tray_app.app.worker import Worker
from tray_app.cli.main import DONE, FAILED
from tray_app.cli.teams.hosts import addresses
from tray_app.cli.terminal import Terminal
from tray_app.core.text import details as view
from tray_app.core.text import ending
from tray_app.core.text.text import Translator
from tray_app.storage.lock import SingleInstance


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """0: it was opened. 1: no browser opens it, or the tray app does not answer."""
    if options.hosts:
        return _serve(app, queue.SimpleQueue(), terminal, tr, addresses(app, options))
    tray = SingleInstance(app.paths.instance_lock_file, app.paths.instance_file)
    if not tray.acquire():
        running = tray.other()
        if running is None or not ring(running, Errand.DETAILS):
            terminal.problem(ending.answers_not(tr))
            return FAILED
        terminal.text(view.opened(tr))
        return DONE
    tray.release()
    own = SingleInstance(app.paths.details_lock_file, app.paths.details_file)
    rung: queue.SimpleQueue[Errand] = queue.SimpleQueue()
    bell = become_the_one(own, rung.put)
    if bell is None:
        terminal.text(view.opened(tr))
        return DONE
    try:
        return _serve(app, rung, terminal, tr)
    finally:
        bell.close()
        own.release()


def _serve(
    app: App, rung: "queue.SimpleQueue[Errand]", terminal: Terminal, tr: Translator, urls: Sequence[str] = ()
) -> int:
    """`urls`: where several Ollamas were named, the first is what the page is about."""
    failed = threading.Event()

    def open_browser(address: str) -> bool:
        opened = open_in_browser(address)
        if not opened:
            failed.set()
        return opened

    screen = NoTray()
    overrides = replace(app.overrides, ollama=urls[0]) if urls else app.overrides
    session = Session(overrides, on_duty=False, beside=urls[1:])
    worker = Worker(session, screen, open_browser=open_browser)
    terminal.text(view.stays_open(tr))
    terminal.out.flush()
    serve(session, worker, screen, rung, failed)
    if failed.is_set():
        terminal.problem(view.no_browser(tr))
        return FAILED
    return DONE
