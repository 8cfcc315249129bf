"""The HTTP part that all stand-ins share: a threaded server on loopback with faults, and a record of what was asked."""

import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

LOOPBACK = "127.0.0.1"
DRIP_S = 0.1
JSON_TYPE = "application/json"
HTML_PAGE = b"<!doctype html>\n<html><head><title>Page</title></head><body></body></html>\n"


class Gone(Exception):
    """The caller hung up, or the stand-in is being stopped: nobody waits for this answer."""


class Response(Struct, frozen=True):
    """A complete answer."""

    body: bytes = b""
    status: int = 200
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()


class Lines(Struct, frozen=True):
    """An answer that comes in parts; each part is one chunk on the wire."""

    parts: Iterator[bytes]
    content_type: str = "application/x-ndjson"


def as_json(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(json.dumps(value, ensure_ascii=False).encode(), status, JSON_TYPE, headers)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `gone` tells whether the caller has hung up."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    gone: Callable[[], bool] = field(repr=False, compare=False)
    connection: int = 0
    """Number of the connection it came on."""

    def json(self) -> Any:
        """The body; ValueError where it is not JSON. No body is None."""
        return json.loads(self.body) if self.body else None


class FaultKind(StrEnum):
    HANG = "hang"  # accepts and never answers
    DRIP = "drip"  # the right answer, one byte every DRIP_S seconds
    HANG_UP = "hang-up"  # closes the connection without an answer
    FAILS = "fails"  # 500
    GARBAGE = "garbage"  # 200 application/json that is none
    HTML = "html"  # 200 with a page
    NOT_FOUND = "not-found"  # 404 as JSON
    OTHER_JSON = "other-json"  # 200 with JSON of another shape
    REDIRECT = "redirect"  # 302 to `target`
    HUGE = "huge"  # 200 with more bytes than any answer has


class Failure(Struct, frozen=True):
    """`path` is a prefix; `after` handles the request first, so that a change is made and only its answer is lost."""

    kind: FaultKind
    path: str = "/"
    after: bool = False
    target: str = "http://127.0.0.1:9/"


HUGE_BYTES = 8 * 1024 * 1024
_FAULT_ANSWERS: dict[FaultKind, Callable[[Failure], Response]] = {
    FaultKind.FAILS: lambda _: Response(b"Internal Server Error", 500, "text/plain; charset=utf-8"),
    FaultKind.GARBAGE: lambda _: Response(b'{"version": "0.1\x00'),
    FaultKind.HTML: lambda _: Response(HTML_PAGE, content_type="text/html; charset=utf-8"),
    FaultKind.NOT_FOUND: lambda _: as_json({"error": "not found"}, 404),
    FaultKind.OTHER_JSON: lambda _: as_json({"hello": ["another", "service"]}),
    FaultKind.REDIRECT: lambda fault: Response(b"", 302, "text/plain", (("Location", fault.target),)),
    FaultKind.HUGE: lambda _: Response(b'{"padding": "' + b"x" * HUGE_BYTES + b'"}'),
}


def free_port() -> int:
    """One at which nobody listens now."""
    with socket.create_server((LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int, owner: "DemoServer") -> None:
        self.owner = owner
        self.stopping = threading.Event()
        self.open_sockets: set[socket.socket] = set()
        self.connections = 0
        self.lock = threading.Lock()
        super().__init__((LOOPBACK, port), _Handler)


class DemoServer:
    """Base of the stand-ins: `handle` answers one request. `start` after `stop` listens on the same port again."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._faults: list[Failure] = []
        self.asked: list[Request] = []
        """Every request so far, oldest first."""

    def handle(self, request: Request) -> Response | Lines:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def port(self) -> int:
        """Known after the first start."""
        return self._port

    def start(self) -> None:
        server = _Server(self._port, self)
        self._port = int(server.server_address[1])
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=type(self).__name__)
        self._thread.start()

    def stop(self) -> None:
        """Ends all answers at once and waits for their threads."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        self._server = self._thread = None
        server.stopping.set()
        server.shutdown()
        thread.join()
        with server.lock:
            for open_socket in server.open_sockets:
                with contextlib.suppress(OSError):
                    open_socket.shutdown(socket.SHUT_RDWR)
        server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fail(self, kind: FaultKind, path: str = "/", *, after: bool = False, target: str = "") -> None:
        """From now on requests below `path` go wrong; the newest fault that fits is taken."""
        self._faults.insert(0, Failure(kind, path, after, target or "http://127.0.0.1:9/"))

    def heal(self) -> None:
        self._faults.clear()

    def fault_for(self, path: str) -> Failure | None:
        return next((fault for fault in list(self._faults) if path.startswith(fault.path)), None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.open_sockets.add(self.connection)
            self.server.connections += 1
            self.number = self.server.connections

    def handle(self) -> None:
        # A caller that hangs up between two requests is no error.
        with contextlib.suppress(ConnectionError):
            super().handle()

    def finish(self) -> None:
        with self.server.lock:
            self.server.open_sockets.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """The stand-ins keep `asked` instead of printing."""

    def _gone(self) -> bool:
        """Whether the caller has closed its side; a pipelined request is no hang-up."""
        if self.server.stopping.is_set():
            return True
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query))
        return Request(self.command, parts.path, query, headers, self.rfile.read(length), self._gone, self.number)

    def _answer(self) -> None:
        try:
            request = self._request()
            self.server.owner.asked.append(request)
            fault = self.server.owner.fault_for(request.path)
            if fault is None:
                self._send(self.server.owner.handle(request))
            else:
                self._fail(fault, request)
        except (Gone, ConnectionError, TimeoutError):
            self.close_connection = True
        except OSError:
            if not self.server.stopping.is_set():
                raise
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _answer  # noqa: N815 - names of the base class

    def _fail(self, fault: Failure, request: Request) -> None:
        right = self.server.owner.handle(request) if fault.after or fault.kind is FaultKind.DRIP else None
        if fault.kind is FaultKind.DRIP:
            self._send(right or Response(), drip=True)
        elif fault.kind is FaultKind.HANG:
            while not self._gone():
                self.server.stopping.wait(0.02)
            raise Gone
        elif fault.kind is FaultKind.HANG_UP:
            raise Gone
        else:
            self._send(_FAULT_ANSWERS[fault.kind](fault))

    def _send(self, answer: Response | Lines, *, drip: bool = False) -> None:
        if isinstance(answer, Lines):
            self._send_lines(answer)
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if not drip:
            self.wfile.write(answer.body)
            return
        for byte in answer.body:
            self.wfile.write(bytes((byte,)))
            if self.server.stopping.wait(DRIP_S):
                raise Gone

    def _send_lines(self, answer: Lines) -> None:
        self.send_response(200)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with contextlib.closing(answer.parts) as parts:  # type: ignore[type-var]  # generators close
            for part in parts:
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Polls a condition; False where it did not come true in time. For tests and the demo's own story."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
