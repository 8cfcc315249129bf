"""The page itself: a listener on 127.0.0.1 that ends after success, on cancel, or after ten quiet minutes."""

import io
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from msgspec import Struct

from tray_app.page.gate import SECURITY_HEADERS, Denied, Gate

IDLE_S = 600.0
READ_TIMEOUT_S = 10.0
"""For a whole request: somebody who sends a byte now and then must not hold a thread."""
LINGER_S = 1.0
"""After success the page may still fetch its last answer."""
ONWARD = b'<!doctype html><title>Elbowroom</title><meta http-equiv="refresh" content="0;url=/">'
"""After the way in. A redirect would still count as the navigation of the file that the browser came from, on which
no SameSite=Strict cookie is sent; a page of our own that moves on begins one of our own."""
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
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.page = self
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

    def file(self, path: str) -> tuple[bytes, str] | None:
        """A file of the page. The texts are data beside it, so that no name from outside is ever markup."""
        if path == "/texts.json":
            return json.dumps(self._texts).encode(), "application/json"
        found = FILES.get(path)
        if found is None:
            return None
        return files("tray_app.page").joinpath(found[0]).read_bytes(), found[1]

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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    page: ConnectPage

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up in the middle is no event worth a traceback on stderr."""


class _Deadline(io.RawIOBase):
    """Reads a socket until a moment: a timeout of the socket alone would begin anew with every byte."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection = connection
        self._until = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    """One request for each connection (HTTP/1.0)."""

    server: _Server

    def version_string(self) -> str:
        return "Elbowroom"

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_Deadline(self.connection, self.server.page.read_timeout_s))

    def do_GET(self) -> None:
        page, headers = self.server.page, self._lower()
        if denied := page.gate.may_call(headers, page.caller(self.client_address[1])):
            return self._deny(denied)
        if self.path.startswith("/open/"):
            cookie = page.gate.bootstrap(self.path.removeprefix("/open/"))
            if cookie is None:
                return self._deny(Denied.COOKIE, page.gone)
            page.seen()
            return self._send(200, ONWARD, "text/html; charset=utf-8", (("Set-Cookie", cookie),))
        if denied := page.gate.may_read(headers):
            return self._deny(denied, page.gone if denied is Denied.COOKIE else "")
        page.seen()
        found = page.file(self.path)
        if found is None:
            return self._send(404, b"", "text/plain")
        return self._send(200, *found)

    def do_POST(self) -> None:
        page, headers = self.server.page, self._lower()
        denied = page.gate.may_call(headers, page.caller(self.client_address[1])) or page.gate.may_act(headers)
        if denied:
            return self._deny(denied)
        page.seen()
        if self.path != "/connect":
            return self._send(404, b"", "text/plain")
        reply = page.submit(self.rfile.read(int(headers["content-length"])))
        if reply is None:
            return self._send(400, b"", "text/plain")
        body = {"ok": reply.ok, "message": reply.message, "offer_file": reply.offer_file}
        return self._send(200, json.dumps(body).encode(), "application/json")

    def _other(self) -> None:
        self._deny(Denied.METHOD)

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = _other  # noqa: N815 - names of the base class

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What the base class turns away itself is answered like everything else: without a word of the request."""
        self.close_connection = True
        self.request_version = "HTTP/1.0"
        self._send(code, b"", "text/plain")

    def _lower(self) -> dict[str, str]:
        """A header that comes twice is both of its values, and so none that a rule accepts."""
        found: dict[str, str] = {}
        for name, value in self.headers.items():
            found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
        return found

    def _deny(self, denied: Denied, words: str = "") -> None:
        """`words` are for a person who opens an old address again."""
        self.close_connection = True
        self._send(denied.status, words.encode(), "text/plain; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str, more: tuple[tuple[str, str], ...] = ()) -> None:
        self.connection.settimeout(READ_TIMEOUT_S)
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *SECURITY_HEADERS, *more):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Paths hold the one-time token: nothing is logged."""
