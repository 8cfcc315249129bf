"""One tray app per user: a second start asks the first to show itself, over loopback and with a secret, and ends."""

import hmac
import socket
import threading
from collections.abc import Callable

from tray_app.storage.lock import Instance, SingleInstance

LOOPBACK = "127.0.0.1"
LINE_LIMIT = 256
TIMEOUT_S = 2.0


class Doorbell:
    """Listens for a later start. `ring` runs on the listener's thread: it may only queue."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._socket = socket.create_server((LOOPBACK, 0))
        self._token = b""
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._listen, name="doorbell", daemon=True)

    def open(self, instance: Instance) -> None:
        """Answer callers that know the published token."""
        self._token = instance.token.encode()
        self._thread.start()

    def close(self) -> None:
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return  # closed: the app ends
            with caller:
                caller.settimeout(TIMEOUT_S)
                try:
                    said = caller.recv(LINE_LIMIT)
                    known = hmac.compare_digest(said.strip(), self._token)
                    caller.sendall(b"ok\n" if known else b"no\n")
                except OSError:
                    continue
                if known:
                    self._ring()


def ring(instance: Instance) -> bool:
    """Ask the running one to show itself; False where it does not answer."""
    try:
        with socket.create_connection((LOOPBACK, instance.port), TIMEOUT_S) as call:
            call.sendall(instance.token.encode() + b"\n")
            return call.recv(16).strip() == b"ok"
    except OSError:
        return False


def become_the_one(lock: SingleInstance, on_ring: Callable[[], None]) -> Doorbell | None:
    """The doorbell of this process, or None where another one runs (it was asked to show itself)."""
    if not lock.acquire():
        other = lock.other()
        if other is not None:
            ring(other)
        return None
    bell = Doorbell(on_ring)
    bell.open(lock.publish(bell.port))
    return bell
