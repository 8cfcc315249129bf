"""The loop of the Linux tray: the messages of one bus connection, work from other threads, and timers."""

import heapq
import itertools
import selectors
import socket
import time
from collections.abc import Callable

from jeepney import Message
from jeepney.io.blocking import DBusConnection

from tray_app.tray.main_thread import Mailbox, Work, guarded


class Loop:
    """`post` and `stop` from any thread, also before `run`; `later` in the loop's own."""

    def __init__(self) -> None:
        self._mailbox = Mailbox()
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken):
            end.settimeout(0)
        self._timers: list[tuple[float, int, Work]] = []
        self._order = itertools.count()
        self._over = False

    def post(self, work: Work) -> None:
        self._mailbox.put(work)
        self._poke()

    def later(self, seconds: float, work: Work) -> None:
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), guarded(work)))

    def stop(self) -> None:
        self._over = True
        self._poke()

    def run(self, bus: DBusConnection, take: Callable[[Message], None]) -> None:
        """Until `stop`. OSError where the bus is gone."""
        with selectors.DefaultSelector() as selector:
            selector.register(bus.sock, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                # First what is there: an answer may have brought messages along, of which the socket says nothing.
                _take_all(bus, take)
                self._mailbox.drain()
                self._ring()
                if self._over:
                    return
                ready = selector.select(self._timers[0][0] - time.monotonic() if self._timers else None)
                if any(key.fileobj is self._woken for key, _ in ready):
                    self._woken.recv(4096)

    def _poke(self) -> None:
        try:
            self._wake.send(b".")
        except BlockingIOError:
            return  # full of pokes: it is awake

    def _ring(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()


def _take_all(bus: DBusConnection, take: Callable[[Message], None]) -> None:
    while True:
        try:
            message = bus.receive(timeout=0)
        except TimeoutError:
            return
        take(message)
