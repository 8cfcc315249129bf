"""The private channel: the tray and the command line ask for the relay's state, and tell it rules and its end.

Whoever knows the secret of relay.json may; anybody else learns nothing but that.
"""

import hmac
import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qs

from msgspec import Struct

from tray_app.core.lanes.rules import LanesRules
from tray_app.core.report.codec import BadValue, decode, encode
from tray_app.core.values.relay import RelayState
from tray_app.relay import head
from tray_app.relay.head import RequestHead
from tray_app.relay.replies import error_body
from tray_app.relay.server import ClientConnection

log = logging.getLogger(__name__)

LONGEST_BODY = 1024 * 1024
END_WITHIN_S = 600.0
_SELF = (b"127.0.0.1", b"localhost")


class ChannelCommands(Struct, frozen=True):
    """What can be asked of the relay."""

    state: Callable[[int], RelayState]
    follow: Callable[[LanesRules], None]
    end: Callable[[float], None]


class EndWish(Struct, frozen=True):
    """How long what is open may still take."""

    within_s: float = END_WITHIN_S


class ChannelCall:
    """One request on the channel."""

    def __init__(self, client: ClientConnection, asked: RequestHead, secret: str, told: ChannelCommands) -> None:
        self._client = client
        self._asked = asked
        self._secret = secret
        self._told = told
        self._body = bytearray()

    def begin(self) -> None:
        if not self._is_ours():
            self._client.reply(HTTPStatus.UNAUTHORIZED)

    def body(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > LONGEST_BODY:
            self._client.reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def body_end(self) -> None:
        try:
            self._answer()
        except (BadValue, ValueError, RecursionError) as error:
            self._client.reply(HTTPStatus.BAD_REQUEST, error_body(str(error)))

    def client_gone(self) -> None:
        pass

    def client_slow(self, slow: bool) -> None:  # noqa: FBT001 - a state that comes and goes
        pass

    def flush(self) -> None:
        pass

    def _is_ours(self) -> bool:
        """The Host, too: a web page that a name leads here knows neither."""
        host = (head.value(self._asked.headers, b"host") or b"").rpartition(b":")[0]
        given = head.value(self._asked.headers, b"authorization") or b""
        return hmac.compare_digest(given, b"Bearer " + self._secret.encode("ascii")) and host in _SELF

    def _answer(self) -> None:
        path, _, query = self._asked.target.partition(b"?")
        match self._asked.method, path:
            case b"GET", b"/state":
                after = int(parse_qs(query.decode("ascii", "replace")).get("after", ["0"])[0])
                self._reply(encode(self._told.state(after)))
            case b"POST", b"/rules":
                self._told.follow(decode(LanesRules, json.loads(self._body)))
                self._reply({})
            case b"POST", b"/end":
                wish = decode(EndWish, json.loads(self._body or b"{}"))
                self._reply({})
                self._client.flush()
                self._told.end(wish.within_s)
            case _:
                self._client.reply(HTTPStatus.NOT_FOUND)

    def _reply(self, document: object) -> None:
        self._client.reply(HTTPStatus.OK, json.dumps(document).encode("ascii"))
