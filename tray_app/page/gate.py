"""Who may talk to the page: every rule that a request must pass, as a pure function of its headers.

The page listens on loopback, where every web site and every local user can send requests. So: the exact Host (against
DNS rebinding), a one-time way in that becomes a cookie, and for whatever does something the page's own origin, JSON
and a header that no form can set.
"""

import hmac
import os
import re
import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from enum import StrEnum

BOOTSTRAP_TTL_S = 30.0
HEADER = "x-elbowroom"
SUPERUSER = 0
"""Reads everything anyway; and what forwards ports from outside a virtual machine or container runs as it."""
BODY_LIMIT = 64 * 1024


class Denied(StrEnum):
    """Why a request was turned away, with the status it gets."""

    HOST = "421"
    PERSON = "403 person"
    COOKIE = "403"
    ORIGIN = "403 origin"
    METHOD = "405"
    TYPE = "415"
    SIZE = "413"

    @property
    def status(self) -> int:
        return int(self.value[:3])


class Gate:
    """Secrets of one run of the page. `port` is the listener's; headers come with names in lower case."""

    def __init__(self, port: int, clock: Callable[[], float]) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.origin = f"http://{self.host}"
        self.cookie_name = f"elbowroom-{port}"
        self._clock = clock
        self._cookie = secrets.token_urlsafe(32)
        self._bootstrap = ""
        self._bootstrap_until = clock()
        self._entered = False
        self._owner: int | None = None
        if sys.platform != "win32":
            self._owner = os.getuid()
        self._lock = threading.Lock()
        self.let_in()

    def let_in(self) -> str:
        """A new way in, to be used once and soon; the one before it is closed."""
        with self._lock:
            self._bootstrap = secrets.token_urlsafe(32)
            self._bootstrap_until = self._clock() + BOOTSTRAP_TTL_S
        return self.bootstrap_url

    @property
    def bootstrap_url(self) -> str:
        """For nobody but the owner's browser: never on a command line, which other local users can read."""
        return f"{self.origin}/open/{self._bootstrap}"

    def may_call(self, headers: Mapping[str, str], caller: int | None) -> Denied | None:
        """For every request. `caller`: whose program asks, where the system tells: another user gets nothing, not even
        with the secret."""
        if not self.host_ok(headers):
            return Denied.HOST
        return None if caller in {None, SUPERUSER, self._owner} else Denied.PERSON

    def host_ok(self, headers: Mapping[str, str]) -> bool:
        return headers.get("host") == self.host

    def bootstrap(self, token: str) -> str | None:
        """The Set-Cookie value for a correct, unused and young token; None for any other."""
        with self._lock:
            good = bool(self._bootstrap) and hmac.compare_digest(token.encode(), self._bootstrap.encode())
            if not good or self._clock() > self._bootstrap_until:
                return None
            self._bootstrap = ""
            self._entered = True
        return f"{self.cookie_name}={self._cookie}; HttpOnly; SameSite=Strict; Path=/"

    @property
    def is_open(self) -> bool:
        """There is a way in that was not used yet and still can be."""
        return bool(self._bootstrap) and self._clock() <= self._bootstrap_until

    @property
    def missed(self) -> bool:
        """Nobody came in time: no browser opened the address, and none can any more."""
        return not self._entered and not self.is_open

    def may_read(self, headers: Mapping[str, str]) -> Denied | None:
        """For the page and what belongs to it."""
        if not self.host_ok(headers):
            return Denied.HOST
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return Denied.ORIGIN
        return None if self._has_cookie(headers) else Denied.COOKIE

    def may_act(self, headers: Mapping[str, str]) -> Denied | None:
        """For what does something: the page's own script and nobody else."""
        if denied := self.may_read(headers):
            return denied
        if headers.get("origin") != self.origin or headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return Denied.ORIGIN
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json" or HEADER not in headers:
            return Denied.TYPE
        length = headers.get("content-length", "")
        if not re.fullmatch("[0-9]{1,6}", length) or int(length) > BODY_LIMIT or "transfer-encoding" in headers:
            return Denied.SIZE
        return None

    def _has_cookie(self, headers: Mapping[str, str]) -> bool:
        # Cookies are shared by all ports of 127.0.0.1: what other programs put there must not hide ours, as it would
        # with a parser that gives up at the first odd one.
        pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
        given = [value for name, _, value in pairs if name == self.cookie_name]
        return any(hmac.compare_digest(value.encode(), self._cookie.encode()) for value in given)


_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
SECURITY_HEADERS = (
    ("Content-Security-Policy", _POLICY),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
