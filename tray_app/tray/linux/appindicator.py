"""For panels of the older kind (XEmbed), where its library draws icon and menu itself: pystray's AppIndicator icon with
our menu, our icon files and no handlers of its own. Imports fail without gi.

A new menu closes an open one. So a frame whose rows differ in words alone changes the words in place.
"""

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

import pystray
from gi.repository import GLib
from pystray import _appindicator

from tray_app.core.menu.screen import Row, Shape
from tray_app.tray import art
from tray_app.tray.base import TITLE, Send
from tray_app.tray.linux.icon_files import IconFiles, name
from tray_app.tray.main_thread import Work, guarded
from tray_app.tray.rows import RowItem, differ_in_words_only, items, tidy

log = logging.getLogger(__name__)


class _Icon(_appindicator.Icon):  # type: ignore[misc]  # pystray has no types
    """Without pystray's own notifier (which raises where no notification service runs), signal handler and files."""

    theme_icon = name(Shape.UNKNOWN)

    def _initialize(self) -> None:
        self._mark_ready()

    def _finalize(self) -> None:
        del self._appindicator

    def _update_fs_icon(self) -> None:
        self._icon_path = self.theme_icon
        self._icon_valid = True

    def _remove_fs_icon(self) -> None:
        self._icon_valid = False


class AppIndicator:
    """Threads: `post` and `run` aside, everything is for the thread of the GLib loop."""

    def __init__(self, app: str, send: Send) -> None:
        self._send = send
        self._files = IconFiles(os.environ)
        self._rows: tuple[Row, ...] = ()
        self._icon = _Icon(app, icon=art.draw(Shape.UNKNOWN, 24), title=app, menu=pystray.Menu())
        self._icon._appindicator.set_icon_theme_path(str(self._files.folder))  # noqa: SLF001

    def post(self, work: Work) -> None:
        GLib.idle_add(_once(work))

    def later(self, seconds: float, work: Work) -> None:
        GLib.timeout_add(max(1, int(seconds * 1000)), _once(work))

    def run(self, ready: Work) -> None:
        # The setup thread ends at once: pystray would wait 5 s for it when it stops.
        try:
            self._icon.run(setup=lambda _icon: self.post(ready))
        finally:
            self._files.close()

    def stop(self) -> None:
        self._icon.stop()

    def reveal(self) -> None:
        self._icon.visible = True

    def set_visible(self, visible: bool) -> None:  # noqa: FBT001 - the one thing that it sets
        self._icon.visible = visible

    def copy(self, text: str) -> None:
        """Kept by the desktop's clipboard manager after we are gone, where there is one."""
        from gi.repository import Gdk, Gtk  # after pystray has named their versions

        board = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD)
        board.set_text(text, -1)
        board.store()

    def set_icon(self, shape: Shape, *, works: bool) -> None:  # noqa: ARG002
        """No sentence beside the picture: panels show it above the tooltip, where it would soon say another number. And
        no mark of a model that works: these panels close an open menu when the picture changes."""
        icon = name(shape)
        self._icon.theme_icon = icon
        self._icon._icon_path = icon  # noqa: SLF001
        self._icon._appindicator.set_icon_full(icon, TITLE)  # noqa: SLF001

    def set_tooltip(self, text: str) -> None:
        self._icon.title = text

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Changes words in place where only they differ; else sends a new menu."""
        new = tidy(rows)
        gtk_menu = getattr(self._icon, "_menu_handle", None)
        in_place = gtk_menu is not None and self._rows and differ_in_words_only(self._rows, new)
        if not in_place or not _reword(self._icon.menu, gtk_menu, new):
            self._icon.menu = pystray.Menu(*items(new, self._send))
        self._rows = new


def _once(work: Work) -> Callable[[], bool]:
    run = guarded(work)

    def call() -> bool:
        run()
        return False  # GLib: do not call again

    return call


def _reword(menu: Any, gtk_menu: Any, rows: Sequence[Row]) -> bool:
    """Gives each item its new row and label. False where the menu on screen is not the one we think of."""
    shown = gtk_menu.get_children()
    if not len(shown) == len(rows) == len(menu.items):
        return False
    for item, widget, row in zip(menu.items, shown, rows, strict=True):
        if not isinstance(item, RowItem):
            continue
        if item.row.text != row.text:
            widget.set_label(row.text)
        item.row = row
        if row.children and not _reword(item.submenu, widget.get_submenu(), row.children):
            return False
    return True
