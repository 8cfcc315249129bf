"""The page itself: a listener on 127.0.0.1 that ends after success, on cancel, or after ten quiet minutes."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from msgspec import Struct

from tray_app.page.gate import Gate
from tray_app.page.listener import JSON, READ_TIMEOUT_S, LoopbackServer, PageAnswer

IDLE_S = 600.0
LINGER_S = 1.0
"""After success the page may still fetch its last answer."""
FILES = {
    "/": ("connect.html", "text/html; charset=utf-8"),
    "/connect.css": ("connect.css", "text/css; charset=utf-8"),
    "/connect.js": ("connect.js", "text/javascript; charset=utf-8"),
}


class Filled(Struct, frozen=True):
    """What the person sent. Exactly one of `api_key` and `email` with `password` is used."""

    url: str
    api_key: str = ""
    email: str = ""
    password: str = ""
    keep_in_file: bool = False

    def __repr__(self) -> str:
        return f"Filled(url={self.url!r}, email={self.email!r})"


class Reply(Struct, frozen=True):
    """`message` is a finished sentence; `offer_file`: there is no keychain, so a file is offered."""

    ok: bool
    message: str
    offer_file: bool = False


class ConnectPage:
    """`check` does the whole sign-in and may take seconds; it runs on a request's thread, one at a time."""

    def __init__(
        self,
        check: Callable[[Filled], Reply],
        texts: Mapping[str, str],
        language: str,
        clock: Callable[[], float] = time.monotonic,
        read_timeout_s: float = READ_TIMEOUT_S,
        whose: Callable[[int, int], int | None] = lambda _theirs, _ours: None,
    ) -> None:
        """`whose`: the user id behind a connection from their port to ours, None where nobody can tell."""
        self.read_timeout_s = read_timeout_s
        self._whose = whose
        self._check = check
        self._texts = {**texts, "lang": language.replace("_", "-")}  # BCP 47
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._last_seen = clock()
        self._done = threading.Event()
        self._ended = False
        self._server = LoopbackServer(self)
        self.gate = Gate(self._server.server_address[1], clock)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="page", daemon=True)
        self._thread.start()

    def wait(self, cancelled: Callable[[], bool]) -> bool:
        """Until somebody is connected (True), or cancelled, idle or never opened (False). Nobody listens then."""
        while not self._done.wait(0.2):
            if cancelled() or self.gate.missed or self._clock() - self._last_seen > IDLE_S:
                break
        else:
            time.sleep(LINGER_S)
        self.close()
        with self._one_at_a_time:  # a sign-in that is being checked at this moment still counts
            self._ended = True
        return self._done.is_set()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # --- called by the handler, on its threads -----------------------------------------------

    def caller(self, their_port: int) -> int | None:
        return self._whose(their_port, self.gate.port)

    def seen(self) -> None:
        """Somebody who may use the page did: nobody else keeps it open."""
        self._last_seen = self._clock()

    @property
    def gone(self) -> str:
        return self._texts.get("gone", "")

    def read(self, path: str) -> PageAnswer | None:
        """A file of the page. The texts are data beside it, so that no name from outside is ever markup."""
        if path == "/texts.json":
            return PageAnswer(json.dumps(self._texts).encode(), JSON)
        found = FILES.get(path)
        if found is None:
            return None
        return PageAnswer(files("tray_app.page").joinpath(found[0]).read_bytes(), found[1])

    def act(self, path: str, body: bytes) -> PageAnswer | None:
        if path != "/connect":
            return None
        reply = self.submit(body)
        if reply is None:
            return PageAnswer(status=400)
        told = {"ok": reply.ok, "message": reply.message, "offer_file": reply.offer_file}
        return PageAnswer(json.dumps(told).encode(), JSON)

    def submit(self, body: bytes) -> Reply | None:
        """None where the body is not the form's own shape."""
        try:
            sent = json.loads(body)
            filled = Filled(
                url=_text(sent, "url"),
                api_key=_text(sent, "api_key"),
                email=_text(sent, "email"),
                password=_text(sent, "password"),
                keep_in_file=sent.get("keep_in_file") is True,
            )
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None
        with self._one_at_a_time:
            if self._done.is_set() or self._ended:
                return None
            reply = self._check(filled)
        if reply.ok:
            self._done.set()
        return reply


def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name, "")
    if not isinstance(value, str):
        raise TypeError(name)
    return value.strip() if name != "password" else value
