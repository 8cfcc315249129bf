"""HTTP to one server: total deadlines, a size limit, no redirects, typed errors. The only user of httpx.

One request at a time and one kept connection per `Http`; a stream has a connection of its own. A token goes to
its own origin only, cookies are never kept, and the libraries' own logging is silenced below warnings: it would
write headers down.
"""

import contextlib
import logging
import threading
import urllib.request
from collections.abc import Callable, Generator, Iterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from json import dumps
from typing import Any
from urllib.parse import urlsplit

import httpx

from tray_app import __version__
from tray_app.core.values.errors import (
    BadAnswer,
    ChangeError,
    Insecure,
    Interrupted,
    NotFound,
    Redirected,
    Refused,
    RefusedBecause,
    ServiceError,
    TimedOut,
    Unreachable,
)
from tray_app.core.values.token import Token, origin_of
from tray_app.core.values.version import Json
from tray_app.services import _trust
from tray_app.services._answer import Answer, Hidden, parse, parse_json, redirect_target, refuse, short
from tray_app.services._errors import typed_errors
from tray_app.services._watch import Watch, address_count
from tray_app.services.address import is_private

LIMIT_BYTES = 5 * 1024 * 1024
LINE_LIMIT_BYTES = 1024 * 1024
SILENCE_S = 300.0
"""Longest silence of a stream: Ollama says nothing while it checks the digest of a large layer."""
KEEPALIVE_S = 30.0

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Http:
    """One server. `base_url` comes from services/address.py; a token of another origin is a programming error."""

    def __init__(
        self,
        base_url: str,
        *,
        token: Token | None = None,
        deadline_s: float = 2.0,
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
        self._transport = transport
        parts = urlsplit(self.url)
        self._host, self._port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        self._host_header = parts.netloc
        self._plain = parts.scheme == "http"
        self._private = is_private(self._host)
        self._allow_plain_http = allow_plain_http
        self._ca_file = ca_file
        self._bases = self._addresses(parts.path)
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._socket: Any = None

    def anonymous(self) -> "Http":
        """The same server without the token, for the question who it is."""
        return Http(
            self.url,
            deadline_s=self._deadline_s,
            transport=self._transport,
            allow_plain_http=self._allow_plain_http,
            ca_file=self._ca_file,
        )

    def get_json(
        self,
        path: str,
        *,
        deadline_s: float | None = None,
        limit_bytes: int = LIMIT_BYTES,
        fresh: bool = False,
        as_is: bool = False,
    ) -> Json:
        """`fresh`: over a new connection, so that another worker process of the server may answer.

        Our own token is taken out of whatever the server says, except `as_is`, for a document that is written back.
        """
        answer = self._ask("GET", path, None, deadline_s, limit_bytes, None, fresh=fresh)
        return parse(answer if as_is and answer.is_good else answer.without(self._hidden), self.token)

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
        as_is: bool = False,
        secret: str = "",
    ) -> Json:
        """Never repeated: after a missing answer the caller looks what the server holds.

        ChangeError(CANCELLED) where `cancelled` became true meanwhile. `secret`: what the body holds and no text may
        repeat. `as_is`: as in `get_json`.
        """
        answer = self._ask("POST", path, body, deadline_s, LIMIT_BYTES, cancelled)
        if not (as_is and answer.is_good):
            answer = answer.without(self._hidden)
        return parse(answer if answer.is_good else answer.without(Hidden(secret)), self.token)

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

    def refuse_insecure(self) -> None:
        """Insecure where a secret would cross a public network in clear text."""
        if self._plain and not self._private and not self._allow_plain_http:
            raise Insecure(self.url)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client, self._socket = None, None

    def _check_token(self) -> None:
        if self.token is None:
            return
        self.refuse_insecure()
        if not self.token.value.isascii() or not self.token.value.isprintable():
            # Not a header's text: no server could have given it away.
            raise Refused(self.url, RefusedBecause.EXPIRED)

    def _addresses(self, path: str) -> list[str]:
        """Where to connect. `localhost` is tried as 127.0.0.1 first: on Windows the IPv6 attempt can hang."""
        if not self._plain or self._host != "localhost" or self._transport is not None:
            return [self.url]
        return [f"http://{host}:{self._port}{path}" for host in ("127.0.0.1", "[::1]")]

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
    ) -> Answer:
        self._check_token()
        seconds = self._deadline_s if deadline_s is None else deadline_s
        with Watch(seconds, cancelled) as watch:
            if not self._lock.acquire(timeout=watch.remaining()):
                raise TimedOut(self.url + path, seconds)
            try:
                if fresh:
                    self.close()
                return self._first_that_answers(method, path, body, limit_bytes, watch)
            finally:
                self._lock.release()

    def _first_that_answers(self, method: str, path: str, body: Json, limit_bytes: int, watch: Watch) -> Answer:
        for base in self._bases[:-1]:
            try:
                return self._repeated_once(method, base, path, body, limit_bytes, watch)
            except Unreachable:
                continue
        answer = self._repeated_once(method, self._bases[-1], path, body, limit_bytes, watch)
        self._bases = [self._bases[-1], *self._bases[:-1]]
        return answer

    def _repeated_once(self, method: str, base: str, path: str, body: Json, limit_bytes: int, watch: Watch) -> Answer:
        """A server may close an idle connection just when it is used again: a GET may then be asked again."""
        kept = self._socket
        try:
            return self._exchange(method, base, path, body, limit_bytes, watch)
        except (ServiceError, ChangeError) as error:
            reused = kept is not None and self._socket is kept
            self.close()
            if method != "GET" or not reused or not isinstance(error, Interrupted):
                raise
            return self._exchange(method, base, path, body, limit_bytes, watch)

    def _exchange(self, method: str, base: str, path: str, body: Json, limit_bytes: int, watch: Watch) -> Answer:
        if self._client is None:
            self._client = self._new_client()
        watch.attach(self._socket)
        url = self.url + path
        with typed_errors(url, watch, self._hidden):
            addresses = 1 if self._socket is not None else self._address_count(watch)
            request = self._request(self._client, method, base + path, body, watch, len(self._bases) * addresses)
            response = self._client.send(request, stream=True)
            try:
                return Answer(url, response.status_code, response.headers, _whole(url, response, limit_bytes, watch))
            finally:
                response.close()

    def _stream(self, path: str, body: Json, cancelled: Callable[[], bool]) -> Generator[bytes, None, None]:
        """Lines of a good answer. A connection of its own, closed when the reader stops or cancels."""
        self._check_token()
        url = self.url + path
        with Watch(SILENCE_S, cancelled) as watch, self._new_client() as client:
            try:
                with typed_errors(url, watch, self._hidden):
                    request = self._request(client, "POST", self._bases[0] + path, body, watch, 1)
                    response = client.send(request, stream=True)
                    try:
                        self._check_stream(url, response, watch)
                        yield from map(self._hidden.hide_in, _lines(url, response, watch))
                    finally:
                        response.close()
            except ChangeError:
                return

    def _check_stream(self, url: str, response: httpx.Response, watch: Watch) -> None:
        if response.is_success and response.headers.get("content-type", "").partition(";")[0] != "text/html":
            return
        body = _whole(url, response, LIMIT_BYTES, watch)
        if response.is_success:
            raise NotFound(url, "html")
        refuse(Answer(url, response.status_code, response.headers, body).without(self._hidden), self.token)

    def _request(
        self, client: httpx.Client, method: str, url: str, body: Json, watch: Watch, addresses: int
    ) -> httpx.Request:
        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event.endswith(("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")):
                connection = info["return_value"].get_extra_info("socket")
                if client is self._client:
                    self._socket = connection
                watch.attach(connection)

        seconds = watch.remaining()
        content = None if method == "GET" else dumps(body, ensure_ascii=False, allow_nan=False).encode()
        headers = {"Host": self._host_header, "Accept": "*/*", "Accept-Encoding": "identity"}
        headers["User-Agent"] = f"elbowroom/{__version__}"
        if content is not None:
            headers["Content-Type"] = "application/json"
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token.value}"
        return client.build_request(
            method,
            url,
            content=content,
            headers=headers,
            timeout=httpx.Timeout(seconds, connect=seconds / addresses),
            extensions={"trace": trace},
        )

    def _address_count(self, watch: Watch) -> int:
        """Asked only where a name must be resolved here: not for numbers, nor where a proxy does it."""
        if self._transport is not None or self._host == "localhost" or self._host.strip("[]").count(":"):
            return 1
        if not self._private and urllib.request.getproxies():
            return 1
        return address_count(self._host, self._port, watch.remaining())

    def _stop_at_redirect(self, response: httpx.Response) -> None:
        """Before httpx reads the address: it would raise for what is none (`javascript:`), also without following."""
        if 300 <= response.status_code < 400:
            target = redirect_target(response.headers.get("location", ""))
            raise Redirected(str(response.url.copy_with(query=None)), self._hidden.hide(target))

    def _new_client(self) -> httpx.Client:
        """`trust_env` would send a loopback request through the system's proxy: only for public hosts."""
        return httpx.Client(
            verify=_trust.nobody() if self._plain else _trust.the_system(self._ca_file),
            transport=self._transport,
            trust_env=not self._private,
            follow_redirects=False,
            event_hooks={"response": [self._stop_at_redirect]},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEPALIVE_S),
        )


def _whole(url: str, response: httpx.Response, limit_bytes: int, watch: Watch) -> bytes:
    _check_encoding(url, response)
    parts, size = [], 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > limit_bytes:
            raise BadAnswer(url, f"more than {limit_bytes // 1024**2} MiB")
        if watch.ended:
            raise httpx.ReadError("cut off")
        parts.append(chunk)
    return b"".join(parts)


def _lines(url: str, response: httpx.Response, watch: Watch) -> Iterator[bytes]:
    """Complete lines as they come; the last one may lack its end."""
    _check_encoding(url, response)
    rest = b""
    for chunk in response.iter_bytes():
        watch.touch()
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > LINE_LIMIT_BYTES:
            raise BadAnswer(url, "a line without end")
        if watch.ended:
            raise httpx.ReadError("cut off")
    if rest:
        yield rest


def _check_encoding(url: str, response: httpx.Response) -> None:
    """A packed answer was not asked for; unpacking it could fill the memory that this app watches over."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise BadAnswer(url, f"content-encoding {short(encoding)}")
