"""The other Ollamas that `details` was told of, watched side by side with the first while somebody looks at the page.

Each has an App and a thread of its own, so that one that hangs keeps nobody waiting. They are only looked at.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from msgspec.structs import replace

from tray_app.app.rhythm import pause_s
from tray_app.app.watch import Look
from tray_app.app.wiring import App
from tray_app.core.menu.details.hosts import HostSeen
from tray_app.core.text.side_by_side import HostRow

log = logging.getLogger(__name__)


class _Host:
    """One of them. `app` belongs to its thread."""

    def __init__(self, app: App, url: str, looked: Callable[[], None]) -> None:
        self.url = url
        self._app = app
        self._looked = looked
        self._pool = ThreadPoolExecutor(1, "beside")
        self._running: Future[Look] | None = None
        self._due = float("-inf")
        self._seen = HostSeen(url)

    def seen(self) -> HostSeen:
        """The newest; where that was a while ago, the next look is begun."""
        if self._running is not None and self._running.done():
            self._take(self._running)
        if self._running is None and time.monotonic() >= self._due:
            self._running = self._pool.submit(self._look)
            self._running.add_done_callback(lambda _ended: self._looked())
        return self._seen

    def _look(self) -> Look:
        self._app.settings_file.reload()
        return self._app.observer.look()

    def _take(self, ended: "Future[Look]") -> None:
        self._running = None
        error, level = ended.exception(), None
        if error is not None:  # the edge of its thread: a fault in one look must not end the page
            log.error("a look at another Ollama failed", exc_info=error)
            self._seen = replace(self._seen, failed=True)
        else:
            look = ended.result()
            level = look.diagnosis.level
            self._seen = HostSeen(self.url, HostRow(self.url, look.facts.overview, look.diagnosis))
        self._due = time.monotonic() + pause_s(self._app.settings_file.settings, level, idle=False)

    def close(self) -> None:
        """The look that is under way is for nobody; its connections are closed after it."""
        self._pool.submit(self._app.close)
        self._pool.shutdown(wait=False)


class HostsBeside:
    """Owned by the worker. `looked`: one of them was looked at; called on its thread."""

    def __init__(self, urls: Sequence[str], looked: Callable[[], None]) -> None:
        self._urls = urls
        self._looked = looked
        self._hosts: list[_Host] = []
        self._of: App | None = None

    def seen(self, app: App, first: Look | None) -> tuple[HostSeen, ...]:
        """A row each, that of `app` in front; none where only one is watched. They go by its files and its sign-in."""
        if not self._urls:
            return ()
        if self._of is not app:  # another server, or a new sign-in
            self.forget()
            self._of = app
            for url in self._urls:
                self._hosts.append(_Host(App(replace(app.overrides, ollama=url)), url, self._looked))
        own, seen = app.ollama_url, None
        if first is not None:
            seen = HostRow(own, first.facts.overview, first.diagnosis)
        return (HostSeen(own, seen), *(one.seen() for one in self._hosts))

    def forget(self) -> None:
        """Nobody looks any more."""
        for one in self._hosts:
            one.close()
        self._hosts, self._of = [], None
