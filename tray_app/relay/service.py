"""The relay as a whole: its two doors, its file, its beginning and its end."""

import asyncio
import errno
import itertools
import logging
import math
import os
import secrets
import ssl
import sys
import threading
import time
from pathlib import Path

from msgspec import Struct

from tray_app.core.lanes.rules import LanesRules
from tray_app.core.values.errors.life import RelayError, RelayProblem
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.relay import RelayState
from tray_app.relay.body import KeptBodies
from tray_app.relay.channel import ChannelCall, ChannelCommands
from tray_app.relay.dispatcher import Dispatcher
from tray_app.relay.exchange import Exchange, Shared
from tray_app.relay.head import RequestHead
from tray_app.relay.kept_requests import KeptRequests
from tray_app.relay.register import Register
from tray_app.relay.replies import Replies
from tray_app.relay.server import ClientConnection, ClientConnections, Serve
from tray_app.relay.signals import on_end, when_left
from tray_app.relay.upstream import Upstream
from tray_app.relay.welcome import is_only_here, is_welcome
from tray_app.storage.history import HistoryFile
from tray_app.storage.relay_file import RelayDoor, RelayFile

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
BACKLOG = 2048
END_SOON_S = 3.0
"""What is open may still take so long when the system asks us to end."""


class RelayPlan(Struct, frozen=True):
    """What a relay is started with. `tied`: it ends with whoever holds the other end of its standard input."""

    listen: str
    port: int
    upstream: str
    file: Path
    version: str
    replies: Replies
    rules: LanesRules = LanesRules()
    tls: ssl.SSLContext | None = None
    history: Path | None = None
    """Where the requests that ended are kept, also while no tray runs."""
    tied: bool = False


def run(plan: RelayPlan) -> None:
    """Until somebody asks it to end. RelayError where it cannot begin, StorageError where its file is not written."""
    ended = threading.Event()
    try:
        asyncio.run(_run(plan, ended))
    finally:
        ended.set()


async def _run(plan: RelayPlan, ended: threading.Event) -> None:
    relay = Relay(plan)
    await relay.open()
    kept = on_end(lambda: relay.end(END_SOON_S), ended)
    if plan.tied:
        when_left(lambda: relay.end(0.0))
    log.info("relay %s:%d for %s", plan.listen, relay.port, plan.upstream)
    kept_requests = KeptRequests(HistoryFile(plan.history, guest=True)) if plan.history is not None else None
    writing = asyncio.ensure_future(kept_requests.keep(relay.state)) if kept_requests is not None else None
    try:
        await relay.until_ended()
    finally:
        relay.close()
        if writing is not None and kept_requests is not None:
            writing.cancel()
            kept_requests.close(relay.state)
        del kept
    log.info("relay ended")


class Relay:
    """A running relay. Only its event loop touches it."""

    def __init__(self, plan: RelayPlan) -> None:
        self._plan = plan
        self._clients = ClientConnections()
        self._callers = ClientConnections()
        self._ids = itertools.count(1)
        self._upstream = Upstream(plan.upstream, plan.tls)
        self._register = Register()
        self._dispatcher = Dispatcher(plan.rules, self._register)
        self._shared = Shared(
            upstream=self._upstream,
            policy=self._dispatcher,
            replies=plan.replies,
            bodies=KeptBodies(),
            name=b"elbowroom-" + secrets.token_hex(8).encode("ascii"),
            welcome=is_welcome if is_only_here(plan.listen) else lambda _host: True,
        )
        self._secret = secrets.token_urlsafe(32)
        self._started_at = time.time()
        self._end_at = math.inf
        self._ending = asyncio.Event()
        self._file = RelayFile(plan.file)

    async def open(self) -> None:
        """Take the port, then tell where we are. RelayError, StorageError."""
        loop = asyncio.get_running_loop()
        self._door = await _listen(self._serve, self._clients, self._plan.listen, self._plan.port)
        self.port = _port(self._door)
        told = ChannelCommands(self.state, self._dispatcher.follow, self.end)

        def answer(client: ClientConnection, asked: RequestHead) -> ChannelCall:
            return ChannelCall(client, asked, self._secret, told)

        self._back_door = await loop.create_server(lambda: ClientConnection(answer, self._callers), LOOPBACK, 0)
        plan = self._plan
        door = RelayDoor(
            pid=os.getpid(),
            port=self.port,
            upstream=plan.upstream,
            control_port=_port(self._back_door),
            secret=self._secret,
            version=plan.version,
            started_at=self._started_at,
        )
        try:
            self._file.write(door)
        except StorageError:
            self.close()
            raise

    def state(self, after: int) -> RelayState:
        return RelayState(
            pid=os.getpid(),
            port=self.port,
            upstream=self._plan.upstream,
            started_at=self._started_at,
            taken_at=time.time(),
            standing=self._dispatcher.standing(),
            finished=self._register.after(after),
            counts=self._register.counts(),
            upstream_ok=self._upstream.is_ok,
        )

    def end(self, within_s: float) -> None:
        """Take no more requests, and end when those that are open are answered, or after so long."""
        at = asyncio.get_running_loop().time() + within_s
        if self._end_at == math.inf:
            self._door.close()
            self._withdraw()
            self._clients.close_when_idle()
        self._end_at = min(at, self._end_at)
        self._ending.set()

    async def until_ended(self) -> None:
        await self._ending.wait()
        left = asyncio.ensure_future(self._clients.until_none())
        while not left.done() and (left_s := self._end_at - asyncio.get_running_loop().time()) > 0:
            self._ending.clear()  # it may be asked again, to end sooner
            again = asyncio.ensure_future(self._ending.wait())
            await asyncio.wait((left, again), timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            again.cancel()
        left.cancel()

    def close(self) -> None:
        self._door.close()
        self._back_door.close()
        self._withdraw()
        self._clients.abort()
        self._callers.abort()
        self._upstream.close()

    def _withdraw(self) -> None:
        """The file goes, unless it is another relay's by now."""
        found = self._file.read()
        if found is None or found.secret != self._secret:
            return
        try:
            self._file.remove()
        except StorageError as error:
            log.warning("relay file: %s", error.reason)

    def _serve(self, client: ClientConnection, asked: RequestHead) -> Exchange:
        return Exchange(next(self._ids), client, asked, self._shared)


async def _listen(serve: Serve, clients: ClientConnections, host: str, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(lambda: ClientConnection(serve, clients), host, port, backlog=BACKLOG)
    except OSError as error:
        taken = error.errno in _TAKEN
        problem = RelayProblem.PORT_TAKEN if taken else RelayProblem.NO_SUCH_ADDRESS
        raise RelayError(problem, f"{host}:{port}", error.strerror or "") from error


_TAKEN = {errno.EADDRINUSE}
if sys.platform == "win32":
    _TAKEN |= {errno.EACCES, errno.WSAEADDRINUSE, errno.WSAEACCES}  # also by one that wants it for itself alone


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])
