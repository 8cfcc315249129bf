"""The private channel of the relay of chat first: what stands open there, its rules, its end. On loopback only."""

import httpx

from tray_app.core.lanes.rules import LanesRules
from tray_app.core.report.codec import BadValue, decode, encode
from tray_app.core.values.errors.service import BadAnswer, Instead, NotThatServer
from tray_app.core.values.relay import RelayState
from tray_app.core.values.token import Token, origin_of
from tray_app.services.http import Http

DEADLINE_S = 1.0
"""It has nothing to look up: where it needs longer, it hangs."""


class RelayClient:
    """One relay, as its file names it: the process, the port of the channel, its secret."""

    def __init__(
        self, pid: int, control_port: int, secret: str, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        url = f"http://127.0.0.1:{control_port}"
        self._pid = pid
        self._http = Http(url, token=Token(secret, origin_of(url)), deadline_s=DEADLINE_S, transport=transport)

    def state(self, after: int) -> RelayState:
        """What stands open now, and what finished after that sequence number.

        ServiceError; NotThatServer where another program has the port of a relay that is gone.
        """
        answer = self._http.get_json(f"/state?after={after}")
        try:
            state = decode(RelayState, answer)
        except BadValue as error:
            raise BadAnswer(self._http.url, str(error)) from error
        if state.pid != self._pid:
            raise NotThatServer(self._http.url, Instead.OTHER_JSON)
        return state

    def follow(self, rules: LanesRules) -> None:
        """From now on by these rules. ServiceError."""
        self._http.post_json("/rules", encode(rules))

    def end(self) -> None:
        """Ask it for its orderly end: what it answers now it still answers. ServiceError."""
        self._http.post_json("/end", {})

    def close(self) -> None:
        self._http.close()
