"""The tray as the rest of the app sees it: show a frame, show a notice, run until stopped."""

import sys
from collections.abc import Callable
from typing import Protocol

from tray_app.core.menu.screen import NoticeView, View
from tray_app.core.values.command import Command

NAME = "elbowroom"
Send = Callable[[Command], None]


class Tray(Protocol):
    """One icon. Clicks arrive through the `send` given to `open_tray`, on the screen's thread: it must only queue."""

    def show(self, view: View) -> None:
        """Shows a frame. Safe from any thread, returns at once; only differences reach the system."""

    def notify(self, notice: NoticeView) -> None:
        """Shows a notice where the system can. Safe from any thread, returns at once, never raises."""

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Shows the icon and handles clicks until `stop`. Call it on the main thread.

        `started` runs once the icon is up. SIGINT, SIGTERM and the end of the session send Quit and end it too.
        """

    def stop(self) -> None:
        """Ends `run`. Safe from any thread."""


def open_tray(send: Send) -> Tray:
    """The tray of this system. TrayUnavailable where no icon with a menu can be shown.

    Nothing of pystray is imported before this call: its import fails in many ways, and only the tray needs it.
    """
    if sys.platform == "darwin":
        from tray_app.tray._macos import open_macos as opened
    elif sys.platform == "win32":
        from tray_app.tray._windows import open_windows as opened
    else:
        from tray_app.tray._linux import open_linux as opened
    return opened(send)
