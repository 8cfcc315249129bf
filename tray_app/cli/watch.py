"""`watch`: a look every few seconds. In a terminal on a screen of its own, elsewhere one answer after the other."""

import signal
import time
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from tray_app.app.watch import HistoryKeeper, Look
from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.status import show
from tray_app.cli.teams.hosts import apps_of
from tray_app.cli.terminal import Terminal
from tray_app.core.diagnosis.memory_use import memory_use
from tray_app.core.report.details.lanes import lanes
from tray_app.core.report.details.memory_use import memory_picture
from tray_app.core.report.details.scale import TimeWindow, frame
from tray_app.core.report.history import Mark
from tray_app.core.text import watch as view
from tray_app.core.text.text import Translator


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """One look per interval until --count or Ctrl-C. Thresholds follow the settings file."""
    with ExitStack() as ends:
        if several := [ends.enter_context(one) for one in apps_of(app, options)]:
            from tray_app.cli.teams import side_by_side

            with _ended_by_term():
                return side_by_side.watch(several, options, terminal, tr)
    if options.json or not terminal.has_screen:
        return _one_below_another(app, options, terminal, tr)
    past: deque[view.Sample] = deque(maxlen=view.KEPT)
    seen = Watched(app)
    offset = time.localtime().tm_gmtoff

    def paint(look: Look) -> None:
        past.append(view.sample(look.facts.overview, look.diagnosis, seen.marks(look)))
        window = view.WatchFrame(
            terminal.columns, terminal.rows, offset, options.interval, terminal.can_show(view.BLOCKS)
        )
        facts = look.facts.overview, look.diagnosis, look.remedies
        terminal.paint(view.frame(*facts, tuple(past), window, tr, seen.drawn(look)))

    look = None
    try:
        with terminal.screen(), _ended_by_term():
            look = _looks(app, options, paint)
    except KeyboardInterrupt:
        return DONE
    if look is not None:
        show(look, terminal, tr, as_json=False, over_time=True)  # what --count ended with stays
    return DONE


class Watched:
    """What was seen since the watching began, kept as the tray keeps it, but in memory alone."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._keeper = HistoryKeeper(None)
        self._marked_until: float | None = None

    def marks(self, look: Look) -> tuple[Mark, ...]:
        """What happened since the look before; of the time before the first look nothing."""
        self._keeper.note(look, self._app.journal)
        before, self._marked_until = self._marked_until, look.facts.at.taken_at
        if before is None:
            return ()
        return tuple(one for one in self._keeper.unwritten.marks if one.at > before)

    def drawn(self, look: Look) -> view.WatchPictures:
        shown = frame(TimeWindow.HOUR, look.facts.at.taken_at)
        finished = [one for one in self._keeper.unwritten.finished if one.ended_at >= shown.since]
        memory = memory_picture(memory_use(look.facts, ()))
        return view.WatchPictures(memory, lanes(shown, finished, (), {}))


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
