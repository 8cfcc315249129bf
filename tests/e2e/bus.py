"""A private session bus with a tray host and a notification service of our own, and what a person does with them.

The host is the org.kde.StatusNotifierWatcher of the StatusNotifierItem specification; the service records what the
Desktop Notifications Specification 1.2 lets an app say. Menus are read and clicked over com.canonical.dbusmenu, as
panels do.
"""

import itertools
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from jeepney import DBusAddress, HeaderFields, MessageType, message_bus, new_error, new_method_call, new_method_return
from jeepney import new_signal as signal_message
from jeepney.io.blocking import Proxy, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

WATCHER = DBusAddress("/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher", "org.kde.StatusNotifierWatcher")
NOTES = DBusAddress("/org/freedesktop/Notifications", "org.freedesktop.Notifications", "org.freedesktop.Notifications")
BUS = "org.freedesktop.DBus"
PROPERTIES = "org.freedesktop.DBus.Properties"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
ANSWER_WITHIN_S = 5.0
PATIENCE_S = 20.0


class Gone(AssertionError):
    pass


def wait_for(look, what, seconds=PATIENCE_S):
    """The first true answer of `look`; a bus that does not answer yet counts as not yet."""
    end = time.monotonic() + seconds
    last = None
    while True:
        try:
            last = look()
        except (DBusErrorResponse, TimeoutError, LookupError) as error:
            last = error
        else:
            if last:
                return last
        if time.monotonic() > end:
            raise Gone(f"waited {seconds:g} s for {what}; last: {last!r}")
        time.sleep(0.03)


def answers(address):
    """Whether a bus takes connections at this address yet."""
    try:
        open_dbus_connection(address).close()
    except OSError:
        return False
    return True


@dataclass
class Note:
    number: int
    title: str
    body: str
    actions: dict
    urgency: int
    replaces: int
    closed: bool = False


class Service(threading.Thread):
    """Owns a name on the bus and answers calls until it is closed, which looks like a killed process to the others."""

    def __init__(self, address, name):
        super().__init__(daemon=True)
        self.bus = open_dbus_connection(address)
        (got,) = Proxy(message_bus, self.bus, timeout=ANSWER_WITHIN_S).RequestName(name, 4)
        assert got == 1, name
        self.start()

    def run(self):
        with suppress(OSError, ValueError):  # closed under us: that is how it ends
            while True:
                self.handle(self.bus.receive())

    def handle(self, message):
        fields = message.header.fields
        if message.header.message_type is MessageType.signal:
            self.heard(fields.get(HeaderFields.member), message.body)
        if message.header.message_type is not MessageType.method_call:
            return
        method = getattr(self, fields[HeaderFields.member], None)
        if method is None:
            self.bus.send(new_error(message, f"{BUS}.Error.UnknownMethod"))
            return
        signature, body = method(fields.get(HeaderFields.sender), *message.body)
        self.bus.send(new_method_return(message, signature, body))

    def heard(self, member, body):
        pass

    def emit(self, address, member, signature, body):
        self.bus.send(signal_message(address, member, signature, body))

    def close(self):
        # Closing a socket does not wake its reader.
        with suppress(OSError):
            self.bus.sock.shutdown(2)
        self.join(ANSWER_WITHIN_S)
        self.bus.close()


class Watcher(Service):
    """A tray host: keeps the list of items that registered and are still there."""

    def __init__(self, address):
        self.items = []
        super().__init__(address, WATCHER.bus_name)
        rule = f"type='signal',sender='{BUS}',member='NameOwnerChanged'"
        self.bus.send(new_method_call(DBusAddress("/" + BUS.replace(".", "/"), BUS, BUS), "AddMatch", "s", (rule,)))

    def RegisterStatusNotifierItem(self, sender, service):  # noqa: N802 - the specification's name
        item = (sender, service) if service.startswith("/") else (service, "/StatusNotifierItem")
        if item not in self.items:
            self.items.append(item)
            self.emit(WATCHER, "StatusNotifierItemRegistered", "s", ("".join(item),))
        return None, ()

    def RegisterStatusNotifierHost(self, _sender, _service):  # noqa: N802
        return None, ()

    def Get(self, _sender, _interface, name):  # noqa: N802
        values = {
            "RegisteredStatusNotifierItems": ("as", ["".join(item) for item in self.items]),
            "IsStatusNotifierHostRegistered": ("b", True),
            "ProtocolVersion": ("i", 0),
        }
        return "v", (values[name],)

    def GetAll(self, sender, interface):  # noqa: N802
        names = ("RegisteredStatusNotifierItems", "IsStatusNotifierHostRegistered", "ProtocolVersion")
        return "a{sv}", ({name: self.Get(sender, interface, name)[1][0] for name in names},)

    def heard(self, member, body):
        if member == "NameOwnerChanged" and not body[2]:
            self.items = [item for item in self.items if item[0] not in (body[0], body[1])]


