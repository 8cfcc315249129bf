"""The Linux panel: over the session bus where a panel listens there, else an AppIndicator over pystray's backend.

Pushed on change and at most once a second: panels have been seen to crash at bursts of 50 menus a second.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from tray_app.core.menu.screen import NoticeView, View
from tray_app.core.values.command import Quit
from tray_app.core.values.errors.life import TrayProblem, TrayUnavailable
from tray_app.tray import notify
from tray_app.tray.base import NAME, Send, TrayHost
from tray_app.tray.linux.host import find_host
from tray_app.tray.main_thread import guarded

log = logging.getLogger(__name__)

PUSH_EVERY_S = 1.0
NEWER_KIND_COMES_S = 1.0
"""XFCE's panel is of both kinds, and of the older one first."""
SYSTEM_GI = ("lib/python3/dist-packages/gi", "lib*/python3.*/site-packages/gi")
"""Where Debian and Ubuntu, and where Fedora, Arch and openSUSE install PyGObject, below /usr."""


def open_linux(send: Send) -> "LinuxTray":
    """TrayUnavailable says which part is missing; the cheap look at the bus comes before any library."""
    host = find_host(os.environ)
    if host is TrayHost.XEMBED:
        time.sleep(NEWER_KIND_COMES_S)
        host = find_host(os.environ)
    if host is TrayHost.STATUS_NOTIFIER:
        os.environ["PYSTRAY_BACKEND"] = "dummy"  # ours is another one, on pystray's own base
        from tray_app.tray.linux.status_notifier import StatusNotifier

        return LinuxTray(send, StatusNotifier)
    os.environ["PYSTRAY_BACKEND"] = "appindicator"  # its Xorg backend has no menu
    try:
        _borrow_gi()
        with _without_gl():
            from tray_app.tray.linux.appindicator import AppIndicator
    except (ImportError, ValueError) as error:  # ValueError: gi finds no typelib of that name
        raise TrayUnavailable(_missing(), str(error)) from error
    return LinuxTray(send, AppIndicator)


def _missing() -> TrayProblem:
    """PyGObject is built for one Python: Debian's python3-gi is of no use to one from elsewhere."""
    if find_spec("gi") is None:
        return TrayProblem.OTHER_PYTHON if _system_gi() else TrayProblem.NO_LIBRARY
    try:
        import gi

        gi.require_version("Gtk", "3.0")
    except ImportError:
        return TrayProblem.BROKEN
    except ValueError:
        return TrayProblem.NO_INDICATOR
    from gi.repository import Gtk

    # A display that is named and does not answer fails the library's import, too.
    return TrayProblem.NO_INDICATOR if Gtk.init_check()[0] else TrayProblem.NO_DISPLAY


def _system_gi() -> list[Path]:
    return [path for place in SYSTEM_GI for path in sorted(Path("/usr").glob(place)) if os.path.isdir(path)]


def _borrow_gi() -> None:
    """PyGObject is no wheel, so an environment of pip, pipx or uv lacks it: where the system's own fits this Python, it
    alone is taken from there, with nothing that lies beside it."""
    if find_spec("gi") is not None:
        return
    for folder in _system_gi():
        if os.path.isfile(folder / f"_gi{EXTENSION_SUFFIXES[0]}"):
            spec = spec_from_file_location("gi", folder / "__init__.py", submodule_search_locations=[str(folder)])
            assert spec is not None
            assert spec.loader is not None
            sys.modules["gi"] = module = module_from_spec(spec)
            try:
                spec.loader.exec_module(module)
            except ImportError:
                del sys.modules["gi"]
                raise
            return


@contextmanager
def _without_gl() -> Iterator[None]:
    """The first GTK program of a desktop loads the GL driver to look for visuals (gdkvisual-x11.c), 12 MB that only we
    would pay for and never use. GDK reads the variable when it is imported; what we start later must not inherit it."""
    before = os.environ.get("GDK_GL")
    os.environ.setdefault("GDK_GL", "disable")
    try:
        yield
    finally:
        if before is None:
            del os.environ["GDK_GL"]


class LinuxTray:
    """The icon appears with the first frame: without a menu an AppIndicator stays invisible for good.

    Threads: `show`, `notify` and `stop` from any; all else runs in the GLib loop of the main thread."""

    def __init__(self, send: Send, make: Callable[..., Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._send = send
        self._clock = clock
        self._shown: View | None = None
        self._waiting: View | None = None
        self._timer = False
        self._ready = False
        self._pushed_at = float("-inf")
        self._indicator = make(NAME, send)
        self._notifier = notify.open_linux_notifier(send)

    def show(self, view: View) -> None:
        self._indicator.post(lambda: self._arrived(view))

    def notify(self, notice: NoticeView) -> None:
        self._notifier.show(notice)

    def copy(self, text: str) -> None:
        self._indicator.post(lambda: self._indicator.copy(text))

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        def ready() -> None:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._signalled)
            self._ready = True
            self._push()
            started()

        try:
            self._indicator.run(guarded(ready))
        finally:
            self._notifier.close()

    def stop(self) -> None:
        self._indicator.post(self._indicator.stop)

    def _signalled(self, _number: int, _frame: object) -> None:
        self._send(Quit())
        self.stop()

    def _arrived(self, view: View) -> None:
        self._waiting = view
        wait_s = self._pushed_at + PUSH_EVERY_S - self._clock()
        if wait_s <= 0:
            self._push()
        elif not self._timer:
            self._timer = True
            self._indicator.later(wait_s, self._due)

    def _due(self) -> None:
        self._timer = False
        self._push()

    def _push(self) -> None:
        view, shown = self._waiting, self._shown
        if view is None or view == shown or not self._ready:
            return
        self._waiting = None
        if shown is None or (view.shape, view.works) != (shown.shape, shown.works):
            self._indicator.set_icon(view.shape, works=view.works)
        if shown is None or view.tooltip != shown.tooltip:
            self._indicator.set_tooltip(view.tooltip)
        if shown is None or view.menu != shown.menu:
            self._indicator.set_rows(view.menu.rows)
        if shown is None:
            self._indicator.reveal()
        if view.visible != (shown is None or shown.visible):
            self._indicator.set_visible(view.visible)
        self._shown, self._pushed_at = view, self._clock()
