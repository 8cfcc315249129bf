"""One client with its one kept connection, and whether who is at its other end has been asked.

Whoever takes the port of a server that just ended must not get its token: on every new connection an anonymous
question comes first, and the token goes only over a connection whose other end gave the right answer to it.
"""

import urllib.request
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from json import dumps
from typing import Any
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from tray_app import __version__
from tray_app.core.values.errors.service import BadAnswer, Instead, Invalid, NotFound, NotThatServer, Redirected
from tray_app.core.values.token import Token
from tray_app.core.values.version import Json
from tray_app.services import trust
from tray_app.services._answer import Answer, Hidden, parse, redirect_target
from tray_app.services._body import whole
from tray_app.services._watch import Watch, address_count
from tray_app.services.address import is_private

KEEPALIVE_S = 30.0
INTRODUCTIONS = 2
"""Tries to get an answer and the token's request over one connection. A server that keeps none gets the token over the
connection right after its answer."""
INTRODUCTION_BYTES = 256 * 1024


class Introduction(Struct, frozen=True):
    """The anonymous question. `check` raises a ServiceError where something else than the server answers."""

    path: str
    check: Callable[[Json], object]


class Endpoint(Struct, frozen=True):
    """What is fixed about one server. `url` has a path where the server lives below one."""

    url: str
    token: Token | None = None
    transport: httpx.BaseTransport | None = None
    allow_plain_http: bool = False
    ca_file: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def is_plain(self) -> bool:
        return self.url.startswith("http:")


class _Stranger(Exception):
    """A new connection where one was expected whose other end is known: nothing was sent over it."""


class KeptConnection:
    """Not safe for two threads at once."""

    def __init__(self, server: Endpoint, hidden: Hidden, introduction: Introduction | None) -> None:
        self._server = server
        self._hidden = hidden
        self._introduction = introduction if server.token else None
        self._private = is_private(server.host)
        self._client = self._new_client()
        self._is_known = False
        self.socket: Any = None

    def close(self) -> None:
        self._client.close()
        self.socket = None

    def send(self, method: str, base: str, path: str, body: Json, watch: Watch, share: int = 1) -> httpx.Response:
        """The head of the answer, its body unread. `share`: how many addresses the time to connect is divided by."""
        for _ in range(INTRODUCTIONS if self._introduction else 0):
            self._introduce(base, watch, share)
            try:
                return self._sent(method, base + path, body, watch, share, token=True, may_connect=False)
            except _Stranger:
                continue
        return self._sent(method, base + path, body, watch, share, token=True, may_connect=True)

    def send_anonymous(self, base: str, path: str, watch: Watch, share: int = 1) -> httpx.Response:
        """A GET without the token."""
        return self._sent("GET", base + path, None, watch, share, token=False, may_connect=True)

    def _introduce(self, base: str, watch: Watch, share: int) -> None:
        question = self._introduction
        if self._is_known or question is None:
            return
        url = self._server.url + question.path
        response = self.send_anonymous(base, question.path, watch, share)
        try:
            body = whole(url, response, INTRODUCTION_BYTES, watch)
        finally:
            response.close()
        answer = Answer(url, response.status_code, response.headers, body).without(self._hidden)
        try:
            value = parse(answer, None)
        except (NotFound, BadAnswer, Invalid) as error:
            raise NotThatServer(
                self._server.url, Instead.PAGE if isinstance(error, NotFound) else Instead.NO_JSON
            ) from error
        question.check(value)
        self._is_known = True

    def _sent(
        self, method: str, url: str, body: Json, watch: Watch, share: int, *, token: bool, may_connect: bool
    ) -> httpx.Response:
        watch.attach(self.socket)

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if not event.endswith(("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")):
                return
            stream = info["return_value"]
            self.socket = stream.get_extra_info("socket")
            self._is_known = False
            watch.attach(self.socket)
            if not may_connect:
                stream.close()
                raise _Stranger

        addresses = 1 if self.socket is not None else self._address_count(watch)
        seconds = watch.remaining()
        content = None if method == "GET" else dumps(body, ensure_ascii=False, allow_nan=False).encode()
        headers = {"Host": urlsplit(self._server.url).netloc, "Accept": "*/*", "Accept-Encoding": "identity"}
        headers["User-Agent"] = f"elbowroom/{__version__}"
        if content is not None:
            headers["Content-Type"] = "application/json"
        if token and self._server.token is not None:
            headers["Authorization"] = f"Bearer {self._server.token.value}"
        request = self._client.build_request(
            method,
            url,
            content=content,
            headers=headers,
            timeout=httpx.Timeout(seconds, connect=seconds / (share * addresses)),
            extensions={"trace": trace},
        )
        return self._client.send(request, stream=True)

    def _address_count(self, watch: Watch) -> int:
        """Asked only where a name must be resolved here: not for numbers, nor where a proxy does it."""
        host = self._server.host
        if self._server.transport is not None or host == "localhost" or host.strip("[]").count(":"):
            return 1
        if not self._private and urllib.request.getproxies():
            return 1
        return address_count(host, self._server.port, watch.remaining())

    def _stop_at_redirect(self, response: httpx.Response) -> None:
        """Before httpx reads the address: it would raise for what is none (`javascript:`), also without following."""
        if 300 <= response.status_code < 400:
            target = redirect_target(response.headers.get("location", ""))
            raise Redirected(str(response.url.copy_with(query=None)), self._hidden.hide(target))

    def _new_client(self) -> httpx.Client:
        """`trust_env` would send a loopback request through the system's proxy: only for public hosts."""
        server = self._server
        return httpx.Client(
            verify=trust.nobody() if server.is_plain else trust.the_system(server.ca_file),
            transport=server.transport,
            trust_env=not self._private,
            follow_redirects=False,
            event_hooks={"response": [self._stop_at_redirect]},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEPALIVE_S),
        )
