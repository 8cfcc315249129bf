"""A loopback server that answers byte by byte as a test says: the faults that no HTTP library would produce."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

Behave = Callable[["Peer"], object]


class Peer:
    """One accepted connection as the server's side sees it."""

    def __init__(self, connection: socket.socket, server: "RawServer") -> None:
        self.connection = connection
        self.server = server
        self.count = server.accepted

    def request(self) -> bytes:
        """Head and body of the next request; empty where the client closed."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.connection.recv(65536)
            if not more:
                return b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                while len(body) < int(value):
                    body += self.connection.recv(65536)
        self.server.requests.append(data if b"\r\n\r\n" in data else head + b"\r\n\r\n" + body)
        return data

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(self, body: bytes, status: str = "200 OK", headers: str = "", content_type: str = "application/json"):
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        self.send(head.encode() + body)

    def drip(self, data: bytes) -> None:
        """One byte at a time until the client has had enough or the test is over."""
        for byte in data * 1_000_000:
            if self.server.over.wait(0.02):
                return
            self.send(bytes([byte]))

    def flood(self, data: bytes) -> None:
        """As fast as it is read, as long as somebody reads."""
        while not self.server.over.is_set():
            self.send(data * 100)

    def hang(self) -> None:
        self.server.over.wait()


class RawServer:
    """Runs `behave(peer)` for every connection in a thread of its own."""

    def __init__(self, behave: Behave, host: str = "127.0.0.1") -> None:
        self.requests: list[bytes] = []
        self.accepted = 0
        self.over = threading.Event()
        self._behave = behave
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.over.is_set():
                connection.close()
                return
            self.accepted += 1
            thread = threading.Thread(target=self._serve, args=(Peer(connection, self),))
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: Peer) -> None:
        with peer.connection, contextlib.suppress(OSError):
            self._behave(peer)

    def stop(self) -> None:
        self.over.set()
        with contextlib.suppress(OSError), socket.create_connection(self._listener.getsockname()[:2], timeout=1):
            pass  # wakes accept()
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def start(behave: Behave, host: str = "127.0.0.1") -> RawServer:
        servers.append(RawServer(behave, host))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def closing() -> Iterator[Callable]:
    """Closes clients at the end, so that no socket is left to the garbage collector."""
    with contextlib.ExitStack() as stack:

        def later(client):
            stack.callback(client.close)
            return client

        yield later
