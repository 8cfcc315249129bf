"""pystray's Windows icon: menu on demand, pictures in the size the tray shows, the messages it does not hear."""

import ctypes
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pystray
from pystray._util import win32

from tray_app.core.menu.screen import Row, Shape
from tray_app.tray import art
from tray_app.tray._dpi import small_icon_size
from tray_app.tray._winclip import copy_text
from tray_app.tray.base import Send
from tray_app.tray.clip import escape_ampersands
from tray_app.tray.main_thread import Mailbox, Work
from tray_app.tray.rows import items

log = logging.getLogger(__name__)

windll: Any = getattr(ctypes, "windll", None)  # there on Windows only

# WinUser.h
WM_CLOSE, WM_QUERYENDSESSION, WM_ENDSESSION, WM_DPICHANGED = 0x0010, 0x0011, 0x0016, 0x02E0
# A message of our own; pystray uses WM_USER + 10 and + 11.
WM_WORK = win32.WM_USER + 20
# shellapi.h, QUERY_USER_NOTIFICATION_STATE: neither locked, full screen, presenting nor in quiet time.
ACCEPTS_NOTIFICATIONS = 5
PIXELS = (16, 20, 24, 32, 40, 48, 64)
"""Small icon sizes at 100, 125, 150, 200, 250, 300 and 400 % scaling."""
ADD_AGAIN_AFTER_S = 3.0


def fitting(wanted: int) -> int:
    """The smallest picture that is not smaller than the tray's own size: Windows shrinks better than it enlarges."""
    return next((size for size in PIXELS if size >= wanted), PIXELS[-1])


class TaskbarIcon(pystray.Icon):  # type: ignore[misc]  # pystray has no types
    """Threads: `post` from any; everything else runs in the thread of the message loop."""

    def __init__(self, name: str, send: Send, ended: Callable[[], None]) -> None:
        self._shape, self._works = Shape.UNKNOWN, False
        self._icon_handle: Any = None
        super().__init__(name, icon=self._picture(), title=name, menu=pystray.Menu())
        self._send_command = send
        self._mailbox = Mailbox()
        self._menu_is_open = False
        self._menu_handle = None
        self._message_handlers.update(
            {
                WM_WORK: lambda _w, _l: self._mailbox.drain(),
                WM_QUERYENDSESSION: lambda _w, _l: 1,
                WM_ENDSESSION: lambda ends, _l: ended() if ends else None,
                WM_CLOSE: lambda _w, _l: ended(),
                WM_DPICHANGED: self._on_display_change,
            }
        )

    def post(self, work: Work) -> None:
        """Kept until the window is there."""
        self._mailbox.put(work)
        if self._hwnd:
            win32.PostMessage(self._hwnd, WM_WORK, 0, 0)

    def reveal(self) -> None:
        self.visible = True

    def copy(self, text: str) -> None:
        copy_text(self._hwnd, text)

    def set_shape(self, shape: Shape, *, works: bool = False) -> None:
        self._shape, self._works = shape, works
        self.icon = self._picture()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """The rows of the next popup: nothing is built now."""
        self.menu = pystray.Menu(*items(rows, self._send_command, escape_ampersands))

    def accepts_notices(self) -> bool:
        """False while the session is locked, presents or runs something full screen."""
        state = ctypes.c_int()
        failed: int = windll.shell32.SHQueryUserNotificationState(ctypes.byref(state))
        return bool(failed) or state.value == ACCEPTS_NOTIFICATIONS

    def _picture(self) -> Any:
        return art.draw(self._shape, fitting(small_icon_size()), works=self._works)

    # --- what pystray calls ---

    def _mark_ready(self) -> None:
        """Both windows are there."""
        self._HWND_TO_ICON[self._menu_hwnd] = _MenuOwner(self._menu_hwnd)
        super()._mark_ready()

    def _update_menu(self) -> None:
        """pystray asks after every click and change; only a popup needs a menu."""

    def _on_notify(self, wparam: int, lparam: int) -> None:
        """Either button opens the menu; no click on the icon itself does anything else."""
        if lparam not in (win32.WM_LBUTTONUP, win32.WM_RBUTTONUP) or self._menu_is_open:
            return
        self._menu_is_open = True
        try:
            super()._update_menu()
            super()._on_notify(wparam, win32.WM_RBUTTONUP)
        finally:
            self._menu_is_open = False

    def _on_display_change(self, _wparam: int, _lparam: int) -> None:
        self.icon = self._picture()

    def _show(self) -> None:
        """Adding fails now and then while a session starts; pystray would stay invisible until the shell restarts."""
        self._assert_icon_handle()
        added = self._add()
        if not added:
            again = threading.Timer(ADD_AGAIN_AFTER_S, lambda: self.post(self._show_again))
            again.daemon = True
            again.start()

    def _show_again(self) -> None:
        if self._running and self.visible:
            self._show()

    def _add(self) -> bool:
        data = win32.NOTIFYICONDATAW(
            cbSize=ctypes.sizeof(win32.NOTIFYICONDATAW),
            hWnd=self._hwnd,
            uFlags=win32.NIF_MESSAGE | win32.NIF_ICON | win32.NIF_TIP,
            uCallbackMessage=win32.WM_NOTIFY,
            hIcon=self._icon_handle,
            szTip=self.title,
        )
        return bool(win32.Shell_NotifyIcon(win32.NIM_ADD, data))

    def _assert_icon_handle(self) -> None:
        """Loads the picture in its own size.

        pystray lets Pillow write its usual sizes (none of 20 pixels), asks for 32 and lets the shell shrink that.
        """
        if self._icon_handle:
            return
        size = self.icon.size[0]
        handle, name = tempfile.mkstemp(".ico")
        try:
            with os.fdopen(handle, "wb") as file:
                self.icon.save(file, "ICO", sizes=[self.icon.size])
            self._icon_handle = win32.LoadImage(None, name, win32.IMAGE_ICON, size, size, win32.LR_LOADFROMFILE)
        finally:
            Path(name).unlink()


class _MenuOwner:
    """What pystray's second window hears.

    `taskkill` closes every window of a program. That one would be destroyed, and destroying it again is how pystray's
    loop would fail at its end.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._log = log
        self._message_handlers = self

    def get(self, message: int, _default: object) -> Callable[[int, int], int]:
        if message == WM_CLOSE:
            return lambda _w, _l: 0
        return lambda wparam, lparam: int(win32.DefWindowProc(self._window, message, wparam, lparam))


def make_icon(name: str, send: Send, ended: Callable[[], None]) -> TaskbarIcon:
    return TaskbarIcon(name, send, ended)
