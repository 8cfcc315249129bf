"""`watch`: the answer of `status`, again and again."""

import time
from argparse import Namespace

from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.status import show
from tray_app.cli.terminal import Terminal
from tray_app.core.text.text import Translator


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """One look per interval until --count or Ctrl-C; on a terminal each look replaces the last.

    Thresholds follow the settings file.
    """
    seen = 0
    due = time.monotonic()
    try:
        while True:
            app.settings_file.reload()
            look = app.observer.look()
            if not options.json and terminal.out.isatty():
                terminal.clear()
            show(look, terminal, tr, as_json=options.json, over_time=True)
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
