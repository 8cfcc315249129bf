"""Notices through desktop-notifier, where it is installed and able: with buttons on Windows and in a macOS bundle.

Outside a macOS bundle it picks a backend that drops everything and still says that it may notify; only its empty set
of capabilities tells. It wants an asyncio loop, which runs in one thread of its own.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

from tray_app.core.menu.screen import Button, NoticeView
from tray_app.core.values.command import NoticeProblem
from tray_app.core.values.reading import Unknown, Why
from tray_app.tray.base import NoticeReport, NoticeWay, SaidOnce, Send

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 5.0
FOUND_WITHIN_S = 10.0
APP_NAME = "Elbowroom"


async def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """What is still under way at the end: a loop that is closed under it complains when it is collected."""
    pending = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


class DesktopNotifier:
    """`able` is False until the library has answered, and for ever where it cannot show anything."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._failed = SaidOnce()
        self._report = NoticeReport(send)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._library: Any = None
        self._backend: Any = None
        self._asked = threading.Event()
        self._ids: dict[str, str] = {}
        self._thread = threading.Thread(target=self._work, name="notices", daemon=True)
        self._thread.start()

    def able(self) -> bool:
        return self._asked.is_set() and self._backend is not None

    def found(self) -> NoticeWay | None:
        """What it can do here, once that is known; None where it can show nothing."""
        if not self._asked.wait(FOUND_WITHIN_S) or self._loop is None:
            return None
        asked = asyncio.run_coroutine_threadsafe(self._backend.has_authorisation(), self._loop)
        try:
            allowed: bool | Unknown = bool(asked.result(FOUND_WITHIN_S))
        except TimeoutError:
            allowed = Unknown(Why.TIMED_OUT)
        return NoticeWay("desktop-notifier", "", buttons=True, allowed=allowed)

    def show(self, notice: NoticeView) -> None:
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._show(notice), self._loop)

    def close(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_WITHIN_S)

    def _work(self) -> None:
        try:
            import desktop_notifier
        except (ImportError, OSError) as error:  # OSError: the Windows runtime lacks a part
            log.info("desktop-notifier is not used: %s", error)
            self._asked.set()
            return
        self._library = desktop_notifier
        loop = asyncio.new_event_loop()
        try:
            backend = loop.run_until_complete(self._able_backend())
            if backend is not None:
                self._loop, self._backend = loop, backend
        except (OSError, RuntimeError) as error:
            log.info("desktop-notifier is not used: %s", error)
        finally:
            self._asked.set()
        if self._backend is not None:
            loop.run_forever()
            loop.run_until_complete(_cancel_all(loop))
        loop.close()

    async def _able_backend(self) -> Any:
        backend = self._library.DesktopNotifier(app_name=APP_NAME)
        return backend if await backend.get_capabilities() else None

    async def _show(self, notice: NoticeView) -> None:
        urgency = self._library.Urgency.Critical if notice.urgent else self._library.Urgency.Normal
        buttons = [self._library.Button(title=button.text, on_pressed=self._press(button)) for button in notice.buttons]
        try:
            # Asks the user at the first time, and each time what they said: the library sends either way.
            allowed = await self._backend.request_authorisation()
            self._report(None if allowed else NoticeProblem.NOT_ALLOWED)
            if notice.cause in self._ids:
                await self._backend.clear(self._ids[notice.cause])
            self._ids[notice.cause] = await self._backend.send(
                title=notice.title, message=notice.body, urgency=urgency, buttons=buttons
            )
        except (OSError, RuntimeError) as error:
            self._failed(error)

    def _press(self, button: Button) -> Callable[[], None]:
        return lambda: self._send(button.command)
