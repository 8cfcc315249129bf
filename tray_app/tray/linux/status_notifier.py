"""Our icon as a StatusNotifierItem with a menu of com.canonical.dbusmenu, over the session bus alone: no GTK, no gi.

It is pystray's own Icon with another way to the screen. What a host (KDE, GNOME's extension, XFCE, LXQt, Waybar) asks
is answered from here, and it is told what is new: freedesktop StatusNotifierItem, and dbus-menu.xml of libdbusmenu.
"""

import logging
import os
import time
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageFlag,
    MessageType,
    message_bus,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import DBusConnection
from PIL import Image
from pystray import _base

from tray_app.core.menu.screen import Row, Shape
from tray_app.core.values.command import Quit
from tray_app.tray import art
from tray_app.tray.base import TITLE, Send
from tray_app.tray.linux import clipboard, protocol
from tray_app.tray.linux.dbusmenu import ROOT, DbusMenu, Properties, plain
from tray_app.tray.linux.host import WATCHER, open_session_bus
from tray_app.tray.linux.icon_files import IconFiles, name
from tray_app.tray.linux.loop import Loop
from tray_app.tray.linux.protocol import ITEM_PATH, MENU_PATH
from tray_app.tray.main_thread import Work, guarded

log = logging.getLogger(__name__)

ITEM, MENU = DBusAddress(ITEM_PATH, interface=protocol.ITEM), DBusAddress(MENU_PATH, interface=protocol.MENU)
HOST = DBusAddress("/StatusNotifierWatcher", WATCHER, WATCHER)
BUS = "org.freedesktop.DBus"
ERROR = f"{BUS}.Error."
PIXMAP_SIZES = (22, 48)
"""For hosts that load no icon by its name; XFCE's scales the largest, and is sharp with the file of its size."""
OPEN_AT_MOST_S = 60.0
"""A host that tells when the menu is opened and does not tell that it was closed must not keep it as it is for ever."""
LOOKED_AT_S = 6.0
"""So long a menu is taken to be open where a host only says that it is about to show it, as XFCE's. No longer: what is
still pending when it opens again is cut off at its lower edge."""
Answer = tuple[str | None, tuple[Any, ...]]
"""Signature and values."""


