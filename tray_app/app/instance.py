"""One tray app per user: a later start asks the first for something, over loopback and with a secret, and ends."""

import contextlib
import hmac
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable
from enum import StrEnum

from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.lock import Instance, SingleInstance

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
LINE_LIMIT = 256
TIMEOUT_S = 2.0
MOST_CALLERS = 64
"""The longest there goes when one more comes: who knows the token says it at once."""
KNOCK_FOR_S = 5.0
"""A first one may hold the lock and not have published its door yet, or be about to quit (2 s) and give the lock up."""
KNOCK_EVERY_S = 0.1


class Errand(StrEnum):
    """What somebody at the door wants."""

    SHOW = "show"
    QUIT = "quit"
    DETAILS = "details"


class Doorbell:
    """Listens for a later start. `ring` runs on the listener's thread: it may only queue."""

    def __init__(self, ring: Callable[[Errand], None]) -> None:
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
        """All callers at once, so that one who says nothing keeps nobody waiting."""
        callers: dict[socket.socket, _Caller] = {}
        with selectors.DefaultSelector() as ready:
            ready.register(self._socket, selectors.EVENT_READ)
            while not self._closed.is_set():
                for key, _ in ready.select(TIMEOUT_S if callers else None):
                    caller = key.fileobj
                    assert isinstance(caller, socket.socket)
                    if caller is self._socket:
                        self._let_in(callers, ready)
                    elif asked := callers[caller].heard(self._token):
                        self._ring(asked)
                gone = [caller for caller, one in callers.items() if one.is_over()]
                for caller in (*gone, *list(callers)[: max(0, len(callers) - len(gone) - MOST_CALLERS)]):
                    if callers.pop(caller, None):
                        ready.unregister(caller)
                        caller.close()
        for caller in callers:
            caller.close()

    def _let_in(self, callers: dict[socket.socket, "_Caller"], ready: selectors.BaseSelector) -> None:
        try:
            caller, _ = self._socket.accept()
        except OSError as error:
            log.warning("doorbell: %s", error)  # no more files, say: it may pass
            time.sleep(1)
            return
        caller.settimeout(0)
        callers[caller] = _Caller(caller)
        ready.register(caller, selectors.EVENT_READ)


class _Caller:
    """Somebody at the door, with two seconds for one line."""

    def __init__(self, call: socket.socket) -> None:
        self._call = call
        self._said = b""
        self._until = time.monotonic() + TIMEOUT_S
        self._answered = False

    def heard(self, token: bytes) -> Errand | None:
        """Take in what came: the token and, where it is not only to show itself, a word."""
        try:
            data = self._call.recv(LINE_LIMIT)
        except OSError:
            data = b""
        self._said += data
        if data and not self._said.endswith(b"\n") and len(self._said) < LINE_LIMIT:
            return None
        self._answered = True
        said, _, word = self._said.strip().partition(b" ")
        known = bool(data) and hmac.compare_digest(said, token)
        asked = next((one for one in Errand if one.encode() == (word or b"show")), None) if known else None
        with contextlib.suppress(OSError):
            self._call.sendall(b"ok\n" if asked else b"no\n")
        return asked

    def is_over(self) -> bool:
        return self._answered or time.monotonic() > self._until


def ring(instance: Instance, asked: Errand = Errand.SHOW) -> bool:
    """Ask the running one for it; False where it does not answer or knows no such thing."""
    try:
        with socket.create_connection((LOOPBACK, instance.port), TIMEOUT_S) as call:
            call.sendall(f"{instance.token} {asked}\n".encode())
            return call.recv(16).strip() == b"ok"
    except OSError:
        return False


def become_the_one(
    lock: SingleInstance, on_ring: Callable[[Errand], None], knock_for_s: float = KNOCK_FOR_S
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
