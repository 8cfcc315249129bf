"""One request: from its client to Ollama, as often as the policy sends it, and its answer back."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from msgspec import Struct

from tray_app.core.lanes.lane import lane
from tray_app.core.values.relay import Asking, Ending, Lane
from tray_app.relay import head
from tray_app.relay.body import LOOKED_THROUGH, MOST_KEPT, KeptBodies, model_in
from tray_app.relay.head import AnswerHead, RequestHead, origin_form
from tray_app.relay.replies import Replies, empty_completion
from tray_app.relay.server import ClientConnection
from tray_app.relay.times import Times
from tray_app.relay.upstream import ServerConnection, Upstream

MOST_EARLY = 256 * 1024
"""Of a body that waits for a connection to Ollama; then no more of it is read."""
MOST_OF_AN_ANSWER = 1024 * 1024
"""An answer that is kept until it is whole. A longer one is passed on from there, and no longer broken off."""


class Policy(Protocol):
    """Decides which requests go, and with which body; see dispatcher.py."""

    def moved(self, path: str, task: str, body: bytes) -> bytes: ...

    def fitted(self, path: str, task: str, body: bytes) -> bytes: ...

    def arrived(self, exchange: "Exchange") -> None: ...

    def first_byte(self, exchange: "Exchange") -> None: ...

    def ended(self, exchange: "Exchange", *, ok: bool) -> None: ...

    def client_gone(self, exchange: "Exchange") -> None: ...

    def upstream_gone(self, exchange: "Exchange", *, reached: bool) -> None: ...


class Shared(Struct, frozen=True):
    """What all exchanges of a relay have in common."""

    upstream: Upstream
    policy: Policy
    replies: Replies
    bodies: KeptBodies
    name: bytes
    """By which this relay knows a request that it sent itself."""
    welcome: Callable[[bytes], bool]
    """Whether a request with that Host may come in."""


class Exchange:
    """Bodies and answers of tasks are kept until they are whole, those of all other lanes only pass."""

    def __init__(self, id_: int, client: ClientConnection, asked: RequestHead, shared: Shared) -> None:
        self.id = id_
        self._client = client
        self._asked = asked
        self._shared = shared
        task = head.word(asked.headers, b"task")
        self._lane = lane(asked.method.decode("ascii"), asked.path, task)
        self._task = "" if self._lane is Lane.CHAT else task
        self._model: str | None = None
        self._kept: bytearray | None = None
        self._kept_size = 0
        self._early: list[bytes] = []
        self._early_size = 0
        self._whole = False
        self._goes = False
        """It has arrived, or needs no permission."""
        self._call_off: Callable[[], object] | None = None
        self._connection: ServerConnection | None = None
        self._answered: AnswerHead | None = None
        self._answer: list[bytes] = []
        self._answer_size = 0
        self._over = False
        self.times = Times()

    @property
    def is_held(self) -> bool:
        """It waits for permission."""
        return self._call_off is None and self._connection is None and not self._over

    # --- from the client --------------------------------------------------------------------------------------------

    def begin(self) -> None:
        if (refused := self._refused()) is not None:
            self._lane = Lane.OTHER
            self._reply(*refused)
        elif self._lane is Lane.OTHER:
            self._goes = True
            self.send()
        elif self._lane is Lane.CHAT:
            if self._asked.waits_to_continue:  # Ollama is to say whether it wants the body
                self._arrive()
        elif (self._asked.length or 0) > MOST_KEPT:
            self._lane, self._task = Lane.CHAT, ""
        else:
            self._kept = bytearray()
            if self._asked.waits_to_continue:
                self._client.go_on()

    def body(self, data: bytes) -> None:
        if self._over:
            return
        if self._kept is None:
            self._pass(data)
        elif len(self._kept) + len(data) <= MOST_KEPT and self._shared.bodies.take(len(data)):
            self._kept += data
            self._kept_size += len(data)
        else:  # too much to be kept: it passes as a chat does
            begun = bytes(self._kept)
            self._forget_body()
            self._lane, self._task = Lane.CHAT, ""
            self._pass(begun + data)

    def body_end(self) -> None:
        self._whole = True
        if self._over:
            return
        if self._goes:
            if self._connection is not None:
                self._last_of_body(self._connection)
            return
        if self._kept is not None:
            self._kept[:] = self._shared.policy.moved(self._asked.path, self._task, bytes(self._kept))
        self._model = model_in(self._kept if self._kept is not None else b"".join(self._early))
        self._arrive()

    def client_gone(self) -> None:
        self._leave_upstream()
        if self._finish(Ending.CLIENT_GONE) and self._goes:
            self._shared.policy.client_gone(self)

    def client_slow(self, slow: bool) -> None:  # noqa: FBT001 - a state that comes and goes
        if self._connection is not None:
            self._connection.read(wanted=not slow)

    def flush(self) -> None:
        self._client.flush()
        if self._connection is not None:
            self._connection.flush()

    # --- what the policy orders -------------------------------------------------------------------------------------

    def asking(self) -> Asking:
        return Asking(
            id=self.id,
            lane=self._lane,
            task=self._task,
            model=self._model,
            user=head.word(self._asked.headers, b"user"),
            chat=head.word(self._asked.headers, b"chat"),
        )

    def send(self) -> None:
        self.times.sent()
        self._call_off = self._shared.upstream.connect(self)
        self.flush()

    def break_off(self) -> None:
        """Its client waits on, and has got nothing yet."""
        self._leave_upstream()
        self.times.held(broken_off=True)

    def hold(self) -> None:
        """Ollama is not there; its client waits on."""
        self.times.held(broken_off=False)

    def drop(self) -> None:
        """There will be no answer, and nobody misses it."""
        self._leave_upstream()
        empty = empty_completion(self._asked.path, self._model or "")
        if empty is None:
            self._reply(HTTPStatus.SERVICE_UNAVAILABLE, self._shared.replies.dropped, Ending.DROPPED)
        else:
            self._reply(HTTPStatus.OK, empty, Ending.DROPPED)

    def fail(self) -> None:
        """Ollama is not there, or went in the middle of the answer."""
        if self.times.first_byte_at is None:
            self._reply(HTTPStatus.BAD_GATEWAY, self._shared.replies.unreachable, Ending.FAILED)
        elif self._finish(Ending.FAILED):
            self._client.break_off()

    # --- from Ollama ------------------------------------------------------------------------------------------------

    def connected(self, connection: ServerConnection) -> None:
        self._call_off = None
        self._connection = connection
        connection.use(self, no_body=self._asked.method == b"HEAD")
        upstream = self._shared.upstream
        if self._kept is not None:
            body = self._shared.policy.fitted(self._asked.path, self._task, bytes(self._kept))
            connection.write(head.request(self._asked, upstream.host, upstream.prefix, self._via, len(body)))
            connection.write(body)
            connection.sent()
            return
        connection.write(head.request(self._asked, upstream.host, upstream.prefix, self._via, None))
        for data in self._early:
            self._on(connection, data)
        self._early.clear()
        if self._whole:
            self._last_of_body(connection)
        self._client.read(wanted=True)
        if self._client.is_slow:
            connection.read(wanted=False)

    def not_connected(self) -> None:
        self._call_off = None
        self._upstream_gone(reached=False)

    def may_go_on(self) -> None:
        if self._kept is None and self._asked.waits_to_continue:
            self._client.go_on()

    def answer_head(self, answered: AnswerHead) -> None:
        self._answered = answered
        if self._kept is None:
            self._begin_answer(answered)

    def answer_data(self, data: bytes) -> None:
        if self.times.first_byte_at is not None:
            self._client.data(data)
            return
        self._answer.append(data)
        self._answer_size += len(data)
        if self._answer_size > MOST_OF_AN_ANSWER:
            self._pass_answer()

    def answer_end(self) -> None:
        self._connection, answered = None, self._answered
        if self.times.first_byte_at is None:
            self._pass_answer()
        if self._finish(Ending.SERVED) and self._lane is not Lane.OTHER:
            self._shared.policy.ended(self, ok=answered is not None and answered.status < HTTPStatus.BAD_REQUEST)
        self._client.end()

    def answer_broken(self) -> None:
        connection, self._connection = self._connection, None
        nothing_came = self._answered is None
        self._forget_answer()
        if nothing_came and connection is not None and connection.is_used and self._can_be_sent_again:
            self._call_off = self._shared.upstream.connect(self)  # the connection was closed while nobody used it
        else:
            self._upstream_gone(reached=True)

    def upstream_slow(self, slow: bool) -> None:  # noqa: FBT001 - a state that comes and goes
        self._client.read(wanted=not slow)

    # --- inside -----------------------------------------------------------------------------------------------------

    @property
    def _via(self) -> bytes:
        return b"1.1 " + self._shared.name

    @property
    def _can_be_sent_again(self) -> bool:
        return self._kept is not None or (self._whole and not self._asked.is_chunked and not self._asked.length)

    def _refused(self) -> tuple[HTTPStatus, bytes] | None:
        """Status and body for what is not passed on at all."""
        headers = self._asked.headers
        if any(self._shared.name in text for key, text in headers if key.lower() == b"via"):
            self._shared.upstream.leads_back()
            return HTTPStatus.LOOP_DETECTED, self._shared.replies.loop
        if not self._shared.welcome(head.value(headers, b"host") or b""):
            return HTTPStatus.FORBIDDEN, b""
        if self._asked.method == b"CONNECT":
            return HTTPStatus.METHOD_NOT_ALLOWED, b""
        if origin_form(self._asked.target) is None:
            return HTTPStatus.BAD_REQUEST, b""
        return None

    def _pass(self, data: bytes) -> None:
        """On to Ollama as it comes."""
        if self._connection is not None:
            self._on(self._connection, data)
            return
        self._early.append(data)
        self._early_size += len(data)
        if not self._goes:
            self._model = model_in(b"".join(self._early))
            if self._model is not None or self._early_size > LOOKED_THROUGH:
                self._arrive()
        elif self._early_size > MOST_EARLY:
            self._client.read(wanted=False)

    def _on(self, connection: ServerConnection, data: bytes) -> None:
        connection.write(head.chunk(data) if self._asked.is_chunked else data)

    def _last_of_body(self, connection: ServerConnection) -> None:
        if self._asked.is_chunked:
            connection.write(head.LAST_CHUNK)
        connection.sent()

    def _arrive(self) -> None:
        self._goes = True
        self._shared.policy.arrived(self)

    def _begin_answer(self, answered: AnswerHead) -> None:
        self.times.answered(answered.status)
        if self._lane is not Lane.OTHER:
            self._shared.policy.first_byte(self)
        self._client.head(answered)

    def _pass_answer(self) -> None:
        """What was kept of the answer, from here on it cannot be taken back."""
        assert self._answered is not None
        self._begin_answer(self._answered)
        for data in self._answer:
            self._client.data(data)
        self._forget_answer()

    def _upstream_gone(self, *, reached: bool) -> None:
        self._forget_answer()
        if self._lane is Lane.OTHER:
            self.fail()
        else:
            self._shared.policy.upstream_gone(self, reached=reached)

    def _reply(self, status: HTTPStatus, body: bytes = b"", ending: Ending = Ending.SERVED) -> None:
        if self._over:
            return
        self.times.told(status)
        self._finish(ending)
        self._client.reply(status, body)
        self.flush()

    def _leave_upstream(self) -> None:
        if self._call_off is not None:
            self._call_off()
            self._call_off = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._forget_answer()

    def _finish(self, ending: Ending) -> bool:
        """It is over; False where it was before."""
        if self._over:
            return False
        self._over = True
        self.times.over(ending)
        self._forget_body()
        self._early.clear()
        return True

    def _forget_body(self) -> None:
        if self._kept is not None:
            self._shared.bodies.give_back(self._kept_size)
            self._kept, self._kept_size = None, 0

    def _forget_answer(self) -> None:
        self._answered = None
        self._answer.clear()
        self._answer_size = 0