class _NotServed(Exception):
    """What was asked for is not there. `kind`: the error's name on the bus."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = ERROR + kind


class ItemStatus(StrEnum):
    """Of the item, as hosts read it: a passive one is hidden."""

    PASSIVE = "Passive"
    ACTIVE = "Active"
    NEEDS_ATTENTION = "NeedsAttention"


@lru_cache(maxsize=16)
def _pixmaps(shape: Shape, *, works: bool) -> list[tuple[int, int, bytes]]:
    """Width, height, and pixels as the specification wants them: ARGB, the highest byte first."""
    made = []
    for size in PIXMAP_SIZES:
        red, green, blue, alpha = art.draw(shape, size, works=works).split()
        made.append((size, size, Image.merge("RGBA", (alpha, red, green, blue)).tobytes()))
    return made


class StatusNotifier(_base.Icon):  # type: ignore[misc]  # pystray has no types
    """Threads: `post` and `stop` from any; `run` on the main thread, and all else within it."""

    HAS_DEFAULT_ACTION = False
    HAS_NOTIFICATION = False

    def __init__(self, app: str, send: Send) -> None:
        super().__init__(app, icon=art.draw(Shape.UNKNOWN, PIXMAP_SIZES[0]), title=TITLE)
        self._send = send
        self._files = IconFiles(os.environ)
        self._shape, self._works = Shape.UNKNOWN, False
        self._status = ItemStatus.PASSIVE
        self._rows: Sequence[Row] = ()
        self._dbusmenu = DbusMenu()
        self._open_until = float("-inf")
        self._loop = Loop()
        self._bus: DBusConnection | None = None
        self._revealed = False

    # --- what LinuxTray asks for -------------------------------------------------------------

    def post(self, work: Work) -> None:
        self._loop.post(work)

    def later(self, seconds: float, work: Work) -> None:
        self._loop.later(seconds, work)

    def run(self, ready: Work) -> None:
        """Until `stop`, or until the session's bus is gone, which is the end of the session."""
        try:
            super().run(setup=lambda _icon: self.post(ready))
        finally:
            self._files.close()

    def reveal(self) -> None:
        """Hosts hear of it when it is complete."""
        self.visible = True
        self._revealed = True
        self._register()

    def set_visible(self, visible: bool) -> None:  # noqa: FBT001 - the one thing that it sets
        self.visible = visible

    def set_icon(self, shape: Shape, *, works: bool) -> None:
        self._shape, self._works = shape, works
        self.icon = art.draw(shape, PIXMAP_SIZES[0], works=works)
        self._push_status()

    def set_tooltip(self, text: str) -> None:
        self.title = plain(text)

    def set_rows(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._push_menu()

    def copy(self, text: str) -> None:
        clipboard.put(text)

    # --- what pystray asks for ---------------------------------------------------------------

    def _run(self) -> None:
        try:
            with open_session_bus() as self._bus:
                came = f"type='signal',sender='{BUS}',interface='{BUS}',member='NameOwnerChanged',arg0='{WATCHER}'"
                self._bus.send(message_bus.AddMatch(came))
                self._mark_ready()
                self._loop.run(self._bus, lambda message: guarded(lambda: self._take(message))())
        except OSError as error:
            log.info("the session bus is gone (%s)", error)
            self._send(Quit())
        finally:
            self._bus = None

    def _stop(self) -> None:
        self._loop.stop()

    def _show(self) -> None:
        self._visible = True
        self._push_status()

    def _hide(self) -> None:
        self._visible = False
        self._push_status()

    def _update_icon(self) -> None:
        self._icon_valid = True
        self._emit(ITEM, "NewIcon")
        if self._status is ItemStatus.NEEDS_ATTENTION:
            self._emit(ITEM, "NewAttentionIcon")

    def _update_title(self) -> None:
        self._emit(ITEM, "NewToolTip")

    def _update_menu(self) -> None:
        """Rows come by `set_rows` alone."""

    # --- what hosts are told -----------------------------------------------------------------

    def _push_menu(self) -> None:
        """Tells what is new; while somebody has the menu open, only what moves no row under their hand."""
        changes = self._dbusmenu.renew(self._rows, open_now=time.monotonic() < self._open_until)
        if changes.rows:
            new = [(number, self._dbusmenu.properties(number, ())) for number in changes.rows]
            self._emit(MENU, "ItemsPropertiesUpdated", "a(ia{sv})a(ias)", (new, []))
        if changes.layout:
            self._emit(MENU, "LayoutUpdated", "ui", (self._dbusmenu.revision, ROOT))

    def _push_status(self) -> None:
        before, self._status = self._status, ItemStatus.PASSIVE
        if self.visible:
            self._status = ItemStatus.NEEDS_ATTENTION if self._shape is Shape.OVERLOADED else ItemStatus.ACTIVE
        if self._status is not before:
            self._emit(ITEM, "NewAttentionIcon")
            self._emit(ITEM, "NewStatus", "s", (self._status.value,))

    def _emit(self, at: DBusAddress, member: str, signature: str | None = None, body: tuple[Any, ...] = ()) -> None:
        if self._bus is not None and self._revealed:
            self._bus.send(new_signal(at, member, signature, body))

    def _register(self) -> None:
        """By our path: hosts know our name from the message."""
        if self._bus is not None:
            self._bus.send(new_method_call(HOST, "RegisterStatusNotifierItem", "s", (ITEM_PATH,)))

    # --- what hosts ask ----------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        kind, member = message.header.message_type, message.header.fields.get(HeaderFields.member)
        if kind is MessageType.signal and member == "NameOwnerChanged" and message.body[2] and self._revealed:
            self._register()
        elif kind is MessageType.error:
            log.info("the panel answered %s", message.header.fields.get(HeaderFields.error_name))
        elif kind is MessageType.method_call and self._bus is not None:
            try:
                answer = new_method_return(message, *self._answer(message))
            except _NotServed as error:
                answer = new_error(message, error.kind)
            if not message.header.flags & MessageFlag.no_reply_expected:
                self._bus.send(answer)

    def _answer(self, message: Message) -> Answer:
        fields, body = message.header.fields, message.body
        path, member = fields[HeaderFields.path], fields[HeaderFields.member]
        interface = fields.get(HeaderFields.interface) or protocol.interface_of(member)
        if member == "Introspect":
            return "s", (protocol.description(path),)
        if (interface, member) not in protocol.METHODS or (interface == protocol.MENU and path != MENU_PATH):
            raise _NotServed("UnknownMethod")
        if fields.get(HeaderFields.signature, "") != protocol.METHODS[interface, member]:
            raise _NotServed("InvalidArgs")
        if interface == protocol.MENU:
            return self._menu_answer(member, body)
        if interface == protocol.PROPERTIES:
            return self._property(path, member, *body)
        return None, ()

    def _property(self, path: str, member: str, interface: str, *rest: Any) -> Answer:
        held = {(ITEM_PATH, protocol.ITEM): self._item, (MENU_PATH, protocol.MENU): self._menu_properties}
        values = held[path, interface]() if (path, interface) in held else {}
        if member == "GetAll":
            return "a{sv}", (values,)
        if rest[0] not in values:
            raise _NotServed("UnknownProperty")
        if member == "Set":
            raise _NotServed("PropertyReadOnly")
        return "v", (values[rest[0]],)

    def _item(self) -> Properties:
        picture, pixmaps = name(self._shape, works=self._works), _pixmaps(self._shape, works=self._works)
        attention = self._status is ItemStatus.NEEDS_ATTENTION
        return {
            "Category": ("s", "ApplicationStatus"),
            "Id": ("s", self.name),
            "Title": ("s", TITLE),
            "Status": ("s", self._status.value),
            "WindowId": ("i", 0),
            "IconThemePath": ("s", str(self._files.folder)),
            "IconName": ("s", picture),
            "IconPixmap": ("a(iiay)", pixmaps),
            "AttentionIconName": ("s", picture if attention else ""),
            "AttentionIconPixmap": ("a(iiay)", pixmaps if attention else []),
            "OverlayIconName": ("s", ""),
            "OverlayIconPixmap": ("a(iiay)", []),
            "ToolTip": ("(sa(iiay)ss)", ("", [], self.title, "")),
            "ItemIsMenu": ("b", True),
            "Menu": ("o", MENU_PATH),
        }

    def _menu_properties(self) -> Properties:
        return {
            "Version": ("u", 3),
            "TextDirection": ("s", "ltr"),
            "Status": ("s", "normal"),
            "IconThemePath": ("as", []),
        }

    def _menu_answer(self, member: str, body: tuple[Any, ...]) -> Answer:
        menu = self._dbusmenu
        answer: Answer = None, ()
        match member:
            case "GetLayout":
                answer = "u(ia{sv}av)", (menu.revision, _there(menu.layout(*body)))
            case "GetGroupProperties":
                numbers, names = body
                found = [(number, menu.properties(number, names)) for number in numbers or menu.numbers()]
                answer = "a(ia{sv})", ([(number, values) for number, values in found if values is not None],)
            case "GetProperty":
                answer = "v", (_there(_there(menu.properties(body[0], ())).get(body[1])),)
            case "AboutToShow":
                answer = "b", (self._about_to_show(body[0]),)
            case "AboutToShowGroup":
                fresh = [number for number in body[0] if menu.row(number) is not None and self._about_to_show(number)]
                answer = "aiai", (fresh, [number for number in body[0] if menu.row(number) is None])
            case "EventGroup":
                answer = "ai", ([number for number, kind, *_ in body[0] if not self._event(number, kind)],)
            case "Event":
                _there(self._event(body[0], body[1]) or None)
        return answer

    def _about_to_show(self, number: int) -> bool:
        """Whether it is not what the host has fetched. The whole menu is not open before it is shown, whatever was
        thought of it; and it is from now on."""
        if number != ROOT:
            return False
        before = self._dbusmenu.revision
        self._open_until = float("-inf")
        self._push_menu()
        self._open_for(LOOKED_AT_S)
        return self._dbusmenu.revision != before

    def _open_for(self, seconds: float) -> None:
        """What comes meanwhile and would move rows is told afterwards."""
        self._open_until = time.monotonic() + seconds
        self.later(seconds, self._push_menu)

    def _event(self, number: int, kind: str) -> bool:
        """False where there is no such row."""
        row = self._dbusmenu.row(number)
        if row is None:
            return False
        if kind == "opened":
            self._open_for(OPEN_AT_MOST_S)
        elif kind == "closed" and number != ROOT:
            self._open_for(LOOKED_AT_S)
        elif kind in {"clicked", "closed"}:
            self._open_for(0)
        if kind == "clicked" and row.command is not None and row.enabled:
            self._send(row.command)
        return True


def _there(found: Any) -> Any:
    if found is None:
        raise _NotServed("InvalidArgs")
    return found
