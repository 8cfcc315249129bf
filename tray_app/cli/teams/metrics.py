"""`metrics`: numbers for Prometheus, over HTTP or in a file."""

import importlib.util
import signal
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tray_app.app.exporting import Exporting
from tray_app.app.wiring import App
from tray_app.autostart.launch import adding
from tray_app.cli.main import DONE
from tray_app.cli.teams.hosts import apps_of
from tray_app.cli.terminal import Terminal
from tray_app.core.text import metrics as view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.exporter import LibraryMissing
from tray_app.services.address import is_loopback, listen_place
from tray_app.storage.files import replace_for_others

LIBRARY, PACKAGE = "prometheus_client", "prometheus-client"
ENDING = ".prom"
ASK_AGAIN_S = 0.5 if sys.platform == "win32" else None
"""On Windows a wait without a limit hears no Ctrl-C."""


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Until Ctrl-C or SIGTERM; with --textfile and no --interval once."""
    if importlib.util.find_spec(LIBRARY) is None:
        raise LibraryMissing(adding(PACKAGE))
    place = None if options.textfile is not None else listen_place(options.listen)
    with ExitStack() as ends, _ending() as over:
        apps = [ends.enter_context(one) for one in apps_of(app, options)] or [app]
        counts = place is not None or options.interval is not None
        exporting = Exporting(apps, counts=counts, of_process=place is not None)
        if place is None:
            return _to_file(exporting, options, over, terminal, tr)
        return _to_whoever_asks(exporting, place, options, over, terminal, tr)


def _to_file(
    exporting: Exporting, options: Namespace, over: threading.Event, terminal: Terminal, tr: Translator
) -> int:
    from tray_app.exporter.exposition import text_of

    path = options.textfile
    if path.suffix != ENDING:
        terminal.note(view.unread_name(str(path), ENDING, tr))
    replace_for_others(path, text_of(lambda: iter(())))  # what cannot be written is told before anything is looked at
    exporting.look_once()
    while True:
        began = time.perf_counter()
        written = text_of(exporting.reported)
        exporting.took(time.perf_counter() - began)
        replace_for_others(path, written)
        if options.interval is None or over.wait(options.interval):
            return DONE
        exporting.look_again()


def _to_whoever_asks(
    exporting: Exporting,
    place: tuple[str, int],
    options: Namespace,
    over: threading.Event,
    terminal: Terminal,
    tr: Translator,
) -> int:
    from tray_app.exporter.listener import MetricsServer

    server = MetricsServer(place, exporting.reported, exporting.took)
    try:
        terminal.note(view.listens(*place, tr))
        if not is_loopback(place[0]):
            terminal.note(view.open_to_others(tr))
        exporting.begin(options.interval)
        while not over.wait(ASK_AGAIN_S):
            pass
    finally:
        server.close()
        exporting.end()
    return DONE


@contextmanager
def _ending() -> Iterator[threading.Event]:
    """Set by Ctrl-C and SIGTERM, which both end it in order."""
    over = threading.Event()
    before = {sign: signal.signal(sign, lambda *_: over.set()) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield over
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
