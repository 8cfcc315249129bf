"""Connections to Ollama, kept open between requests."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

import httptools

from tray_app.relay.head import AnswerHead, Headers

log = logging.getLogger(__name__)

CONNECT_WITHIN_S = 30.0
MOST_IDLE = 64
IDLE_FOR_S = 4.0
"""Shorter than servers keep a connection open: none is taken in the moment in which it is closed at the other end."""
_CONTINUE, _FINAL, _NO_CONTENT, _NOT_MODIFIED = 100, 200, 204, 304


class Sender(Protocol):
    """Whoever sent a request and gets its answer."""

    def connected(self, connection: "ServerConnection") -> None: ...

    def not_connected(self) -> None: ...

    def answer_head(self, answered: AnswerHead) -> None: ...

    def answer_data(self, data: bytes) -> None: ...

    def answer_end(self) -> None: ...

    def answer_broken(self) -> None: ...

    def may_go_on(self) -> None: ...

    def upstream_slow(self, slow: bool) -> None: ...  # noqa: FBT001 - a state that comes and goes

    def flush(self) -> None: ...


class Upstream:
    """Ollama, by its address."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self.url = url
        self.host = parts.netloc.encode("ascii")
        self.prefix = parts.path.rstrip("/").encode("ascii")
        self._name = parts.hostname
        self._port = parts.port or (443 if tls else 80)
        self._tls = tls
        self._idle: list[ServerConnection] = []
        self._all: set[ServerConnection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._is_circle = False
        self.is_ok = True
        """The latest request that was sent reached it."""

    def connect(self, sender: Sender) -> Callable[[], object]:
        """Give the sender a connection, at once where one is idle; what is returned calls that off."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                sender.connected(connection)
                return _nothing
        task = asyncio.get_running_loop().create_task(self._open(sender))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        return task.cancel

    def leads_back(self) -> None:
        """A request that was sent there came in here."""
        if not self._is_circle:
            log.error("%s leads back to this relay", self.url)
        self._is_circle = True
        self.is_ok = False

    async def _open(self, sender: Sender) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                _, connection = await loop.create_connection(
                    lambda: ServerConnection(self._kept, self._all), self._name, self._port, ssl=self._tls
                )
        except OSError as error:  # also a TimeoutError, and what TLS refuses
            if self.is_ok:
                log.warning("%s is not there: %s", self.url, error.strerror or type(error).__name__)
            self.is_ok = False
            sender.not_connected()
        else:
            if not self.is_ok and not self._is_circle:
                log.info("%s is there again", self.url)
            self.is_ok = not self._is_circle
            sender.connected(connection)
        sender.flush()

    def _kept(self, connection: "ServerConnection") -> None:
        """A connection is free again."""
        if len(self._idle) < MOST_IDLE:
            connection.rest(IDLE_FOR_S)
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        for task in self._connecting:
            task.cancel()
        for connection in list(self._all):
            connection.close()


def _nothing() -> None:
    pass


class ServerConnection(asyncio.Protocol):
    """One connection to Ollama, with at most one request on it."""

    transport: asyncio.Transport

    def __init__(self, kept: "Callable[[ServerConnection], None]", connections: "set[ServerConnection]") -> None:
        self._kept = kept
        self._connections = connections
        self._sender: Sender | None = None
        self._no_body = False
        self._sent_all = False
        self._parser = httptools.HttpResponseParser(self)
        self._reason = b""
        self._headers: Headers = []
        self._in_head = False
        self._until_closed = False
        self._out: list[bytes] = []
        self._resting: asyncio.TimerHandle | None = None
        self.is_open = True
        self.is_used = False
        """It carried a request before: its server may have closed it without our knowing yet."""

    # --- asyncio ----------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        sender = self._sender
        if sender is None:  # nothing was asked for
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._broken()
        sender.flush()

    def eof_received(self) -> bool | None:
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._connections.discard(self)
        sender = self._sender
        if sender is not None:
            if self._until_closed and exc is None:
                self._end()
            else:
                self._broken()
            sender.flush()

    def pause_writing(self) -> None:
        if self._sender is not None:
            self._sender.upstream_slow(slow=True)

    def resume_writing(self) -> None:
        if self._sender is not None:
            self._sender.upstream_slow(slow=False)

    # --- httptools --------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._reason, self._headers, self._in_head = b"", [], True

    def on_status(self, status: bytes) -> None:
        self._reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        status = self._parser.get_status_code()
        if self._sender is None or status < _FINAL:
            return
        has_body = not self._no_body and status not in {_NO_CONTENT, _NOT_MODIFIED}
        answered = AnswerHead(status, self._reason, self._headers, has_body)
        self._until_closed = has_body and answered.length is None and not answered.is_chunked
        self._sender.answer_head(answered)
        if self._no_body:
            self._end()  # the parser waits for a body, which an answer to HEAD only describes

    def on_body(self, data: bytes) -> None:
        if self._sender is not None:
            self._sender.answer_data(data)

    def on_message_complete(self) -> None:
        if self._sender is None:
            return
        status = self._parser.get_status_code()
        if status == _CONTINUE:
            self._sender.may_go_on()
        elif status >= _FINAL:
            self._end()

    # --- the request ------------------------------------------------------------------------------------------------

    def use(self, sender: Sender, *, no_body: bool) -> None:
        """The next request is that one's. `no_body`: its answer has only a head."""
        self._sender, self._no_body = sender, no_body
        self._sent_all = self._until_closed = False
        self.is_used = self._resting is not None
        self._wake()

    def write(self, data: bytes) -> None:
        self._out.append(data)

    def sent(self) -> None:
        """The request is written to its end."""
        self._sent_all = True

    def flush(self) -> None:
        """Hand over what was written, in one piece."""
        if self._out and not self.transport.is_closing():
            self.transport.write(self._out[0] if len(self._out) == 1 else b"".join(self._out))
        self._out.clear()

    def read(self, *, wanted: bool) -> None:
        if wanted:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def close(self) -> None:
        """Also in the middle of an answer: Ollama then ends the generation."""
        self._sender = None
        self.is_open = False
        self._out.clear()
        self._wake()
        self.transport.abort()

    def rest(self, seconds: float) -> None:
        """Until the next request, or for so long."""
        self._resting = asyncio.get_running_loop().call_later(seconds, self.close)

    def _wake(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    def _end(self) -> None:
        sender, self._sender = self._sender, None
        stays = self._sent_all and not self._until_closed and self.is_open and self._parser.should_keep_alive()
        if self._no_body:
            self._parser = httptools.HttpResponseParser(self)
        if stays:
            self._kept(self)
        else:
            self.close()
        if sender is not None:
            sender.answer_end()

    def _broken(self) -> None:
        sender = self._sender
        self.close()
        if sender is not None:
            sender.answer_broken()
