"""`journal`: every change that was made. `receipt`: what one of them brought."""

import time
from argparse import Namespace

from tray_app.app.wiring import App
from tray_app.cli.main import DONE, NOTHING_TO_DO
from tray_app.cli.terminal import Terminal
from tray_app.core.report.codec import encode
from tray_app.core.report.receipt import Receipt, receipt
from tray_app.core.text import journal as journal_view
from tray_app.core.text import receipt as receipt_view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.plan import IN_FORCE, Event
from tray_app.core.values.version import Json
from tray_app.storage.history import HistoryFile
from tray_app.storage.journal import SCHEMA, Fault, document_of, fold

RECEIPT_SCHEMA = 1


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


def brought(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Of the change that is named by its id, else of the newest in force; exit code 3 where there is none."""
    records = app.journal.read().records
    made = [one for one in fold(records) if one.changes and one.event in {*IN_FORCE, Event.UNDONE}]
    if options.change is None:
        found = next((one for one in reversed(made) if one.event in IN_FORCE), None)
    else:
        found = next((one for one in made if one.id == options.change), None)
        if found is None:
            raise UsageError(Slip.CHANGE, options.change, choices=tuple(one.id for one in made[-3:]), command="receipt")
    if found is None:
        terminal.note(receipt_view.nothing_changed(tr))
        return NOTHING_TO_DO
    told = receipt(records, found, HistoryFile(app.paths.history_file).read(), time.time())
    if options.json:
        terminal.json(_document(told))
    else:
        terminal.show(receipt_view.lines(told, _local_time, tr))
    return DONE


def _document(told: Receipt) -> dict[str, Json]:
    return {
        "schema": RECEIPT_SCHEMA,
        "change": told.change_id,
        "at": told.at,
        "changes": encode(told.changes),
        "settled": told.is_settled,
        "missing_answers": told.missing,
        "before": encode(told.before),
        "after": encode(told.after),
        "figures": encode(told.comparisons),
    }


def _local_time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
