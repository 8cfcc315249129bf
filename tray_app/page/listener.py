"""HTTP of our own pages: a listener on 127.0.0.1 that lets every request through the gate, and nothing else.

What a page answers is its own; that nobody else gets an answer is here, once for all pages.
"""

import io
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from msgspec import Struct

from tray_app.page.gate import SECURITY_HEADERS, Denied, Gate

READ_TIMEOUT_S = 10.0
"""For a whole request: somebody who sends a byte now and then must not hold a thread."""
ONWARD = b'<!doctype html><title>Elbowroom</title><meta http-equiv="refresh" content="0;url=/">'
"""After the way in. A redirect would still count as the navigation of the file that the browser came from, on which
no SameSite=Strict cookie is sent; a page of our own that moves on begins one of our own."""
HTML, JSON, PLAIN = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"
LOOPBACK = "127.0.0.1"


class PageAnswer(Struct, frozen=True):
    body: bytes = b""
    kind: str = PLAIN
    status: int = 200


class LoopbackPage(Protocol):
    """What stands behind a listener. Everything but `read_timeout_s` and `gone` is asked on the threads of requests."""

    gate: Gate
    read_timeout_s: float

    @property
    def gone(self) -> str:
        """For a person who opens an old address again."""

    def caller(self, their_port: int) -> int | None:
        """The user id behind a connection from there; None where nobody can tell."""

    def seen(self) -> None:
        """Somebody who may use the page did."""

    def read(self, path: str) -> PageAnswer | None:
        """Of a GET that may read; None: there is no such thing."""

    def act(self, path: str, body: bytes) -> PageAnswer | None:
        """Of a POST that may act; None: there is no such thing."""


class LoopbackServer(ThreadingHTTPServer):
    """Whoever makes one runs `serve_forever` in a thread. The page's gate is made with its port, before that."""

    daemon_threads = True

    def __init__(self, page: LoopbackPage) -> None:
        self.page = page
        super().__init__((LOOPBACK, 0), _Handler)

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

    server: LoopbackServer

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
            return self._send(PageAnswer(ONWARD, HTML), (("Set-Cookie", cookie),))
        if denied := page.gate.may_read(headers):
            return self._deny(denied, page.gone if denied is Denied.COOKIE else "")
        page.seen()
        return self._send(page.read(self.path) or PageAnswer(status=404))

    def do_POST(self) -> None:
        page, headers = self.server.page, self._lower()
        denied = page.gate.may_call(headers, page.caller(self.client_address[1])) or page.gate.may_act(headers)
        if denied:
            return self._deny(denied)
        page.seen()
        body = self.rfile.read(int(headers["content-length"]))
        return self._send(page.act(self.path, body) or PageAnswer(status=404))

    def _other(self) -> None:
        self._deny(Denied.METHOD)

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = _other  # noqa: N815 - names of the base class

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What the base class turns away itself is answered like everything else: without a word of the request."""
        self.close_connection = True
        self.request_version = "HTTP/1.0"
        self._send(PageAnswer(status=code))

    def _lower(self) -> dict[str, str]:
        """A header that comes twice is both of its values, and so none that a rule accepts."""
        found: dict[str, str] = {}
        for name, value in self.headers.items():
            found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
        return found

    def _deny(self, denied: Denied, words: str = "") -> None:
        """`words` are for a person who opens an old address again."""
        self.close_connection = True
        self._send(PageAnswer(words.encode(), status=denied.status))

    def _send(self, answer: PageAnswer, more: tuple[tuple[str, str], ...] = ()) -> None:
        self.connection.settimeout(READ_TIMEOUT_S)
        self.send_response(answer.status)
        own = (("Content-Type", answer.kind), ("Content-Length", str(len(answer.body))))
        for name, value in (*own, *SECURITY_HEADERS, *more):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Paths hold the one-time token: nothing is logged."""
