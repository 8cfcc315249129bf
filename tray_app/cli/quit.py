"""`quit`: ends the tray app of this user in order, for a person without a panel and for whoever replaces its files."""

import time
from argparse import Namespace

from tray_app.app.instance import Errand, ring
from tray_app.app.wiring import App
from tray_app.cli.main import DONE, FAILED, NOTHING_TO_DO
from tray_app.cli.terminal import Terminal
from tray_app.core.text import ending as view
from tray_app.core.text.text import Translator
from tray_app.storage.lock import SingleInstance

WITHIN_S = 20.0
"""It takes chat first back before it ends, which asks Open WebUI."""
LOOK_EVERY_S = 0.1


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """0: it has ended. 1: it does not answer, or goes on. 3: none runs."""
    del options
    lock = SingleInstance(app.paths.instance_lock_file, app.paths.instance_file)
    if _is_free(lock):
        terminal.note(view.runs_not(tr))
        return NOTHING_TO_DO
    running = lock.other()
    if running is None or not ring(running, Errand.QUIT):
        terminal.problem(view.answers_not(tr))
        return FAILED
    until = time.monotonic() + WITHIN_S
    while not _is_free(lock):
        if time.monotonic() > until:
            terminal.problem(view.goes_on(tr))
            return FAILED
        time.sleep(LOOK_EVERY_S)
    terminal.text(view.ended(tr))
    return DONE


def _is_free(lock: SingleInstance) -> bool:
    if not lock.acquire():
        return False
    lock.release()
    return True
