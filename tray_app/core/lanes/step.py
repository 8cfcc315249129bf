"""The policy: what happens, and what is to be done now. Deterministic, with the time handed in.

`step` takes the state and hands it back; the one that was given must not be used again. `due` says when to come back if
nothing happens until then.
"""

from collections.abc import Callable

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
from tray_app.core.lanes.lane import BEFORE_ANSWER
from tray_app.core.lanes.state import MOST_MODELS, LanesState, Open, Queue, close, leave, limit_s
from tray_app.core.values.names import full_name
from tray_app.core.values.relay import Asking, Lane, Stage

MOST_TOGETHER = 20
"""More tasks of one conversation are not hoped to fit between two messages."""
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
"""How long tasks stay away from an Ollama that was not there: doubled each time."""


def step(state: LanesState, event: Event, at: float) -> tuple[LanesState, list[Order]]:
    """Events of requests that are over already, or held again, are of the past and change nothing."""
    state.now = max(state.now, at)
    orders: list[Order] = []
    match event:
        case Arrived(asked):
            _arrived(state, asked, orders)
        case ClientGone(id_):
            _client_gone(state, id_)
        case Tick():
            pass
        case _ if (one := state.open.get(event.id)) is not None and one.stage is not Stage.HELD:
            _came_back(state, event, one, orders)
    _go_on(state, orders)
    return state, orders


def due(state: LanesState) -> float | None:
    """When to call again with a Tick if nothing happens before; None: only an event can change anything."""
    times = [next(iter(people.values())).arrived_at + state.rules.typing_hold_s for people in state.typed.values()]
    if not state.chats:
        times += [
            max(_evicts_nobody_from(state, model), state.silent_until)
            for model in state.typed
            if model not in state.working
        ]
    for model, queue in state.held.items():
        if model in state.working:
            continue
        at = queue.oldest().arrived_at + limit_s(state)
        if not state.chats:
            at = min(at, _opens(state, model, queue))
        elif not _spare(state, model):
            continue
        times.append(max(at, state.silent_until))
    return min(times, default=None)


# --- arrivals ---------------------------------------------------------------------------------------------------------


def _arrived(state: LanesState, asked: Asking, orders: list[Order]) -> None:
    if asked.id in state.open:
        raise ValueError(asked.id)
    state.seq += 1
    model = full_name(asked.model) if asked.model else ""
    one = Open(asked, model, state.seq, state.now, here=model not in state.remote)
    state.open[asked.id] = one
    _ARRIVES[asked.lane](state, one, orders)


def _other(state: LanesState, one: Open, orders: list[Order]) -> None:
    _send(state, one, orders)


def _chat(state: LanesState, one: Open, orders: list[Order]) -> None:
    """Everything that can give way does so first: the place is free by the time that the chat comes."""
    if one.here:
        for other in list(state.working.values()):
            if other.stage is not Stage.SENT:
                continue
            if other.asked.lane is Lane.TYPING:
                _drop(state, other, orders)
            elif not other.final and (not other.beside or _needs_place(state, one, other)):
                _break_off(state, other, orders)
        for other in [other for people in state.typed.values() for other in people.values()]:
            _drop(state, other, orders)
        state.people.asks(one.asked.user, state.now)
        state.chats[one.model] = state.chats.get(one.model, 0) + 1
    _send(state, one, orders)


def _task(state: LanesState, one: Open, orders: list[Order]) -> None:
    if one.here:
        state.held.setdefault(one.model, Queue()).add(one)
    else:
        _send(state, one, orders)


def _typing(state: LanesState, one: Open, orders: list[Order]) -> None:
    person = one.asked.user
    older = state.newest.get(person)
    if older is not None and older.stage is not Stage.ANSWERING:
        _drop(state, older, orders)
    state.people.types(person, state.now, state.rules)
    state.newest[person] = one
    if not one.here:
        _send(state, one, orders)
        return
    state.typed.setdefault(one.model, {})[person] = one
    if state.chats:
        _drop(state, one, orders)


_ARRIVES: dict[Lane, Callable[[LanesState, Open, list[Order]], None]] = {
    Lane.OTHER: _other,
    Lane.CHAT: _chat,
    Lane.TASK: _task,
    Lane.TYPING: _typing,
}


# --- ends -------------------------------------------------------------------------------------------------------------


def _client_gone(state: LanesState, id_: int) -> None:
    one = state.open.get(id_)
    if one is None:
        return
    if one.asked.lane is Lane.TASK:
        state.patience.hung_up(state.now - one.arrived_at, state.now)
    _over(state, one)


def _came_back(state: LanesState, event: FirstByte | Ended | UpstreamGone, one: Open, orders: list[Order]) -> None:
    match event:
        case UpstreamGone(reached=reached):
            _was_not_there(state, one, orders, reached=reached)
            return
        case Ended(ok=ok):
            _over(state, one, ok=ok)
        case FirstByte() if one.stage is Stage.SENT:
            one.stage, one.first_byte_at = Stage.ANSWERING, state.now
    state.failures, state.silent_until = 0, 0.0


