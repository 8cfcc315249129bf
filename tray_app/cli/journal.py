"""`journal`: every change that was made."""

import time
from argparse import Namespace

from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.terminal import Terminal
from tray_app.core.text import journal as journal_view
from tray_app.core.text.text import Translator
from tray_app.storage.journal import SCHEMA, Fault, document_of, fold


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Every change, newest first, and what became of it; broken lines are counted, never hidden."""
    content = app.journal.read()
    if options.json:
        made = {
            "schema": SCHEMA,
            "entries": [document_of(record) for record in content.records],
            "broken_lines": [{"line": one.number, "fault": one.fault.value} for one in content.broken],
        }
        terminal.json(made)
        return DONE
    terminal.show(journal_view.lines(fold(content.records), _local_time, terminal.columns, tr))
    for broken in content.broken:
        terminal.note(journal_view.broken_line(broken.number, tr, newer=broken.fault is Fault.NEWER))
    return DONE


def _local_time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
