"""`record` and `replay`."""

import time
from argparse import Namespace
from contextlib import suppress

from tray_app.app.trace import BrokenTraceLine, Recorder, lines_of
from tray_app.app.trace import replay as replayed
from tray_app.app.wiring import App
from tray_app.cli.main import DONE, FAILED
from tray_app.cli.redactor import redactor_of
from tray_app.cli.terminal import Terminal
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.ranked import remedies
from tray_app.core.report import status as report
from tray_app.core.text import status as status_view
from tray_app.core.text import trace as view
from tray_app.core.text.text import Translator

TOLD_LINES = 3
"""Broken lines that are told one by one."""


def record(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """One line per poll until --seconds or Ctrl-C; each line is whole in the file before the next poll."""
    interval = app.settings_file.settings.poll_s
    end = time.monotonic() + options.seconds if options.seconds else None
    count = 0
    with (
        Recorder(options.file, redactor_of(app)) as recorder,
        terminal.progress() as progress,
        suppress(KeyboardInterrupt),
    ):
        while True:
            recorder.write(app.observer.poll.take())
            count += 1
            progress.update(view.recording(count, str(options.file), tr), "recording")
            left = interval if end is None else min(interval, end - time.monotonic())
            if left <= 0:
                break
            time.sleep(left)
    terminal.text(view.recorded(count, str(options.file), tr))
    return DONE


def replay(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """The same judgement over recorded polls, no I/O besides the file; one answer per poll."""
    limits = app.limits
    broken: list[BrokenTraceLine] = []
    count = 0
    for one in replayed(lines_of(options.file), limits, broken.append):
        count += 1
        helps = remedies(Case(one.facts, one.diagnosis, app.candidates))
        if options.json:
            made = report.status(one.snapshot, one.diagnosis, helps, one.facts.budget, one.alerts.words())
            terminal.json(made)
        else:
            terminal.text(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.snapshot.taken_at)))
            terminal.show(status_view.verdict_lines(one.diagnosis, helps, tr))
    if broken and not count:
        terminal.problem(view.no_recording(str(options.file), broken[0].number, broken[0].wrong, broken[0].field, tr))
        return FAILED
    for line in broken[:TOLD_LINES]:
        terminal.note(view.broken_line(line.number, line.wrong, line.field, tr))
    if len(broken) > TOLD_LINES:
        terminal.note(view.more_broken(len(broken) - TOLD_LINES, tr))
    return FAILED if broken else DONE
