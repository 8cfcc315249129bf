"""A relay that is played by hand, and a machine that answers by itself: the policy under a clock that tests move."""

import heapq
from collections.abc import Callable
from itertools import count

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
)
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.lanes.state import begin, ruled
from tray_app.core.lanes.step import due, step
from tray_app.core.values.relay import Asking, Lane

TITLE, TAGS, FOLLOW_UPS = "title_generation", "tags_generation", "follow_up_generation"
TYPED = "autocomplete_generation"


class Play:
    """`log` holds every order with its time. An order that cannot be carried out ends the test."""

    def __init__(self, **rules):
        self.state = begin(LanesRules(**rules))
        self.at = 0.0
        self.asked: dict[int, Asking] = {}
        self.at_ollama: set[int] = set()
        self.held: set[int] = set()
        self.log: list[tuple[float, Order]] = []
        self._ids = count(1)

    # --- what happens

    def arrives(self, lane, task="", model="big", user="ann", chat="c1"):
        asked = Asking(next(self._ids), lane, task, model, user, chat)
        self.asked[asked.id] = asked
        self.held.add(asked.id)
        self.happens(Arrived(asked))
        return asked.id

    def chat(self, **how):
        return self.arrives(Lane.CHAT, **how)

    def task(self, task=TITLE, **how):
        return self.arrives(Lane.TASK, task, **how)

    def types(self, **how):
        return self.arrives(Lane.TYPING, TYPED, chat="", **how)

    def ends(self, id_, *, ok=True):
        self.at_ollama.remove(id_)
        return self.happens(Ended(id_, ok))

    def answered(self, lasts=1.0, **how):
        """A chat, from its message to the end of its answer."""
        id_ = self.chat(**how)
        self.wait(lasts)
        self.ends(id_)
        return id_

    def leaves(self, id_):
        self.at_ollama.discard(id_)
        self.held.discard(id_)
        return self.happens(ClientGone(id_))

    def happens(self, event: Event):
        self.state, orders = step(self.state, event, self.at)
        for order in orders:
            self._carry_out(order)
            self.log.append((self.at, order))
        return orders

    def wait(self, seconds):
        """Nothing happens but time; the policy is asked when it wants to be. The orders that came of it."""
        end, before = self.at + seconds, len(self.log)
        while (at := due(self.state)) is not None and at <= end:
            assert at > self.at, "the policy wants to be asked at once, over and over"
            self.at = at
            self.happens(Tick())
        self.at = end
        self.happens(Tick())
        return [order for _, order in self.log[before:]]

    def by(self, **rules):
        self.state = ruled(self.state, LanesRules(**rules))
        return self.happens(Tick())

    def _carry_out(self, order):
        match order:
            case Send(id_):
                self.held.remove(id_)
                self.at_ollama.add(id_)
            case BreakOff(id_) | Hold(id_):
                self.at_ollama.remove(id_)
                self.held.add(id_)
            case Drop(id_):
                (self.held if id_ in self.held else self.at_ollama).remove(id_)

    # --- what came of it

    def sent_at(self, id_):
        """Every time that it was sent."""
        return [at for at, order in self.log if order == Send(id_)]

    def broken_off(self, id_):
        return sum(order == BreakOff(id_) for _, order in self.log)

    def dropped(self, id_):
        return any(order == Drop(id_) for _, order in self.log)


class Machine(Play):
    """Answers by itself: each model has so many places, first come, first served. A task that was sent lasts `lasts`."""

    def __init__(self, lasts: Callable[[Asking], float], places=1, **rules):
        super().__init__(**rules)
        self._lasts, self._places = lasts, places
        self._coming: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self._queue: list[int] = []
        self._placed: dict[int, int] = {}
        """Who has a place -> the how-manieth attempt it is."""
        self._attempts = count()
        self._afterwards: dict[int, Callable[[], object]] = {}
        self.first_byte: dict[int, float] = {}
        self.served: dict[int, float] = {}

    def then(self, at, what):
        heapq.heappush(self._coming, (at, next(self._order), what))

    def after(self, id_, what):
        """Done right when it has been answered."""
        self._afterwards[id_] = what

    def run(self, until):
        while self._coming and self._coming[0][0] <= until:
            at, _, what = heapq.heappop(self._coming)
            self.wait(at - self.at)
            what()
        self.wait(until - self.at)

    def wait(self, seconds):
        """The machine goes on as well."""
        end = self.at + seconds
        while True:
            asked, coming = due(self.state), self._coming[0][0] if self._coming else None
            at = min((one for one in (asked, coming) if one is not None), default=None)
            if at is None or at > end:
                break
            self.at = max(self.at, at)
            if at == coming:
                heapq.heappop(self._coming)[2]()
            else:
                self.happens(Tick())
        self.at = end
        return []

    def _carry_out(self, order):
        super()._carry_out(order)
        match order:
            case Send(id_):
                self._queue.append(id_)
            case BreakOff(id_) | Drop(id_):
                self._gone(id_)
        self._place()

    def leaves(self, id_):
        self._gone(id_)
        self._place()
        return super().leaves(id_)

    def _gone(self, id_):
        self._placed.pop(id_, None)
        if id_ in self._queue:
            self._queue.remove(id_)

    def _place(self):
        for id_ in list(self._queue):
            model = self.asked[id_].model
            if sum(self.asked[other].model == model for other in self._placed) < self._places:
                self._queue.remove(id_)
                attempt = self._placed[id_] = next(self._attempts)
                lasts = self._lasts(self.asked[id_])
                streams = self.asked[id_].lane is Lane.CHAT
                first = lasts / 10 if streams else lasts
                self.then(self.at + first, lambda id_=id_, attempt=attempt: self._byte(id_, attempt))
                self.then(self.at + lasts, lambda id_=id_, attempt=attempt: self._end(id_, attempt))

    def _byte(self, id_, attempt):
        if self._placed.get(id_) == attempt:
            self.first_byte[id_] = self.at
            self.happens(FirstByte(id_))

    def _end(self, id_, attempt):
        if self._placed.get(id_) == attempt:
            self._gone(id_)
            self.served[id_] = self.at
            self._place()
            self.ends(id_)
            self._afterwards.pop(id_, lambda: None)()
