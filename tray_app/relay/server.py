"""The server's side of one HTTP/1.1 connection: requests one after the other, their bodies as they come."""

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

import httptools

from tray_app.relay.head import LAST_CHUNK, AnswerHead, Headers, RequestHead, answer, chunk, origin_form

LONGEST_HEAD = 256 * 1024
JSON = b"application/json; charset=utf-8"


class Handler(Protocol):
    """Answers one request. `begin` comes when all requests before it are answered, the others in this order."""

    def begin(self) -> None: ...

    def body(self, data: bytes) -> None: ...

    def body_end(self) -> None: ...

    def client_gone(self) -> None: ...

    def client_slow(self, slow: bool) -> None: ...  # noqa: FBT001 - a state that comes and goes

    def flush(self) -> None: ...


class ClientConnection(asyncio.Protocol):
    """A connection that somebody opened to us, on which `serve` makes the answer to each request."""

    transport: asyncio.Transport

    def __init__(self, serve: "Serve", connections: "ClientConnections") -> None:
        self._serve = serve
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: Headers = []
        self._in_head = False
        self._head_bytes = 0
        self._reads: _Turn | None = None
        """The request that is being read."""
        self._queue: deque[_Turn] = deque()
        """The request that is being answered, and those after it."""
        self._last = False
        """No further request is taken."""
        self._deaf = False
        self._paused = False
        self._chunked = False
        self._framed = True
        self._out: list[bytes] = []
        self.is_slow = False

    # --- asyncio ----------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nothing is upgraded here: it is answered as any request, and what follows is not read.
            self._last = self._deaf = True
        except httptools.HttpParserCallbackError:
            raise
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._next()
        if self._queue:
            self._queue[0].served.flush()
        self.flush()

    def eof_received(self) -> bool | None:
        """Who closes its half has gone, as at Ollama itself."""
        self._leave()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._leave()
        self._connections.remove(self)

    def pause_writing(self) -> None:
        self.is_slow = True
        if self._queue:
            self._queue[0].served.client_slow(slow=True)

    def resume_writing(self) -> None:
        self.is_slow = False
        if self._queue:
            self._queue[0].served.client_slow(slow=False)

    # --- httptools --------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._target, self._headers, self._in_head, self._head_bytes = b"", [], True, 0

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # else it is a trailer: Ollama sends and reads none
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._reads = None
        if self._last:
            return
        http11 = self._parser.get_http_version() != "1.0"
        target = origin_form(self._target) or self._target
        asked = RequestHead(self._parser.get_method(), target, self._headers, http11)
        self._reads = _Turn(asked, self._serve(self, asked), keeps=http11 and self._parser.should_keep_alive())
        self._queue.append(self._reads)
        if len(self._queue) == 1:
            self._begin()
        else:
            self.read(wanted=False)  # it does not wait for its answers, and gets them in order

    def on_body(self, data: bytes) -> None:
        if self._reads is not None:
            self._reads.heard(data)

    def on_message_complete(self) -> None:
        if self._reads is not None:
            self._reads.heard_all()

    # --- the answer -------------------------------------------------------------------------------------------------

    def read(self, *, wanted: bool) -> None:
        """Whether to take in more of the request."""
        wanted = wanted and len(self._queue) < 2
        if wanted is self._paused and not self.transport.is_closing():
            self._paused = not wanted
            if wanted:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    def go_on(self) -> None:
        """Tell the client to send the body that it keeps back."""
        self._out.append(b"HTTP/1.1 100 Continue\r\n\r\n")

    def head(self, answered: AnswerHead) -> None:
        turn = self._queue[0]
        unsized = answered.has_body and answered.length is None
        self._chunked = unsized and turn.asked.http11
        self._framed = self._chunked or not unsized
        turn.keeps = turn.keeps and self._framed and not self._last
        self._out.append(answer(answered, chunked=self._chunked, closes=not turn.keeps))

    def data(self, data: bytes) -> None:
        if data:
            self._out.append(chunk(data) if self._chunked else data)

    def end(self) -> None:
        """The answer is whole; the next request's turn comes when this one was read to its end."""
        if self._chunked:
            self._out.append(LAST_CHUNK)
        self._queue[0].answered = True
        self._next()
        self.read(wanted=True)

    def break_off(self) -> None:
        """The answer will never be whole, and the client must see that."""
        self._last = self._deaf = True
        self._queue.clear()
        if self._framed:  # it gets what there is: chunks or the length tell that more was to come
            self.flush()
            self.transport.close()
        else:
            self.transport.abort()

    def reply(self, status: int, body: bytes = b"", kind: bytes = JSON) -> None:
        """An answer of our own."""
        turn = self._queue[0]
        headers = [(b"Content-Length", b"%d" % len(body))]
        if body:
            headers.insert(0, (b"Content-Type", kind))
        self.head(AnswerHead(status, HTTPStatus(status).phrase.encode("ascii"), headers, has_body=True))
        if turn.asked.method != b"HEAD":
            self.data(body)
        self.end()

    def flush(self) -> None:
        """Hand over what was written, in one piece."""
        if self._out and not self.transport.is_closing():
            self.transport.write(self._out[0] if len(self._out) == 1 else b"".join(self._out))
        self._out.clear()

    def close_when_idle(self) -> None:
        """After the answer that is under way, if there is one."""
        self._last = True
        if not self._queue:
            self.transport.close()

    def _begin(self) -> None:
        turn = self._queue[0]
        turn.begun = True
        turn.served.begin()
        for data in turn.early:
            turn.heard(data)
        turn.early.clear()
        if turn.whole:
            turn.heard_all()

    def _next(self) -> None:
        while self._queue and self._queue[0].answered and self._queue[0].whole:
            if not self._queue.popleft().keeps or (self._last and not self._queue):
                self._last = self._deaf = True
                self._queue.clear()
                self.flush()
                self.transport.close()
            elif self._queue:
                self._begin()

    def _refuse(self, status: HTTPStatus) -> None:
        """What comes is no HTTP: nothing after it can be understood."""
        if self._queue:
            self._leave()
        else:
            self._deaf = self._last = True
            none = AnswerHead(status, status.phrase.encode("ascii"), [(b"Content-Length", b"0")], has_body=True)
            self._out.append(answer(none, chunked=False, closes=True))
            self.flush()
        self.transport.close()

    def _leave(self) -> None:
        """The client has gone, or must go."""
        self._last = self._deaf = True
        turns = list(self._queue)
        self._queue.clear()
        for turn in turns:
            if turn.begun and not turn.answered:
                turn.served.client_gone()