def _over(state: LanesState, one: Open, *, ok: bool = False) -> None:
    close(state, one)
    asked = one.asked
    if asked.lane is Lane.CHAT and one.here:
        state.chats[one.model] -= 1
        if not state.chats[one.model]:
            del state.chats[one.model]
        state.used.pop(one.model, None)
        state.used[one.model] = state.now
        if len(state.used) > MOST_MODELS:
            del state.used[next(iter(state.used))]
        state.people.answered(asked.user, state.now, state.rules, more_to_come=asked.task in BEFORE_ANSWER)
    elif asked.lane is Lane.TASK and ok and one.sent_at is not None:
        state.usual.took(asked.task, one.model, state.now - one.sent_at)
        state.patience.stayed(state.now - one.arrived_at)


def _was_not_there(state: LanesState, one: Open, orders: list[Order], *, reached: bool) -> None:
    """A task that cannot have been the cause is held again until Ollama is back, one that may have been just once."""
    state.silent_until = state.now + min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(state.failures, 10))
    state.failures += 1
    again = not one.crashed if reached else state.now < one.arrived_at + limit_s(state)
    if one.asked.lane is Lane.TASK and one.here and one.stage is Stage.SENT and again:
        one.crashed = one.crashed or reached
        _hold(state, one)
        orders.append(Hold(one.asked.id))
    else:
        _over(state, one)


# --- orders -----------------------------------------------------------------------------------------------------------


def _send(state: LanesState, one: Open, orders: list[Order]) -> None:
    one.stage, one.sent_at = Stage.SENT, state.now
    orders.append(Send(one.asked.id))


def _drop(state: LanesState, one: Open, orders: list[Order]) -> None:
    close(state, one)
    orders.append(Drop(one.asked.id))


def _break_off(state: LanesState, one: Open, orders: list[Order]) -> None:
    assert one.sent_at is not None
    state.usual.took_longer(one.asked.task, one.model, state.now - one.sent_at)
    one.broken_off += 1
    _hold(state, one)
    orders.append(BreakOff(one.asked.id))


def _hold(state: LanesState, one: Open) -> None:
    one.stage = Stage.HELD
    if state.working.get(one.model) is one:
        del state.working[one.model]
    state.held.setdefault(one.model, Queue()).add(one)


# --- whose turn it is -------------------------------------------------------------------------------------------------


def _go_on(state: LanesState, orders: list[Order]) -> None:
    """Sends what may go now, on each model one at a time."""
    for people in list(state.typed.values()):
        while people and (typed := next(iter(people.values()))).arrived_at + state.rules.typing_hold_s <= state.now:
            _drop(state, typed, orders)
    if state.now < state.silent_until or (state.chats and state.rules.num_parallel < 2):
        return
    for model in dict.fromkeys((*state.typed, *state.held)):
        one = None if model in state.working else _next(state, model)
        if one is not None:
            leave(state, one)
            state.working[model] = one
            _send(state, one, orders)


def _next(state: LanesState, model: str) -> Open | None:
    """What was held for too long first, then what somebody waits for, then whose time has come."""
    queue = state.held.get(model)
    if queue is not None and queue.oldest().arrived_at + limit_s(state) <= state.now:
        if not state.chats:
            return _turn(state, queue, queue.oldest(), final=True)
        if _spare(state, model):
            return _turn(state, queue, queue.oldest(), beside=True)
    if state.chats:
        return None
    if model in state.typed and _evicts_nobody_from(state, model) <= state.now:
        return next(iter(state.typed[model].values()))
    if queue is not None and _opens(state, model, queue) <= state.now:
        return _turn(state, queue, queue.together()[0])
    return None


def _turn(state: LanesState, queue: Queue, one: Open, *, final: bool = False, beside: bool = False) -> Open:
    """The others of its conversation come next."""
    queue.current = one.conversation
    one.beside = beside
    one.final = final or one.broken_off >= state.rules.max_break_offs
    return one


def _opens(state: LanesState, model: str, queue: Queue) -> float:
    """When the conversation whose turn it is may have its tasks, all of them, if nobody writes before that."""
    need = _need_s(state, model, queue.together())
    return max(state.people.opens(state.now, need, state.rules), _evicts_nobody_from(state, model))


def _need_s(state: LanesState, model: str, tasks: list[Open]) -> float | None:
    """How long they usually take, one after the other; None: nobody knows, or too many to be done between messages."""
    if len(tasks) > MOST_TOGETHER:
        return None
    usual = [state.usual.usual(one.asked.task, model) for one in tasks]
    known = [seconds for seconds in usual if seconds is not None]
    return sum(known) if len(known) == len(usual) else None


def _evicts_nobody_from(state: LanesState, model: str) -> float:
    """When the chat models that this one would evict have not been used for long enough."""
    idle = state.rules.evict_idle_s
    return max((at + idle for chat, at in state.used.items() if (model, chat) in state.evicting), default=state.now)


def _spare(state: LanesState, model: str) -> bool:
    """May a task that was held for too long go beside chats? If there is a place for it, and one for the next chat."""
    places = state.rules.num_parallel - state.chats.get(model, 0)
    return places >= 2 and not any((model, chat) in state.evicting for chat in state.chats)


def _needs_place(state: LanesState, chat: Open, task: Open) -> bool:
    """Does a chat that arrives need the place that a task took beside others?"""
    if (task.model, chat.model) in state.evicting:
        return True
    return task.model == chat.model and state.chats.get(chat.model, 0) + 2 > state.rules.num_parallel
