"""Notices, by the first way that works here. A notice may never appear: icon and menu always carry the same message.

Linux: the session bus (buttons). macOS and Windows: desktop-notifier where it says it can do something (buttons), else
the system's plain way. What fails is logged once and never raised.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from tray_app.core.command import Command
from tray_app.core.view.screen import NoticeView

log = logging.getLogger(__name__)

Send = Callable[[Command], None]


class Notifier(Protocol):
    def show(self, notice: NoticeView) -> None:
        """Returns at once, never raises. Safe from any thread."""

    def close(self) -> None: ...


class SaidOnce:
    """Logs the first failure of its kind, so that a missing service does not fill the log."""

    def __init__(self) -> None:
        self._said = False

    def __call__(self, error: BaseException) -> None:
        if not self._said:
            self._said = True
            log.warning("Notices cannot be shown (%s); the icon and the menu carry the message", error)


class Fallback:
    """The first of two ways, until it turns out that it cannot show anything here."""

    def __init__(self, first: Notifier, able: Callable[[], bool], second: Notifier) -> None:
        self._first, self._able, self._second = first, able, second

    def show(self, notice: NoticeView) -> None:
        (self._first if self._able() else self._second).show(notice)

    def close(self) -> None:
        self._first.close()
        self._second.close()


def open_linux_notifier(send: Send) -> Notifier:
    from tray_app.tray._notify_linux import BusNotifier  # jeepney is there on Linux only

    return BusNotifier(send)
