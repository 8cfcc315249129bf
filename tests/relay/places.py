"""A relay in a thread, an Ollama that does what a test says byte by byte, and a client on a plain socket."""

import asyncio
import contextlib
import json
import queue
import socket
import threading
import time
from urllib.request import Request, urlopen

from tray_app.core.lanes.rules import LanesRules
from tray_app.core.report.codec import decode
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.relay import RelayState
from tray_app.relay.replies import Replies, error_body
from tray_app.relay.service import Relay, RelayPlan
from tray_app.storage.relay_file import RelayFile

REPLIES = Replies(unreachable=error_body("not there"), loop=error_body("leads back"), dropped=error_body("not needed"))
SOON_S = 10.0
"""How long a test waits for what must come at once on a machine that does nothing else."""
BRISK = LanesRules(quiet_low_s=0.05, quiet_high_s=0.2, evict_idle_s=0.2)


class Link:
    """One end of a connection, read as HTTP by hand."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(SOON_S)
        self._read = b""

    def send(self, *parts):
        self.sock.sendall(b"".join(parts))

    def until(self, mark):
        """Everything up to and with the mark."""
        while mark not in self._read:
            self._more()
        before, _, self._read = self._read.partition(mark)
        return before + mark

    def take(self, size):
        while len(self._read) < size:
            self._more()
        taken, self._read = self._read[:size], self._read[size:]
        return taken

    def rest(self):
        """Everything until the other end closes."""
        with contextlib.suppress(EOFError):
            while True:
                self._more()
        return self._read

    def head(self):
        first, *lines = self.until(b"\r\n\r\n").decode("latin-1").rstrip("\r\n").split("\r\n")
        return first, [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in lines]

    def chunk(self):
        size = int(self.until(b"\r\n").partition(b";")[0], 16)
        data = self.take(size)
        assert self.take(2) == b"\r\n"
        return data

    def message(self, *, has_body=True):
        """First line, headers (lower case) and body of one whole message."""
        first, headers = self.head()
        by_name = {name.lower(): text for name, text in headers}
        if not has_body:
            return first, by_name, b""
        if by_name.get("transfer-encoding") == "chunked":
            parts = []
            while data := self.chunk():
                parts.append(data)
            return first, by_name, b"".join(parts)
        if "content-length" in by_name:
            return first, by_name, self.take(int(by_name["content-length"]))
        return first, by_name, b"" if first.split()[-1].startswith("HTTP/") else self.rest()

    def is_closed(self):
        """The other end hangs up without another byte."""
        try:
            return self.sock.recv(1) == b""
        except ConnectionError:
            return True

    def close(self):
        self.sock.close()

    def reset(self):
        """As a process that is killed."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.sock.close()

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self._read += data


class Ollama:
    """Takes connections and leaves it to the test what happens on them."""

    def __init__(self, port=0):
        self.sock = socket.create_server(("127.0.0.1", port), backlog=2048)
        self.port = self.sock.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.links = []

    def link(self):
        """The next connection that the relay makes."""
        self.sock.settimeout(SOON_S)
        self.links.append(Link(self.sock.accept()[0]))
        return self.links[-1]

    def nobody_comes(self, within_s=0.3):
        self.sock.settimeout(within_s)
        try:
            self.links.append(Link(self.sock.accept()[0]))
        except TimeoutError:
            return True
        return False

    def close(self):
        for link in self.links:
            link.close()
        self.sock.close()


class InThread:
    """A relay whose event loop runs in a thread."""

    def __init__(self, upstream, folder, rules=BRISK, listen="127.0.0.1", port=0):
        self.file = folder / "relay.json"
        self.door = None
        # A name may stand for two addresses, each with a port of its own.
        self._reached_at = listen if listen == "localhost" else "127.0.0.1"
        self._plan = RelayPlan(listen, port, upstream, self.file, "1.2.3", REPLIES, rules)
        self._ready = queue.Queue()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="relay")
        self._thread.start()
        found = self._ready.get(timeout=SOON_S)
        if isinstance(found, Exception):
            self._thread.join()
            raise found
        self.relay = found

    async def _run(self):
        self._loop = asyncio.get_running_loop()
        relay = Relay(self._plan)
        try:
            await relay.open()
        except ElbowroomError as error:
            self._ready.put(error)
            return
        self._ready.put(relay)
        await relay.until_ended()
        relay.close()

    @property
    def port(self):
        return self.relay.port

    def link(self):
        return Link(socket.create_connection((self._reached_at, self.port)))

    def ask(self, method, path, body=None, *, secret=None, host=None):
        """One request on the private channel: status and document."""
        found = self.door = RelayFile(self.file).read() or self.door
        headers = {"Authorization": f"Bearer {found.secret if secret is None else secret}"}
        if host:
            headers["Host"] = host
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"http://127.0.0.1:{found.control_port}{path}", data, headers, method=method)
        with urlopen(request, timeout=SOON_S) as answer:
            return json.loads(answer.read())

    def state(self, after=0):
        return decode(RelayState, self.ask("GET", f"/state?after={after}"))

    def until(self, holds):
        """The first state of which that is true."""
        until = time.monotonic() + SOON_S
        while not holds(state := self.state()):
            assert time.monotonic() < until, state
            time.sleep(0.01)
        return state

    def end_is_near(self):
        """It has begun to end: the file is gone."""
        until = time.monotonic() + SOON_S
        while self.file.exists():
            assert time.monotonic() < until
            time.sleep(0.01)

    def has_ended(self):
        self._thread.join(SOON_S)
        assert not self._thread.is_alive()

    def end(self, within_s=0.0):
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.relay.end, within_s)
            self._thread.join(SOON_S)
            assert not self._thread.is_alive()


def post(path, body=b"{}", *headers, length=True):
    """A request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1:11435", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def get(path, *headers):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost:11435", *headers, "", ""]).encode("latin-1")


def sized(body, status="200 OK", *headers):
    """An answer as bytes."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)
