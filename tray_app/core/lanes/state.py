"""What the policy keeps: every open request, who waits where, and what was learnt."""

from bisect import insort

from msgspec import Struct, field

from tray_app.core.lanes.pace import Patience, UsualTimes
from tray_app.core.lanes.people import People
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.values.names import full_name
from tray_app.core.values.relay import Asking, Lane, Stage, Standing

PATIENCE_SHARE = 0.5
"""A task is held for so much of the time after which its client hangs up; the rest is for its answer."""
MOST_MODELS = 200


class Open(Struct):
    """An open request. `model`: the full name, empty where the request does not say. `seq` counts them as they come."""

    asked: Asking
    model: str
    seq: int
    arrived_at: float
    here: bool
    """Needs this machine: no other one runs its model."""
    stage: Stage = Stage.HELD
    sent_at: float | None = None
    first_byte_at: float | None = None
    broken_off: int = 0
    final: bool = False
    """Runs to its end from here on."""
    beside: bool = False
    """Was held for too long and took a place that no chat needed."""
    crashed: bool = False
    """Ollama went away over it once."""

    @property
    def conversation(self) -> str | int:
        return self.asked.chat or self.seq


class Queue:
    """Held tasks of one model: a conversation's all together, else in the order in which they came."""

    def __init__(self) -> None:
        self._conversations: dict[str | int, list[Open]] = {}
        self._oldest: Open | None = None
        self.current: str | int | None = None
        """The conversation whose turn it is."""

    def __bool__(self) -> bool:
        return bool(self._conversations)

    def add(self, one: Open) -> None:
        insort(self._conversations.setdefault(one.conversation, []), one, key=_order)
        if self._oldest is not None and one.seq < self._oldest.seq:
            self._oldest = one

    def remove(self, one: Open) -> None:
        tasks = self._conversations[one.conversation]
        tasks.remove(one)
        if not tasks:
            del self._conversations[one.conversation]
        if self._oldest is one:
            self._oldest = None

    def oldest(self) -> Open:
        if self._oldest is None:
            self._oldest = min((tasks[0] for tasks in self._conversations.values()), key=_order)
        return self._oldest

    def together(self) -> list[Open]:
        """The tasks that go next, one after the other."""
        if self.current in self._conversations:
            return self._conversations[self.current]
        return self._conversations[self.oldest().conversation]


def _order(one: Open) -> int:
    return one.seq


class LanesState(Struct):
    """Only `step` changes it, and only it and `due` look into it. `now` never runs back."""

    rules: LanesRules
    evicting: frozenset[tuple[str, str]]
    remote: frozenset[str]
    now: float = 0.0
    seq: int = 0
    open: dict[int, Open] = field(default_factory=dict)
    held: dict[str, Queue] = field(default_factory=dict)
    """Model -> tasks that wait for it."""
    typed: dict[str, dict[str, Open]] = field(default_factory=dict)
    """Model -> person -> the autocomplete that waits for it, the oldest first."""
    newest: dict[str, Open] = field(default_factory=dict)
    """Person -> the newest autocomplete, waiting or at Ollama."""
    working: dict[str, Open] = field(default_factory=dict)
    """Model -> the one task or autocomplete that Ollama works on."""
    chats: dict[str, int] = field(default_factory=dict)
    """Model -> chats that Ollama works on."""
    used: dict[str, float] = field(default_factory=dict)
    """Chat model -> when its latest chat ended."""
    people: People = field(default_factory=People)
    usual: UsualTimes = field(default_factory=UsualTimes)
    patience: Patience = field(default_factory=Patience)
    failures: int = 0
    """Times in a row that Ollama was not there."""
    silent_until: float = 0.0
    """Until then no task is sent to an Ollama that was not there."""


def begin(rules: LanesRules) -> LanesState:
    return LanesState(rules, *_models(rules))


def ruled(state: LanesState, rules: LanesRules) -> LanesState:
    """From now on by these rules. What is open and what was learnt stays."""
    state.rules = rules
    state.evicting, state.remote = _models(rules)
    return state


def _models(rules: LanesRules) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    evicting = frozenset((full_name(task), full_name(chat)) for task, chat in rules.evicting)
    return evicting, frozenset(map(full_name, rules.remote))


def limit_s(state: LanesState) -> float:
    """How long a task is held at most."""
    patience = state.patience.limit_s(state.now)
    return state.rules.max_hold_s if patience is None else min(state.rules.max_hold_s, PATIENCE_SHARE * patience)


def chat_models(state: LanesState) -> frozenset[str]:
    """Full names of the models that people chat with."""
    return frozenset((*state.chats, *state.used))


def standing(state: LanesState, shift_s: float = 0.0) -> tuple[Standing, ...]:
    """What is open, in the order in which it came. `shift_s` leads from the policy's clock to that of the answer."""
    waiting = [one.asked.id for one in state.open.values() if one.stage is Stage.HELD]
    places = {id_: place for place, id_ in enumerate(waiting, 1)}
    return tuple(
        Standing(
            id=id_,
            lane=one.asked.lane,
            task=one.asked.task,
            model=one.asked.model,
            stage=one.stage,
            arrived_at=one.arrived_at + shift_s,
            sent_at=None if one.sent_at is None else one.sent_at + shift_s,
            first_byte_at=None if one.first_byte_at is None else one.first_byte_at + shift_s,
            broken_off=one.broken_off,
            position=places.get(id_),
        )
        for id_, one in state.open.items()
    )


def close(state: LanesState, one: Open) -> None:
    """It is over, for whatever reason: nothing that waits or works is it any more."""
    del state.open[one.asked.id]
    match one.asked.lane:
        case Lane.TASK if one.stage is Stage.HELD:
            leave(state, one)
        case Lane.TYPING:
            if state.newest.get(one.asked.user) is one:
                del state.newest[one.asked.user]
            if one.stage is Stage.HELD:
                leave(state, one)
    if state.working.get(one.model) is one:
        del state.working[one.model]


def leave(state: LanesState, one: Open) -> None:
    """It waits no longer."""
    if one.asked.lane is Lane.TASK:
        state.held[one.model].remove(one)
        if not state.held[one.model]:
            del state.held[one.model]
    else:
        del state.typed[one.model][one.asked.user]
        if not state.typed[one.model]:
            del state.typed[one.model]
