"""`watch`: a look every few seconds. In a terminal on a screen of its own, elsewhere one answer after the other."""

import signal
import time
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from tray_app.app.watch import Look
from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.status import show
from tray_app.cli.terminal import Terminal
from tray_app.core.text import watch as view
from tray_app.core.text.text import Translator


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """One look per interval until --count or Ctrl-C. Thresholds follow the settings file."""
    if options.json or not terminal.has_screen:
        return _one_below_another(app, options, terminal, tr)
    past: deque[view.Sample] = deque(maxlen=view.KEPT)
    offset = time.localtime().tm_gmtoff

    def paint(look: Look) -> None:
        past.append(view.sample(look.facts.overview, look.diagnosis))
        window = view.WatchFrame(
            terminal.columns, terminal.rows, offset, options.interval, terminal.can_show(view.BLOCKS)
        )
        facts = look.facts.overview, look.diagnosis, look.remedies
        terminal.paint(view.frame(*facts, tuple(past), window, tr))

    look = None
    try:
        with terminal.screen(), _ended_by_term():
            look = _looks(app, options, paint)
    except KeyboardInterrupt:
        return DONE
    if look is not None:
        show(look, terminal, tr, as_json=False, over_time=True)  # what --count ended with stays
    return DONE


def _one_below_another(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    seen = 0

    def tell(look: Look) -> None:
        nonlocal seen
        if seen and not options.json:
            terminal.text("---")
        show(look, terminal, tr, as_json=options.json, over_time=True)
        seen += 1

    try:
        _looks(app, options, tell)
    except KeyboardInterrupt:
        return DONE
    return DONE


def _looks(app: App, options: Namespace, tell: Callable[[Look], None]) -> Look:
    """Until --count; the last look."""
    seen = 0
    due = time.monotonic()
    while True:
        app.settings_file.reload()
        look = app.observer.look()
        tell(look)
        seen += 1
        if options.count and seen >= options.count:
            return look
        now = time.monotonic()
        due = max(due + options.interval, now)
        time.sleep(due - now)


@contextmanager
def _ended_by_term() -> Iterator[None]:
    """SIGTERM ends it like Ctrl-C, so that the terminal is given back."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
