"""A total deadline for one request, also against a server that sends one byte now and then.

httpx limits each socket operation, not the whole: a server that drips keeps it waiting for ever. So a second
thread shuts the socket down when the time is over, or when somebody cancels; the blocked read then ends.
"""

import contextlib
import math
import socket
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

from tray_app.services.deadline import is_cut, time_left

_CANCEL_POLL_S = 0.1


class Cut(StrEnum):
    """Why a request was cut off."""

    LATE = "late"
    CANCELLED = "cancelled"


class Watch:
    """Guards one request from a second thread. `seconds` is the total, or the longest silence where touched."""

    def __init__(self, seconds: float, cancelled: Callable[[], bool] | None = None) -> None:
        self.seconds = seconds = min(seconds, time_left())
        self.ended: Cut | None = None
        self._cancelled = cancelled or is_cut()
        self._until = time.monotonic() + seconds
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="request-deadline", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._over.set()
        self._thread.join()

    def remaining(self) -> float:
        """Seconds left; at least a moment, because a timeout of zero would mean `do not block`."""
        return max(self._until - time.monotonic(), 0.001)

    def touch(self) -> None:
        """Something arrived: the silence starts anew."""
        self._until = time.monotonic() + self.seconds

    def attach(self, connection: socket.socket | None) -> None:
        """The socket to shut down; at once where the time is over already."""
        with self._lock:
            self._socket = connection
            if self.ended:
                self._shut()

    def _run(self) -> None:
        step = _CANCEL_POLL_S if self._cancelled else math.inf
        while not self._over.wait(min(self.remaining(), step)):
            ended = self._verdict()
            if ended:
                with self._lock:
                    if not self._over.is_set():
                        self.ended = ended
                        self._shut()
                return

    def _verdict(self) -> Cut | None:
        if self._cancelled and self._cancelled():
            return Cut.CANCELLED
        return Cut.LATE if time.monotonic() >= self._until else None

    def _shut(self) -> None:
        if self._socket is not None:
            # Not the override of SSLSocket: it would drop the TLS state under the reading thread.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def address_count(host: str, port: int, seconds: float) -> int:
    """How many addresses a name has: connecting tries them one after the other. TimeoutError after `seconds`.

    The system's resolver cannot be interrupted, so it is asked in a thread that may be left behind.
    A name that does not resolve counts as one: connecting then says so itself.
    """
    found: list[int] = []

    def ask() -> None:
        try:
            found.append(len(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError):
            found.append(1)

    thread = threading.Thread(target=ask, name="resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise TimeoutError(host)
    return max(found[0], 1)
