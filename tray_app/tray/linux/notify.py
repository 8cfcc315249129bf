"""Notices over the session bus, by the freedesktop Desktop Notifications Specification 1.2, with buttons.

One thread of its own: it sends, and waits for the buttons. It starts with the first notice.
"""

import logging
import queue
import selectors
import socket
import threading
from collections import deque
from functools import cache
from typing import Any

from jeepney import DBusAddress, DBusErrorResponse, MatchRule, Message, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, Proxy
from jeepney.wrappers import unwrap_msg

from tray_app.core.menu.screen import NoticeView
from tray_app.core.values.command import NoticeProblem
from tray_app.core.values.reading import Unknown, Why
from tray_app.tray import art
from tray_app.tray.base import NoticeReport, NoticeWay, SaidOnce, Send
from tray_app.tray.linux.host import open_session_bus

log = logging.getLogger(__name__)

SERVICE = DBusAddress(
    "/org/freedesktop/Notifications", "org.freedesktop.Notifications", "org.freedesktop.Notifications"
)
ANSWER_WITHIN_S = 3.0
APP_NAME = "Elbowroom"
ICON = "dialog-information"
"""Of the theme, for a server that draws no picture that comes with the notice."""
PICTURE_SIZE = 64
NEW = 0
LEFT_TO_THE_SERVER_MS = -1
# Urgency levels of the specification.
NORMAL, CRITICAL = 1, 2


