"""Several Ollamas watched side by side, each on a thread of its own, for whoever asks what they are like.

It only reads: no history is written, no lock is taken, and a tray app beside it is not disturbed.
"""

import logging
import platform
import threading
import time
from collections.abc import Iterator, Sequence

from tray_app import __version__
from tray_app.app.rhythm import SECOND_SAMPLE_S, pause_s
from tray_app.app.watch import Look
from tray_app.app.wiring import App
from tray_app.core.report.metrics.catalog import LOOK_ERRORS
from tray_app.core.report.metrics.machine import of_exporter, of_journal, of_machine
from tray_app.core.report.metrics.metric import Reported
from tray_app.core.report.metrics.ollama import of_ollama
from tray_app.core.report.metrics.tally import Tally, counted
from tray_app.core.report.metrics.watched import WatchedOllama
from tray_app.core.values.own_use import OwnTotals
from tray_app.core.values.snapshot import Pressure
from tray_app.readers.own_use import own_totals
from tray_app.storage.journal import Folded

log = logging.getLogger(__name__)

LAST_LOOK_S = 6.0
"""A look that is under way at the end: longer than a poll may take."""


class OllamaWatch:
    """One Ollama. Its thread owns the App; what it saw is frozen and may be read by any."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.seen: WatchedOllama | None = None
        self.tally: Tally | None = None
        self.journal: Folded | None = None
        self.url = ""
        self.errors = 0
        self.open_webui_expected = False
        self._look: Look | None = None

    def look(self) -> None:
        """One look; typed errors of the way there, such as an address that is none, are raised."""
        self.app.settings_file.reload()
        began = time.perf_counter()
        look = self.app.observer.look()
        seen = WatchedOllama(
            url=self.app.ollama_url,
            local=self.app.ollama_is_local,
            snapshot=look.snapshot,
            diagnosis=look.diagnosis,
            budget_bytes=look.facts.budget_bytes,
            used_bytes=look.facts.used_bytes,
            alerts=tuple((one.finding, one.state.value) for one in look.alerts.alerts.values()),
            took_s=time.perf_counter() - began,
        )
        named = self.app.named_open_webui or self.app.state.read().connected_url
        self.open_webui_expected = self.open_webui_expected or bool(named) or look.facts.open_webui is not None
        self.journal = self.app.changes()
        self.tally = counted(self.tally, seen)
        self._look, self.seen = look, seen

    def pause_s(self) -> float:
        """By the tray's own rhythm."""
        settings = self.app.settings_file.settings
        if self._look is None:
            return pause_s(settings, None, idle=False)
        facts = self._look.facts
        no_model = facts.ollama is not None and not facts.ollama.loaded
        return pause_s(settings, self._look.diagnosis.level, idle=no_model and facts.pressure is Pressure.NORMAL)

    def run(self, over: threading.Event, interval_s: float | None) -> None:
        while not over.is_set():
            try:
                self.look()
            except Exception:  # the edge of this thread: a fault in one look must not end the others
                self.errors += 1
                log.exception("a look failed")
            over.wait(interval_s or self.pause_s())


class Exporting:
    """All of them, and what they come to. The first is that of this machine, Open WebUI and the journal."""

    def __init__(self, apps: Sequence[App], *, counts: bool = True, of_process: bool = True) -> None:
        """Not `counts`: who looks once has counted nothing. Not `of_process`: who hands it on tells of its own process
        by the same names."""
        self._watches = tuple(OllamaWatch(app) for app in apps)
        self._counts = counts
        self._of_process = of_process
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.scrape_s: float | None = None

    def look_once(self) -> None:
        """At all of them, twice, so that rates are known."""
        self.look_again()
        time.sleep(SECOND_SAMPLE_S)
        self.look_again()

    def look_again(self) -> None:
        """On the caller's thread."""
        for watch in self._watches:
            watch.look()

    def begin(self, interval_s: float | None) -> None:
        """A thread for each; what is wrong with an address is told at once."""
        for watch in self._watches:
            watch.app.observer  # noqa: B018 - made here: it may raise
            watch.url = watch.app.ollama_url
        for watch in self._watches:
            thread = threading.Thread(target=watch.run, args=(self._over, interval_s), name="look", daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(LAST_LOOK_S)

    def took(self, seconds: float) -> None:
        """The newest scrape."""
        self.scrape_s = seconds

    def reported(self) -> Iterator[Reported]:
        """Every sample that there is now. Asked on any thread."""
        own = own_totals() if self._of_process else OwnTotals()
        yield from of_exporter(__version__, platform.python_version(), own, self.scrape_s)
        first = self._watches[0]
        if first.seen is not None:
            yield from of_machine(first.seen.snapshot, open_webui_expected=first.open_webui_expected)
        if first.journal is not None and not first.journal.broken:
            yield from of_journal(first.journal.lines, first.journal.all)
        for watch in self._watches:
            seen, tally = watch.seen, watch.tally
            if self._counts and watch.url:
                yield Reported(LOOK_ERRORS, float(watch.errors), (watch.url,))
            if seen is not None:
                yield from of_ollama(seen, first=watch is first)
            if tally is not None and self._counts:
                yield from tally.reported()
