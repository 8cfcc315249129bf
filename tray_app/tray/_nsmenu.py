"""pystray's macOS icon with a menu that is filled when it opens. Everything here is for the main thread."""

from collections.abc import Callable, Sequence
from typing import Any

import AppKit
import Foundation
import pystray

from tray_app.core.menu.screen import Row, Shape
from tray_app.tray import art
from tray_app.tray.base import AUTOSAVE_NAME, IMAGE_POINTS, RowNumbers, Send
from tray_app.tray.rows import items


class MenuWatch(Foundation.NSObject):  # type: ignore[misc]  # PyObjC has no types
    """The menu's delegate: AppKit asks it to fill the menu right before it opens."""

    icon: "MenuBarIcon"

    def menuNeedsUpdate_(self, menu: Any) -> None:  # noqa: N802
        self.icon.fill(menu)

    def menuWillOpen_(self, _menu: Any) -> None:  # noqa: N802
        self.icon.menu_is_open = True

    def menuDidClose_(self, _menu: Any) -> None:  # noqa: N802
        self.icon.menu_is_open = False


class SessionWatch(Foundation.NSObject):  # type: ignore[misc]
    """Hears of log-out, of shut-down, and of others who ask the app to quit (Activity Monitor, a script). AppKit would
    end the process in C right after, without any of our cleaning up."""

    ended: Callable[[], None]
    session_ends = False

    def sessionEnds_(self, _notification: Any) -> None:  # noqa: N802
        self.session_ends = True
        self.ended()

    def applicationShouldTerminate_(self, _application: Any) -> int:  # noqa: N802
        """A log-out must not be held up. Anybody else's wish is done as Quit is, which takes a moment longer."""
        if self.session_ends:
            return int(AppKit.NSTerminateNow)
        self.ended()
        return int(AppKit.NSTerminateCancel)


class MenuBarIcon(pystray.Icon):  # type: ignore[misc]  # pystray has no types
    def __init__(self, name: str, send: Send) -> None:
        super().__init__(name, icon=art.draw(Shape.UNKNOWN, IMAGE_POINTS), title=name, menu=pystray.Menu())
        # Without it a Python outside an app bundle shows its rocket in the Dock.
        self._app.setActivationPolicy_(AppKit.NSApplicationActivationPolicyAccessory)
        self._status_item.setAutosaveName_(AUTOSAVE_NAME)
        self._send_command = send
        self._nsmenu: Any = None
        self._numbers = RowNumbers()
        self._watch = MenuWatch.alloc().init()
        self._watch.icon = self
        self._nsimage: Any = None
        self.menu_is_open = False

    def call_at_the_end(self, ended: Callable[[], None]) -> None:
        """Of the session, or of the app where somebody else asks for it."""
        self._session = SessionWatch.alloc().init()  # kept: neither a notification centre nor the app holds it
        self._session.ended = ended
        self._app.setDelegate_(self._session)
        AppKit.NSWorkspace.sharedWorkspace().notificationCenter().addObserver_selector_name_object_(
            self._session, b"sessionEnds:", AppKit.NSWorkspaceWillPowerOffNotification, None
        )

    def reveal(self) -> None:
        self.visible = True

    def copy(self, text: str) -> None:
        board = AppKit.NSPasteboard.generalPasteboard()
        board.clearContents()
        board.setString_forType_(text, AppKit.NSPasteboardTypeString)

    def set_image(self, png: bytes, *, template: bool) -> None:
        self._nsimage = AppKit.NSImage.alloc().initWithData_(Foundation.NSData(png))
        self._nsimage.setSize_((IMAGE_POINTS, IMAGE_POINTS))
        self._nsimage.setTemplate_(template)
        if self.visible:
            self._assert_image()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """The rows of the next time the menu opens: nothing is drawn now."""
        self.menu = pystray.Menu(*items(rows, self._send_command))

    def fill(self, menu: Any) -> None:
        if self.menu_is_open:
            return
        menu.removeAllItems()
        for item in self.menu:
            menu.addItem_(self._create_menu_item(item, self._numbers))
            self._numbers.append(self._handler(item))

    def __del__(self) -> None:
        """pystray would hide the icon here, on whichever thread collects garbage."""

    # --- what pystray calls ---

    def _update_menu(self) -> None:
        """Once, at the start. Afterwards the menu fills itself."""
        if self._nsmenu is not None:
            return
        self._nsmenu = AppKit.NSMenu.alloc().initWithTitle_(self.name)
        self._nsmenu.setAutoenablesItems_(False)
        self._nsmenu.setDelegate_(self._watch)
        self._menu_handle = (self._nsmenu, self._numbers)
        self._status_item.setMenu_(self._nsmenu)

    def _update_icon(self) -> None:
        """Pictures come through `set_image`, with the pixels and the template flag that pystray cannot set."""
        self._icon_valid = True

    def _assert_image(self) -> None:
        if self._nsimage is not None:
            self._status_item.button().setImage_(self._nsimage)


def make_icon(name: str, send: Send) -> MenuBarIcon:
    return MenuBarIcon(name, send)
