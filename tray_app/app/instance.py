"""One tray app per user: a second start asks the first to show itself, over loopback and with a secret, and ends."""

import contextlib
import hmac
import logging
import socket
import threading
import time
from collections.abc import Callable

from tray_app.core.values.errors import StorageError
from tray_app.storage.lock import Instance, SingleInstance

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
LINE_LIMIT = 256
TIMEOUT_S = 2.0
KNOCK_FOR_S = 5.0
"""A first one may hold the lock and not have published its door yet, or be about to quit (2 s) and give the lock up."""
KNOCK_EVERY_S = 0.1


class Doorbell:
    """Listens for a later start. `ring` runs on the listener's thread: it may only queue."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._socket = socket.create_server((LOOPBACK, 0))
        self._token = b""
        self._closed = threading.Event()
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._listen, name="doorbell", daemon=True)

    def open(self, instance: Instance) -> None:
        """Answer callers that know the published token."""
        self._token = instance.token.encode()
        self._thread.start()

    def close(self) -> None:
        """Nobody is answered any more."""
        self._closed.set()
        if self._thread.is_alive():
            # Closing a socket does not wake who waits for a caller on it; a caller does.
            with contextlib.suppress(OSError):
                socket.create_connection((LOOPBACK, self.port), TIMEOUT_S).close()
            self._thread.join(TIMEOUT_S)
        self._socket.close()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                caller, _ = self._socket.accept()
            except OSError as error:
                log.warning("doorbell: %s", error)  # no more files, say: it may pass
                time.sleep(1)
                continue
            with caller, contextlib.suppress(OSError):
                if not self._closed.is_set() and self._answer(caller):
                    self._ring()

    def _answer(self, caller: socket.socket) -> bool:
        """Whether the caller knows the token. It has two seconds for one line."""
        until, said = time.monotonic() + TIMEOUT_S, b""
        while not said.endswith(b"\n") and len(said) < LINE_LIMIT:
            caller.settimeout(max(0.01, until - time.monotonic()))
            data = caller.recv(LINE_LIMIT)
            if not data or time.monotonic() > until:
                return False
            said += data
        known = hmac.compare_digest(said.strip(), self._token)
        caller.sendall(b"ok\n" if known else b"no\n")
        return known


def ring(instance: Instance) -> bool:
    """Ask the running one to show itself; False where it does not answer."""
    try:
        with socket.create_connection((LOOPBACK, instance.port), TIMEOUT_S) as call:
            call.sendall(instance.token.encode() + b"\n")
            return call.recv(16).strip() == b"ok"
    except OSError:
        return False


def become_the_one(
    lock: SingleInstance, on_ring: Callable[[], None], knock_for_s: float = KNOCK_FOR_S
) -> Doorbell | None:
    """The doorbell of this process, or None where another one runs: it was asked to show itself, or does not answer."""
    until = time.monotonic() + knock_for_s
    while not lock.acquire():
        other = lock.other()
        if (other is not None and ring(other)) or time.monotonic() > until:
            return None
        time.sleep(KNOCK_EVERY_S)
    bell = Doorbell(on_ring)
    try:
        bell.open(lock.publish(bell.port))
    except StorageError:
        bell.close()
        raise
    return bell
