"""The tray as the rest of the app sees it: show a frame, show a notice, run until stopped."""

import sys

from tray_app.tray.base import Send, Tray


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
