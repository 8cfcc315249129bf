"""The macOS menu bar: pystray's backend with every AppKit call on the main thread and one NSMenu for life.

macOS 26 and 27 end a process that changes its menu bar item on another thread, without a traceback; pystray's own
start does that. And pystray finds a clicked row by its index in the newest menu: after a rebuild under an open menu a
click would run another row's action. Here the menu is filled when it opens and left alone while it is open, and row
numbers are never used twice, so that an old row can only ever run its own action.
"""

import io
import logging
import os
import signal
from collections.abc import Callable
from typing import Any

from tray_app.core.menu.screen import NoticeView, Shape, View
from tray_app.core.values.command import Quit
from tray_app.core.values.errors.life import TrayProblem, TrayUnavailable
from tray_app.tray import art, notify
from tray_app.tray.base import IMAGE_POINTS, NAME, Send
from tray_app.tray.main_thread import Work, guarded

log = logging.getLogger(__name__)

COLOURED = {Shape.OVERLOADED}
"""All others are template images, which macOS draws in the menu bar's own colour, light or dark."""


def open_macos(send: Send) -> "MacTray":
    os.environ["PYSTRAY_BACKEND"] = "darwin"
    try:
        from tray_app.tray._nsmenu import make_icon
    except ImportError as error:
        raise TrayUnavailable(TrayProblem.BROKEN, str(error)) from error
    return MacTray(send, make_icon)


class MacTray:
    """Threads: `show`, `notify` and `stop` from any; all else on the main thread."""

    def __init__(self, send: Send, make_icon: Callable[..., Any]) -> None:
        from PyObjCTools import AppHelper

        self._send = send
        self._post_on_main = AppHelper.callAfter
        self._shown: View | None = None
        self._activity: object | None = None
        self._icon = make_icon(NAME, send)
        self._notifier = notify.open_macos_notifier(send)

    def _post(self, work: Work) -> None:
        self._post_on_main(guarded(work))

    def show(self, view: View) -> None:
        self._post(lambda: self._show(view))

    def notify(self, notice: NoticeView) -> None:
        self._notifier.show(notice)

    def copy(self, text: str) -> None:
        self._post(lambda: self._icon.copy(text))

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        def ready() -> None:
            from PyObjCTools import MachSignals

            # Python's own handlers do not run inside NSApplication.run; pystray's ends the process in C.
            for number in (signal.SIGINT, signal.SIGTERM):
                MachSignals.signal(number, self._signalled)
            self._icon.call_at_the_end(self._signalled)
            self._icon.reveal()
            started()

        try:
            self._icon.run(setup=lambda _icon: self._post(ready))
        finally:
            self._notifier.close()

    def stop(self) -> None:
        self._post(self._icon.stop)

    def _signalled(self, *_: object) -> None:
        self._send(Quit())
        self._icon.stop()

    def _show(self, view: View) -> None:
        shown, self._shown = self._shown, view
        if shown is None or (view.shape, view.works) != (shown.shape, shown.works):
            self._icon.set_image(picture(view.shape, works=view.works), template=view.shape not in COLOURED)
        if shown is None or view.tooltip != shown.tooltip:
            self._icon.title = view.tooltip
        if shown is None or view.menu != shown.menu:
            self._icon.set_rows(view.menu.rows)
        if shown is None or view.punctual != shown.punctual:
            self._keep_punctual(on=view.punctual)
        if view.visible != (shown is None or shown.visible):
            self._icon.visible = view.visible

    def _keep_punctual(self, *, on: bool) -> None:
        """Holds App Nap off only while polls must be on time: napping, one a second becomes one in eight."""
        import Foundation

        process = Foundation.NSProcessInfo.processInfo()
        if on and self._activity is None:
            options = Foundation.NSActivityUserInitiatedAllowingIdleSystemSleep
            self._activity = process.beginActivityWithOptions_reason_(options, "Watching an overloaded model")
        elif not on and self._activity is not None:
            process.endActivity_(self._activity)
            self._activity = None


def picture(shape: Shape, *, works: bool = False) -> bytes:
    """PNG at twice the points."""
    data = io.BytesIO()
    art.draw(shape, 2 * IMAGE_POINTS, template=shape not in COLOURED, works=works).save(data, "png")
    return data.getvalue()