class Notifications(Service):
    """Records notices; a person presses or dismisses them."""

    def __init__(self, address):
        self.notes, self.numbers = [], itertools.count(1)
        super().__init__(address, NOTES.bus_name)

    def GetCapabilities(self, _sender):  # noqa: N802
        return "as", (["actions", "body", "body-markup"],)

    def GetServerInformation(self, _sender):  # noqa: N802
        return "ssss", ("tests", "tests", "1", "1.2")

    def Notify(self, _sender, _app, replaces, _icon, title, body, actions, hints, _timeout):  # noqa: N802
        number = replaces or next(self.numbers)
        buttons = dict(zip(actions[1::2], actions[::2], strict=True))
        self.notes.append(Note(number, title, body, buttons, hints["urgency"][1], replaces))
        return "u", (number,)

    def CloseNotification(self, _sender, number):  # noqa: N802
        self.emit(NOTES, "NotificationClosed", "uu", (number, 3))
        return None, ()

    def press(self, note, label):
        self.emit(NOTES, "ActionInvoked", "us", (note.number, note.actions[label]))
        self.dismiss(note)

    def dismiss(self, note):
        note.closed = True
        self.emit(NOTES, "NotificationClosed", "uu", (note.number, 2))

    def wait(self, text):
        return wait_for(lambda: next((n for n in self.notes if text in n.title + n.body), None), f"a notice {text!r}")


@dataclass
class Row:
    """A menu row as a panel sees it."""

    number: int
    text: str
    enabled: bool
    toggle: str
    checked: bool
    separator: bool
    rows: list = field(default_factory=list)

    def find(self, *path):
        """The row at a path of texts (each the beginning of one). LookupError names what is there instead."""
        row = self
        for text in path:
            found = [one for one in row.rows if one.text.startswith(text)]
            if not found:
                raise LookupError(f"no row {text!r}; there are: {[one.text for one in row.rows]}")
            row = found[0]
        return row

    def texts(self):
        return [row.text for row in self.rows if not row.separator]

    def all_texts(self):
        return [text for row in self.rows for text in (row.text, *row.all_texts())]


def _row(layout):
    number, properties, children = layout
    value = {name: variant[1] for name, variant in properties.items()}
    return Row(
        number=number,
        # dbusmenu marks mnemonics with one underscore; two are a real one.
        text=value.get("label", "").replace("__", "\0").replace("_", "").replace("\0", "_"),
        enabled=value.get("enabled", True),
        toggle=value.get("toggle-type", ""),
        checked=value.get("toggle-state", -1) == 1,
        separator=value.get("type", "standard") == "separator",
        rows=[_row(child[1]) for child in children if child[1][1].get("visible", ("b", True))[1]],
    )


class Person:
    """Reads and clicks the one tray icon, as a panel would for its user."""

    def __init__(self, address):
        self.bus = open_dbus_connection(address)

    def call(self, name, path, interface, method, signature=None, body=()):
        message = new_method_call(DBusAddress(path, name, interface), method, signature, body)
        return unwrap_msg(self.bus.send_and_get_reply(message, timeout=ANSWER_WITHIN_S))

    def has_host(self):
        """Whether a panel with a tray is on the bus."""
        return self.owns(WATCHER.bus_name)

    def owns(self, name):
        """Whether somebody answers to this name."""
        return self.call(BUS, "/" + BUS.replace(".", "/"), BUS, "NameHasOwner", "s", (name,))[0]

    def item(self):
        (registered,) = self.call(
            WATCHER.bus_name,
            WATCHER.object_path,
            PROPERTIES,
            "Get",
            "ss",
            (WATCHER.interface, "RegisteredStatusNotifierItems"),
        )
        if not registered[1]:
            raise LookupError("no tray icon")
        name, slash, path = registered[1][0].partition("/")
        path = slash + path
        (values,) = self.call(name, path, PROPERTIES, "GetAll", "s", (ITEM,))
        return name, {key: variant[1] for key, variant in values.items()}

    def icon(self):
        """The icon's name and the sentence that a panel shows beside it."""
        _, values = self.item()
        return values["IconName"].removeprefix("elbowroom-"), values["ToolTip"][2]

    def menu(self):
        name, values = self.item()
        _revision, layout = self.call(name, values["Menu"], MENU, "GetLayout", "iias", (0, -1, []))
        return _row(layout)

    def click(self, *path):
        """Clicks the row at a path once it can be. Numbers are looked up anew each time, as a push may have changed them."""

        def once():
            row = self.menu().find(*path)
            if not row.enabled:
                raise LookupError(f"{row.text!r} cannot be clicked")
            self.send(row.number, "clicked")
            return True

        wait_for(once, f"the row {path!r}")

    def click_fix(self, text):
        """Clicks a fix, whether it is the best one at the moment or stands among the others."""

        def place():
            menu = self.menu()
            try:
                menu.find(text)
            except LookupError:
                menu.find("More fixes", text)
                return ("More fixes", text)
            return (text,)

        self.click(*wait_for(place, f"the fix {text!r}"))

    def send(self, number, event):
        name, values = self.item()
        self.call(name, values["Menu"], MENU, "Event", "isvu", (number, event, ("i", 0), 0))

    def about_to_show(self):
        """As a panel asks before it opens the menu: whether it has to fetch it again."""
        name, values = self.item()
        return self.call(name, values["Menu"], MENU, "AboutToShow", "i", (0,))[0]

    def wait_row(self, *path, where=lambda _row: True):
        """The row at a path once it is there and `where` holds of it."""

        def look():
            row = self.menu().find(*path)
            return row if where(row) else None

        return wait_for(look, f"the row {path!r}")

    def wait_gone(self, *path):
        def look():
            try:
                self.menu().find(*path)
            except LookupError:
                return True
            return False

        return wait_for(look, f"no row {path!r}")

    def close(self):
        self.bus.close()
