"""The Windows notification area: pystray's backend with a menu built right before it pops up.

pystray rebuilds its menu from any thread and destroys one that is open, after which the icon is dead. Its window also
vetoes the end of the session and does not hear WM_CLOSE. The icon has a thread of its own: the main thread waits,
because a thread inside the message loop does not see Ctrl-C.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from tray_app.core.menu.screen import NoticeView, View
from tray_app.core.values.command import Quit
from tray_app.core.values.errors.life import TrayProblem, TrayUnavailable
from tray_app.tray import notify
from tray_app.tray._dpi import become_aware
from tray_app.tray.base import NAME, Send
from tray_app.tray.clip import clip_utf16
from tray_app.tray.main_thread import guarded

log = logging.getLogger(__name__)

# Without the end mark: NOTIFYICONDATAW.szTip[128], szInfoTitle[64], szInfo[256].
TOOLTIP_UNITS, TITLE_UNITS, BODY_UNITS = 127, 63, 255
CTRL_C_SEEN_WITHIN_S = 0.5


def open_windows(send: Send) -> "WindowsTray":
    become_aware()
    os.environ["PYSTRAY_BACKEND"] = "win32"
    try:
        from tray_app.tray._winmenu import make_icon
    except (ImportError, OSError) as error:  # OSError: a DLL or one of its functions is missing
        raise TrayUnavailable(TrayProblem.BROKEN, str(error)) from error
    return WindowsTray(send, make_icon)


class WindowsTray:
    """Threads: `show`, `notify` and `stop` from any; the icon and its messages on the icon's own."""

    def __init__(self, send: Send, make_icon: Callable[..., Any]) -> None:
        self._send = send
        self._shown: View | None = None
        self._icon = make_icon(NAME, send, self._ended)
        self._notifier = notify.open_windows_notifier(send, self._balloon, self._icon.accepts_notices)

    def show(self, view: View) -> None:
        self._icon.post(lambda: self._show(view))

    def notify(self, notice: NoticeView) -> None:
        self._notifier.show(notice)

    def copy(self, text: str) -> None:
        self._icon.post(lambda: self._icon.copy(text))

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        def ready() -> None:
            self._icon.reveal()
            started()

        def work() -> None:
            self._icon.run(setup=lambda _icon: self._icon.post(guarded(ready)))

        thread = threading.Thread(target=work, name="tray")
        before = {number: signal.signal(number, self._signalled) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            thread.start()
            while thread.is_alive():
                thread.join(CTRL_C_SEEN_WITHIN_S)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._notifier.close()

    def stop(self) -> None:
        self._icon.post(self._icon.stop)

    def _signalled(self, _number: int, _frame: object) -> None:
        self._ended()

    def _ended(self) -> None:
        """Ctrl-C, `taskkill`, or the session ends."""
        self._send(Quit())
        self.stop()

    def _show(self, view: View) -> None:
        shown, self._shown = self._shown, view
        if shown is None or (view.shape, view.works) != (shown.shape, shown.works):
            self._icon.set_shape(view.shape, works=view.works)
        if shown is None or view.tooltip != shown.tooltip:
            self._icon.title = clip_utf16(view.tooltip, TOOLTIP_UNITS)
        if shown is None or view.menu != shown.menu:
            self._icon.set_rows(view.menu.rows)
        if view.visible != (shown is None or shown.visible):
            self._icon.visible = view.visible

    def _balloon(self, notice: NoticeView) -> None:
        title, body = clip_utf16(notice.title, TITLE_UNITS), clip_utf16(notice.body, BODY_UNITS)
        self._icon.post(lambda: self._icon.notify(body, title))
