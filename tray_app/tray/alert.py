"""One message before there is an icon, or instead of one: a box, or a notice where the system has no box of its own."""

import subprocess
import sys
import time

from tray_app.core.menu.screen import NoticeView
from tray_app.tray.base import NAME

ALERT_WITHIN_S = 600.0
"""A box stays until it is read, but must not keep a process for ever."""
NOTICE_TAKES_S = 2.0

if sys.platform == "win32":
    import ctypes

    from tray_app.tray._dpi import become_aware

    WARNING, FOREGROUND = 0x30, 0x10000
    """MB_ICONWARNING and MB_SETFOREGROUND of winuser.h."""

    def show(text: str) -> None:
        """Returns when the box is closed."""
        become_aware()
        ctypes.windll.user32.MessageBoxW(None, text, NAME.capitalize(), WARNING | FOREGROUND)

elif sys.platform == "darwin":

    def show(text: str) -> None:
        """Apple's script runner, with the words as arguments: no text becomes script."""
        script = "on run argv\ndisplay alert (item 1 of argv) message (item 2 of argv) as warning\nend run"
        argv = ["/usr/bin/osascript", "-e", script, "--", NAME.capitalize(), text]
        subprocess.run(argv, check=False, capture_output=True, timeout=ALERT_WITHIN_S)  # noqa: S603 - fixed words

else:

    def show(text: str) -> None:
        """By the session bus; where there is none, the log alone has it."""
        from tray_app.tray.linux.notify import BusNotifier

        notifier = BusNotifier(lambda _command: None)
        notifier.show(NoticeView(NAME.capitalize(), text, "alert", urgent=True))
        time.sleep(NOTICE_TAKES_S)
        notifier.close()
