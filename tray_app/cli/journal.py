"""`journal`: every change that was made."""

import json
import time
from argparse import Namespace

from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.terminal import Terminal
from tray_app.core.text import journal as journal_view
from tray_app.core.text.text import Translator
from tray_app.storage.journal import SCHEMA, encode, fold


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Every change, oldest first, and what became of it; broken lines are counted, never hidden."""
    content = app.journal.read()
    if options.json:
        made = {
            "schema": SCHEMA,
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
