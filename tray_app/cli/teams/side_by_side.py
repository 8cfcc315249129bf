"""`status` and `watch` of several Ollamas: a row each, and one answer of JSON for all."""

import time
from argparse import Namespace
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack

from msgspec import Struct

from tray_app.app.watch import Look
from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.terminal import Terminal
from tray_app.core.report import status as report
from tray_app.core.text import side_by_side as view
from tray_app.core.text import status as status_view
from tray_app.core.text.text import Translator
from tray_app.core.text.watch import WatchFrame


class LookedAt(Struct, frozen=True):
    url: str
    look: Look


class AllHosts(AbstractContextManager["AllHosts"]):
    """Looks at all of them at the same time: one that hangs keeps nobody waiting for longer than its own look. Each has
    a thread of its own, which owns its App."""

    def __init__(self, apps: Sequence[App]) -> None:
        self._threads = [(app, ThreadPoolExecutor(max_workers=1)) for app in apps]

    def look(self, *, twice: bool = False) -> list[LookedAt]:
        """`twice`: so that rates are known."""
        waited = [thread.submit(_look, app, twice=twice) for app, thread in self._threads]
        return [one.result() for one in waited]

    def __exit__(self, *_: object) -> None:
        for _app, thread in self._threads:
            thread.shutdown(cancel_futures=True)


def _look(app: App, *, twice: bool) -> LookedAt:
    app.settings_file.reload()
    look = app.observer.look_twice() if twice else app.observer.look()
    return LookedAt(app.ollama_url, look)


def status(apps: Sequence[App], options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Two samples of each, one second apart."""
    with AllHosts(apps) as hosts:
        if options.json:
            seen = hosts.look(twice=True)
        else:
            with terminal.progress() as progress:
                progress.update(status_view.looking(tr))
                seen = hosts.look(twice=True)
    _show(seen, terminal, tr, as_json=options.json, over_time=False)
    return DONE


def watch(apps: Sequence[App], options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """One look at each per interval until --count or Ctrl-C; what --count ended with stays."""
    on_screen = terminal.has_screen and not options.json
    offset = time.localtime().tm_gmtoff
    seen: list[LookedAt] = []

    def tell() -> None:
        if on_screen:
            window = WatchFrame(terminal.columns, terminal.rows, offset, options.interval)
            terminal.paint(view.frame(_rows(seen), window, tr))
        else:
            _show(seen, terminal, tr, as_json=options.json, over_time=True)

    try:
        with AllHosts(apps) as hosts, ExitStack() as ends:
            if on_screen:
                ends.enter_context(terminal.screen())
            count, due = 0, time.monotonic()
            while True:
                seen = hosts.look()
                tell()
                count += 1
                if options.count and count >= options.count:
                    break
                if not on_screen and not options.json:
                    terminal.text("---")
                now = time.monotonic()
                due = max(due + options.interval, now)
                time.sleep(due - now)
    except KeyboardInterrupt:
        return DONE
    if on_screen:
        _show(seen, terminal, tr, as_json=False, over_time=True)
    return DONE


def _rows(seen: Sequence[LookedAt]) -> list[view.HostRow]:
    return [view.HostRow(one.url, one.look.facts.overview, one.look.diagnosis) for one in seen]


def _show(seen: Sequence[LookedAt], terminal: Terminal, tr: Translator, *, as_json: bool, over_time: bool) -> None:
    if not as_json:
        terminal.show(view.lines(_rows(seen), tr))
        return
    hosts = []
    for one in seen:
        look, alerts = one.look, one.look.alerts.words() if over_time else None
        made = report.status(look.snapshot, look.diagnosis, look.remedies, look.facts.budget, alerts)
        hosts.append({"url": one.url, **made})
    terminal.json({"schema": report.SCHEMA, "hosts": hosts})
