"""Notices, by the first way that works here. A notice may never appear: icon and menu always carry the same message.

Linux: the session bus (buttons). macOS and Windows: desktop-notifier where it says it can do something (buttons), else
the system's plain way. What fails is logged once and never raised.
"""

import queue
import subprocess
import sys
import threading
from collections.abc import Callable

from tray_app.core.menu.screen import NoticeView
from tray_app.core.values.command import NoticeProblem
from tray_app.core.values.reading import Unknown, Why
from tray_app.tray.base import NoticeReport, NoticeWay, Notifier, SaidOnce, Send

CLOSE_WITHIN_S = 2.0
OSASCRIPT_WITHIN_S = 10.0
LOOK_AGAIN_AFTER_S = 30.0


class Fallback:
    """The first of two ways, until it turns out that it cannot show anything here."""

    def __init__(self, first: Notifier, able: Callable[[], bool], second: Notifier) -> None:
        self._first, self._able, self._second = first, able, second

    def show(self, notice: NoticeView) -> None:
        (self._first if self._able() else self._second).show(notice)

    def close(self) -> None:
        self._first.close()
        self._second.close()


class Queued:
    """A plain way to notify (`put`) that may block, in a thread of its own that starts with the first notice."""

    def __init__(self, put: Callable[[NoticeView], None]) -> None:
        self._put = put
        self._queue: queue.SimpleQueue[NoticeView | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._start = threading.Lock()
        self._failed = SaidOnce()

    def show(self, notice: NoticeView) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="plain notices", daemon=True)
                self._thread.start()
        self._queue.put(notice)

    def close(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(CLOSE_WITHIN_S)

    def _work(self) -> None:
        while (notice := self._queue.get()) is not None:
            try:
                self._put(notice)
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                self._failed(error)


def osascript(notice: NoticeView) -> None:
    """Apple's script runner, with the words as arguments: no text of ours or a model's becomes script.

    It shows under Script Editor's name, and nothing until the user allowed that once: the last resort.
    """
    script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
    argv = ["/usr/bin/osascript", "-e", script, "--", notice.title, notice.body]
    subprocess.run(argv, check=True, capture_output=True, timeout=OSASCRIPT_WITHIN_S)  # noqa: S603


class WhenAccepted:
    """Holds notices while the system would drop them (a locked session), and shows the last of each cause then."""

    def __init__(self, put: Callable[[NoticeView], None], accepts: Callable[[], bool]) -> None:
        self._put, self._accepts = put, accepts
        self._held: dict[str, NoticeView] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._closed = False

    def show(self, notice: NoticeView) -> None:
        with self._lock:
            self._held[notice.cause] = notice
        self.flush()

    def flush(self) -> None:
        """Shows what is held, or looks again later."""
        with self._lock:
            if self._closed or not self._held:
                return
            if self._accepts():
                held, self._held = self._held, {}
            else:
                held = {}
                if self._timer is None or not self._timer.is_alive():
                    self._timer = threading.Timer(LOOK_AGAIN_AFTER_S, self._look_again)
                    self._timer.daemon = True
                    self._timer.start()
        for notice in held.values():
            self._put(notice)

    def _look_again(self) -> None:
        with self._lock:
            self._timer = None
        self.flush()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()


def find_way() -> NoticeWay | Unknown:
    """How notices would be shown here, asked without showing one."""
    if sys.platform == "linux":
        from tray_app.tray.linux.notify import find_service

        way = find_service()
    else:
        way = native_way() or plain_way(sys.platform)
    return way


def native_way() -> NoticeWay | None:
    """With buttons; None where it can show nothing."""
    from tray_app.tray._notify_desktop import DesktopNotifier

    notifier = DesktopNotifier(lambda _command: None)
    try:
        return notifier.found()
    finally:
        notifier.close()


def plain_way(system: str) -> NoticeWay:
    """The system's own, without buttons. Neither says whether what it is given is seen."""
    by = "osascript (Script Editor)" if system == "darwin" else "balloon"
    return NoticeWay(by, "", buttons=False, allowed=Unknown(Why.UNSUPPORTED))


def open_linux_notifier(send: Send) -> Notifier:
    from tray_app.tray.linux.notify import BusNotifier  # jeepney is there on Linux only

    return BusNotifier(send)


def open_macos_notifier(send: Send) -> Notifier:
    from tray_app.tray._notify_desktop import DesktopNotifier

    report = NoticeReport(send)

    def put(notice: NoticeView) -> None:
        report(NoticeProblem.SCRIPT_EDITOR)
        osascript(notice)

    first = DesktopNotifier(send)
    return Fallback(first, first.able, Queued(put))


def open_windows_notifier(send: Send, balloon: Callable[[NoticeView], None], accepts: Callable[[], bool]) -> Notifier:
    from tray_app.tray._notify_desktop import DesktopNotifier

    first = DesktopNotifier(send)
    return Fallback(first, first.able, WhenAccepted(balloon, accepts))
