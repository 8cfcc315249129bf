"""HTTP to one server: total deadlines, a size limit, no redirects, typed errors. The only user of httpx.

One request at a time and one kept connection per `Http`; a stream has a connection of its own. A token goes to
its own origin only, cookies are never kept, and the libraries' own logging is silenced below warnings: it would
write headers down.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from tray_app.core.values.errors.change import ChangeError
from tray_app.core.values.errors.service import (
    Insecure,
    Instead,
    Interrupted,
    NoSuchPath,
    Refused,
    ServiceError,
    TimedOut,
    Unreachable,
)
from tray_app.core.values.token import Token, origin_of
from tray_app.core.values.version import Json
from tray_app.services._answer import Answer, Hidden, not_accepted, parse, parse_json, refuse
from tray_app.services._body import lines_of, whole
from tray_app.services._connection import Endpoint, Introduction, KeptConnection
from tray_app.services._errors import typed_errors
from tray_app.services._watch import Watch
from tray_app.services.address import is_private
from tray_app.services.deadline import time_left

DEADLINE_S = 2.0
"""Of one answer, in total."""
LIMIT_BYTES = 5 * 1024 * 1024
SILENCE_S = 300.0
"""Longest silence of a stream: Ollama says nothing while it checks the digest of a large layer."""

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Http:
    """One server. `base_url` comes from services/address.py; a token of another origin is a programming error."""

    def __init__(
        self,
        base_url: str,
        *,
        token: Token | None = None,
        deadline_s: float = DEADLINE_S,
        transport: httpx.BaseTransport | None = None,
        allow_plain_http: bool = False,
        ca_file: str = "",
    ) -> None:
        if token is not None and token.origin != origin_of(base_url):
            raise ValueError("this token belongs to another server")
        self.url = base_url.rstrip("/")
        self.origin = origin_of(base_url)
        self.token = token
        self._hidden = Hidden(token.value if token else "")
        self._deadline_s = deadline_s
        self._server = Endpoint(self.url, token, transport, allow_plain_http, ca_file)
        self._introduction: Introduction | None = None
        self._bases = self._addresses()
        self._lock = threading.Lock()
        self._connection: KeptConnection | None = None
        self.answered = 0
        """Questions that this server has answered, and so has written into its log."""

    def ask_first(self, path: str, check: Callable[[Json], object]) -> None:
        """Asks this anonymously on every new connection before the token goes over it. `check` raises ServiceError."""
        self._introduction = Introduction(path, check)

    def get_json(
        self,
        path: str,
        *,
        deadline_s: float | None = None,
        limit_bytes: int = LIMIT_BYTES,
        fresh: bool = False,
        as_is: bool = False,
        anonymous: bool = False,
    ) -> Json:
        """`anonymous`: without the token. `fresh`: over a new connection, so that another worker process of the server
        may answer.

        Our own token is taken out of whatever the server says, except `as_is`, for a document that is written back.
        """
        answer = self._ask("GET", path, None, deadline_s, limit_bytes, None, fresh=fresh, anonymous=anonymous)
        token = None if anonymous else self.token
        return parse(answer if as_is and answer.is_good else answer.without(self._hidden), token)

    def headers(self, path: str) -> Mapping[str, str]:
        """The headers of a good answer whose body says nothing."""
        answer = self._ask("GET", path, None, None, LIMIT_BYTES, None).without(self._hidden)
        if not answer.is_good:
            refuse(answer, self.token)
        return answer.headers

    def post_json(
        self,
        path: str,
        body: Json,
        *,
        deadline_s: float | None = None,
        cancelled: Callable[[], bool] | None = None,
        limit_bytes: int = LIMIT_BYTES,
        as_is: bool = False,
        secrets: Iterable[str] = (),
    ) -> Json:
        """Never repeated: after a missing answer the caller looks what the server holds.

        ChangeError(CANCELLED) where `cancelled` became true meanwhile. `secrets`: what the body holds and no text may
        repeat. `as_is`: as in `get_json`.
        """
        answer = self._ask("POST", path, body, deadline_s, limit_bytes, cancelled)
        if not (as_is and answer.is_good):
            answer = answer.without(self._hidden)
        return parse(answer if answer.is_good else answer.without(Hidden(*secrets)), self.token)

    def post_lines(self, path: str, body: Json, *, cancelled: Callable[[], bool]) -> Generator[Json, None, None]:
        """An NDJSON stream, one value per line, until it ends or `cancelled` becomes true; both just end it."""
        with contextlib.closing(self._stream(path, body, cancelled)) as lines:
            for line in lines:
                if line.strip():
                    yield parse_json(self.url + path, line)

    def post_events(self, path: str, body: Json, *, cancelled: Callable[[], bool]) -> Generator[Json, None, None]:
        """The `data:` lines of a server-sent event stream, without the closing [DONE]."""
        with contextlib.closing(self._stream(path, body, cancelled)) as lines:
            for line in lines:
                field, _, data = line.partition(b":")
                if field == b"data" and data.strip() != b"[DONE]":
                    yield parse_json(self.url + path, data)

    def tells_token(self, text: str) -> bool:
        """For what is read `as_is`: whether our token would be seen in it."""
        data = text.encode("utf-8", "backslashreplace")
        return self._hidden.hide_in(data) != data

    def refuse_insecure(self) -> None:
        """Insecure where a secret would cross a public network in clear text."""
        server = self._server
        if server.is_plain and not is_private(server.host) and not server.allow_plain_http:
            raise Insecure(self.url)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _check_token(self) -> None:
        if self.token is None:
            return
        self.refuse_insecure()
        if not self.token.value.isascii() or not self.token.value.isprintable():
            # Not a header's text: no server could have given it away.
            raise Refused(self.url, not_accepted(self.token))

    def _addresses(self) -> list[str]:
        """Where to connect. `localhost` is tried as 127.0.0.1 first: on Windows the IPv6 attempt can hang."""
        server = self._server
        if not server.is_plain or server.host != "localhost" or server.transport is not None:
            return [self.url]
        path = urlsplit(self.url).path
        return [f"http://{host}:{server.port}{path}" for host in ("127.0.0.1", "[::1]")]

    def _ask(
        self,
        method: str,
        path: str,
        body: Json,
        deadline_s: float | None,
        limit_bytes: int,
        cancelled: Callable[[], bool] | None,
        *,
        fresh: bool = False,
        anonymous: bool = False,
    ) -> Answer:
        if not anonymous:
            self._check_token()
        longer = self._deadline_s if self._deadline_s > DEADLINE_S else 0.0  # somebody gave a slow server more
        seconds = self._deadline_s if deadline_s is None else max(deadline_s, longer)
        # Waiting for another thread's request is not the server's time: a click does not fail because a poll was slow.
        if not self._lock.acquire(timeout=min(seconds, time_left())):
            raise TimedOut(self.url + path, seconds)
        try:
            with Watch(seconds, cancelled) as watch:
                if fresh:
                    self.close()
                return self._first_that_answers(_Call(method, path, body, limit_bytes, watch, anonymous))
        finally:
            self._lock.release()

    def _first_that_answers(self, call: "_Call") -> Answer:
        for base in self._bases[:-1]:
            try:
                return self._repeated_once(base, call)
            except Unreachable:
                continue
        answer = self._repeated_once(self._bases[-1], call)
        self._bases = [self._bases[-1], *self._bases[:-1]]
        return answer

    def _repeated_once(self, base: str, call: "_Call") -> Answer:
        """A server may close an idle connection just when it is used again: a GET may then be asked again."""
        connection = self._connection = self._connection or self._new_connection()
        kept = connection.socket
        try:
            return self._exchange(connection, base, call)
        except (ServiceError, ChangeError) as error:
            reused = kept is not None and connection.socket is kept
            self.close()
            if call.method != "GET" or not reused or not isinstance(error, Interrupted):
                raise
        self._connection = self._new_connection()
        return self._exchange(self._connection, base, call)

    def _exchange(self, connection: KeptConnection, base: str, call: "_Call") -> Answer:
        url, watch, share = self.url + call.path, call.watch, len(self._bases)
        with typed_errors(url, watch, self._hidden):
            if call.anonymous:
                response = connection.send_anonymous(base, call.path, watch, share)
            else:
                response = connection.send(call.method, base, call.path, call.body, watch, share)
            try:
                body = whole(url, response, call.limit_bytes, watch)
            finally:
                response.close()
                self.answered += 1
            return Answer(url, response.status_code, response.headers, body)

    def _new_connection(self) -> KeptConnection:
        return KeptConnection(self._server, self._hidden, self._introduction)

    def _stream(self, path: str, body: Json, cancelled: Callable[[], bool]) -> Generator[bytes, None, None]:
        """Lines of a good answer. A connection of its own, closed when the reader stops or cancels."""
        self._check_token()
        url = self.url + path
        with Watch(SILENCE_S, cancelled) as watch, contextlib.closing(self._new_connection()) as connection:
            try:
                with typed_errors(url, watch, self._hidden):
                    response = connection.send("POST", self._bases[0], path, body, watch)
                    try:
                        self._check_stream(url, response, watch)
                        yield from map(self._hidden.hide_in, lines_of(url, response, watch))
                    finally:
                        response.close()
            except ChangeError:
                return

    def _check_stream(self, url: str, response: httpx.Response, watch: Watch) -> None:
        if response.is_success and response.headers.get("content-type", "").partition(";")[0] != "text/html":
            return
        body = whole(url, response, LIMIT_BYTES, watch)
        if response.is_success:
            raise NoSuchPath(url, Instead.PAGE)
        refuse(Answer(url, response.status_code, response.headers, body).without(self._hidden), self.token)


class _Call(Struct, frozen=True):
    """One request and how long it may take."""

    method: str
    path: str
    body: Json
    limit_bytes: int
    watch: Watch
    anonymous: bool