def markup_safe(text: str) -> str:
    """For servers that read the body as markup: the three signs that matter there. Others would show this as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@cache
def picture() -> tuple[str, tuple[int, int, int, bool, int, int, bytes]]:
    """Our own icon as the hint `image-data`: no theme has it where we were not installed by a package."""
    made = art.app_icon(PICTURE_SIZE).convert("RGBA")
    bits, channels = 8, 4
    return "(iiibiiay)", (made.width, made.height, made.width * channels, True, bits, channels, made.tobytes())


def find_service() -> NoticeWay | Unknown:
    """Who shows notices on this desktop. The bus starts one where it can; nothing is shown."""
    try:
        with open_session_bus() as bus:
            name, _, version, _ = _call(bus, "GetServerInformation")
            buttons = "actions" in _call(bus, "GetCapabilities")[0]
    except (OSError, DBusErrorResponse) as error:
        return Unknown(Why.MISSING, str(error) or type(error).__name__)
    return NoticeWay(name, version, buttons=buttons, allowed=True)


def _call(bus: DBusConnection, method: str, signature: str | None = None, body: tuple[Any, ...] = ()) -> Any:
    message = new_method_call(SERVICE, method, signature, body)
    return unwrap_msg(bus.send_and_get_reply(message, timeout=ANSWER_WITHIN_S))


class BusNotifier:
    """`show` queues; the thread owns the connection, the ids and what their buttons mean."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: queue.SimpleQueue[NoticeView | None] = queue.SimpleQueue()
        self._wake, self._woken = socket.socketpair()
        self._thread: threading.Thread | None = None
        self._start = threading.Lock()
        self._failed = SaidOnce()
        self._report = NoticeReport(send)
        self._first_is_shown = False
        self._unsent: NoticeView | None = None
        self._closed = False
        self._shown: dict[str, int] = {}
        self._meaning: dict[int, NoticeView] = {}

    def show(self, notice: NoticeView) -> None:
        with self._start:
            if self._closed:  # somebody quits while it is about to be said
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="notices", daemon=True)
                self._thread.start()
            self._put(notice)

    def close(self) -> None:
        with self._start:
            if self._closed:
                return
            self._closed = True
            self._put(None)
        if self._thread is not None:
            self._thread.join(ANSWER_WITHIN_S)
            if (
                self._thread.is_alive()
            ):  # its service does not answer: the process ends without it, and it has its sockets
                return
        self._wake.close()
        self._woken.close()

    def _put(self, notice: NoticeView | None) -> None:
        self._queue.put(notice)
        self._wake.send(b".")

    def _work(self) -> None:
        """Until None is put: shows what is queued; a lost connection is opened anew with the next notice."""
        while True:
            notice = self._unsent or self._queue.get()
            if notice is None:
                return
            self._unsent, self._first_is_shown = None, False
            try:
                with open_session_bus() as bus:
                    if self._serve(bus, notice):
                        return
            except (OSError, DBusErrorResponse) as error:
                self._failed(error)
                if not self._first_is_shown:  # else the connection went later, and the next notice opens it anew
                    self._report(NoticeProblem.NO_SERVICE)

    def _serve(self, bus: DBusConnection, first: NoticeView) -> bool:
        """Shows and listens on one connection. True where the app closes; raises where the connection is lost."""
        rule = MatchRule(type="signal", interface=SERVICE.interface, path=SERVICE.object_path)
        Proxy(message_bus, bus, timeout=ANSWER_WITHIN_S).AddMatch(rule)
        signals: deque[Message] = deque()
        with bus.filter(rule, queue=signals), selectors.DefaultSelector() as selector:
            selector.register(bus.sock, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            able = frozenset(self._call(bus, "GetCapabilities")[0])
            self._notify(bus, first, able)
            self._first_is_shown = True
            while True:
                # Also what came in one piece with an answer: it is read already, and the socket stays silent about it.
                _receive_all(bus)
                self._act_on(signals)
                ready = {key.fileobj for key, _ in selector.select()}
                if self._woken in ready and self._show_waiting(bus, able):
                    return True

    def _show_waiting(self, bus: DBusConnection, able: frozenset[str]) -> bool:
        self._woken.recv(4096)
        while True:
            try:
                notice = self._queue.get_nowait()
            except queue.Empty:
                return False
            if notice is None:
                return True
            self._unsent = notice  # where the connection turns out to be lost, it is shown on the next one
            try:
                self._notify(bus, notice, able)
            except (DBusErrorResponse, TimeoutError) as error:
                self._failed(error)
                self._report(NoticeProblem.NO_SERVICE)
            self._unsent = None

    def _call(self, bus: DBusConnection, method: str, signature: str | None = None, body: tuple[Any, ...] = ()) -> Any:
        return _call(bus, method, signature, body)

    def _notify(self, bus: DBusConnection, notice: NoticeView, able: frozenset[str]) -> None:
        """A newer notice of the same cause takes the place of the older one. `able`: the server's capabilities."""
        buttons = [word for index, button in enumerate(notice.buttons) for word in (str(index), button.text)]
        hints = {
            "urgency": ("y", CRITICAL if notice.urgent else NORMAL),
            "desktop-entry": ("s", "elbowroom"),
            "image-data": picture(),
        }
        body = (
            APP_NAME,
            self._shown.get(notice.cause, NEW),
            ICON,
            notice.title,
            markup_safe(notice.body) if "body-markup" in able else notice.body,
            buttons if "actions" in able else [],
            hints,
            LEFT_TO_THE_SERVER_MS,
        )
        (number,) = self._call(bus, "Notify", "susssasa{sv}i", body)
        self._report(None)
        self._shown[notice.cause] = number
        self._meaning[number] = notice

    def _act_on(self, signals: deque[Message]) -> None:
        while signals:
            message = signals.popleft()
            member, body = message.header.fields.get(3), message.body  # 3: the MEMBER header field of D-Bus
            if member == "ActionInvoked" and body[0] in self._meaning:
                self._pressed(self._meaning[body[0]], body[1])
            elif member == "NotificationClosed" and (notice := self._meaning.pop(body[0], None)):
                self._shown.pop(notice.cause, None)

    def _pressed(self, notice: NoticeView, key: str) -> None:
        """Keys are the indices of the buttons; anything else (a click on the body) means nothing."""
        if key.isdecimal() and int(key) < len(notice.buttons):
            self._send(notice.buttons[int(key)].command)


def _receive_all(bus: DBusConnection) -> None:
    """Hands every message that is there to the filters."""
    while True:
        try:
            bus.recv_messages(timeout=0)
        except TimeoutError:
            return
