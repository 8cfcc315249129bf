"""The policy of core/lanes at work: its events come from exchanges, its orders go to them."""

import asyncio
import time
from collections import deque

from msgspec.structs import replace

from tray_app.core.lanes.event import (
    Arrived,
    BreakOff,
    ClientGone,
    Drop,
    Ended,
    Event,
    FirstByte,
    Hold,
    Order,
    Send,
    Tick,
    UpstreamGone,
)
from tray_app.core.lanes.rewrite import rewritten
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.lanes.state import begin, chat_models, ruled, standing
from tray_app.core.lanes.step import due, step
from tray_app.core.values.relay import Standing
from tray_app.relay.exchange import Exchange
from tray_app.relay.register import Register


class Dispatcher:
    """All requests that are judged. Lane.OTHER never comes here."""

    def __init__(self, rules: LanesRules, register: Register) -> None:
        self._rules = rules
        self._state = begin(rules)
        self._register = register
        self._loop = asyncio.get_running_loop()
        self._open: dict[int, Exchange] = {}
        self._events: deque[Event] = deque()
        self._stepping = False
        self._timer: asyncio.TimerHandle | None = None

    def follow(self, rules: LanesRules) -> None:
        self._rules = rules
        self._state = ruled(self._state, rules)
        self._tell(Tick())

    def standing(self) -> tuple[Standing, ...]:
        return standing(self._state, self._shift_s())

    def __len__(self) -> int:
        return len(self._open)

    def moved(self, path: str, task: str, body: bytes) -> bytes:
        """A task's body with the model that is to do it; decided when it arrives, as the policy goes by the model."""
        return rewritten(body, path, task, replace(self._rules, contexts=()), ())

    def fitted(self, path: str, task: str, body: bytes) -> bytes:
        """The same with what keeps Ollama's models as they are loaded now; decided each time it is sent."""
        return rewritten(body, path, task, replace(self._rules, task_models=()), chat_models(self._state))

    # --- what exchanges tell ----------------------------------------------------------------------------------------

    def arrived(self, exchange: Exchange) -> None:
        asking = exchange.asking()
        self._open[asking.id] = exchange
        self._register.arrived(asking.lane)
        self._tell(Arrived(asking))
        if exchange.is_held:
            self._register.held()

    def first_byte(self, exchange: Exchange) -> None:
        self._tell(FirstByte(exchange.id))

    def ended(self, exchange: Exchange, *, ok: bool) -> None:
        self._over(exchange)
        self._tell(Ended(exchange.id, ok))

    def client_gone(self, exchange: Exchange) -> None:
        self._over(exchange)
        self._tell(ClientGone(exchange.id))

    def upstream_gone(self, exchange: Exchange, *, reached: bool) -> None:
        self._tell(UpstreamGone(exchange.id, reached))

    # --- the policy -------------------------------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        """One event after the other: what an order brings about is told after it."""
        self._events.append(event)
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._events:
                self._step(self._events.popleft())
        finally:
            self._stepping = False
        self._look_again()

    def _step(self, event: Event) -> None:
        self._state, orders = step(self._state, event, self._loop.time())
        for order in orders:
            self._carry_out(order)
        if isinstance(event, UpstreamGone) and Hold(event.id) not in orders and event.id in self._open:
            exchange = self._open[event.id]
            exchange.fail()
            self._over(exchange)

    def _carry_out(self, order: Order) -> None:
        exchange = self._open.get(order.id)
        if exchange is None:
            return
        match order:
            case Send():
                exchange.send()
            case BreakOff():
                self._register.broken_off()
                exchange.break_off()
            case Hold():
                exchange.hold()
            case Drop():
                exchange.drop()
                self._over(exchange)

    def _over(self, exchange: Exchange) -> None:
        if self._open.pop(exchange.id, None) is not None:
            seq = self._register.next_seq()
            self._register.ended(exchange.times.finished(seq, exchange.asking(), self._shift_s()))

    def _look_again(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = due(self._state)
        if at is not None:
            self._timer = self._loop.call_at(at, self._tell, Tick())

    def _shift_s(self) -> float:
        return time.time() - self._loop.time()