class _Turn:
    """One request on a connection, and how far it is."""

    def __init__(self, asked: RequestHead, served: Handler, *, keeps: bool) -> None:
        self.asked = asked
        self.served = served
        self.keeps = keeps
        self.early: list[bytes] = []
        """Of the body, what came before its turn."""
        self.begun = False
        self.whole = False
        self.answered = False

    def heard(self, data: bytes) -> None:
        if not self.begun:
            self.early.append(data)
        elif not self.answered:
            self.served.body(data)

    def heard_all(self) -> None:
        self.whole = True
        if self.begun and not self.answered:
            self.served.body_end()


Serve = Callable[[ClientConnection, RequestHead], Handler]


class ClientConnections:
    """The connections that are open at one door."""

    def __init__(self) -> None:
        self._open: set[ClientConnection] = set()
        self._nobody = asyncio.Event()
        self._nobody.set()

    def add(self, client: ClientConnection) -> None:
        self._open.add(client)
        self._nobody.clear()

    def remove(self, client: ClientConnection) -> None:
        self._open.discard(client)
        if not self._open:
            self._nobody.set()

    async def until_none(self) -> None:
        await self._nobody.wait()

    def close_when_idle(self) -> None:
        for client in list(self._open):
            client.close_when_idle()

    def abort(self) -> None:
        for client in list(self._open):
            client.transport.abort()
