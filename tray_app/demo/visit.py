"""One visit to the played Open WebUI: two messages of one new chat, and how long the second one waited.

Always the same: the calls are lined up while the played model stands still, and what is told is counted in the model's
own seconds (the stand-in's scheduler), so that a busy machine plays the story more slowly but tells the same figures.
"""

from collections.abc import Callable, Iterable
from itertools import islice

from msgspec import Struct

from tray_app.core.values.relay import Lane, RelayState, Stage, Standing
from tray_app.core.values.task_settings import Setting
from tray_app.demo.person import QUESTIONS, Person
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.standins.scheduler import Work
from tray_app.standins.server import wait_until
from tray_app.standins.webui_connections import TASK_WORDS
from tray_app.standins.webui_prompts import task_of

LINED_UP_WITHIN_S = 30.0
ENDS_WITHIN_S = 60.0
TASK_KINDS = {
    "title": Setting.TITLES,
    "tags": Setting.TAGS,
    "follow_up": Setting.FOLLOW_UPS,
    "auto": Setting.AUTOCOMPLETE,
}
_BY_WORD = {TASK_WORDS[kind]: setting for kind, setting in TASK_KINDS.items()}


class StoryStuck(Exception):
    """The played servers did not get there in time: this machine is far too busy, or the stand-ins are broken."""


def tasks_before(work: Work) -> tuple[Setting, ...]:
    """The background tasks that it found at its model, and that did not make way for it."""
    return _kinds(work.ahead)


def held_at(relay: RelayState | None) -> tuple[Setting, ...]:
    """The tasks that wait in the relay of chat first."""
    standing = relay.standing if relay is not None else ()
    return tuple(_BY_WORD[one.task] for one in standing if one.lane is Lane.TASK and one.stage is Stage.HELD)


def _kinds(works: Iterable[Work]) -> tuple[Setting, ...]:
    kinds = [task_of(one.label) for one in works]
    return tuple(TASK_KINDS[kind] for kind in kinds if kind is not None)


class Waited(Struct, frozen=True):
    """What the second message met. `calls`: that the chat model answered, of the whole visit; `after`: the tasks among
    them that it did after that message."""

    first_word_s: float
    before: tuple[Setting, ...]
    calls: int
    after: tuple[Setting, ...]


class Visit:
    """The steps in their order: `begin`, `ask`, `release`, `answer`, `end`. `crowded`: the tasks of each message still
    stand at the chat model when the next thing happens, because it stands still after each answer. `relay`: what the
    relay of chat first tells, where they are on their way through one: there they stand in it."""

    def __init__(
        self,
        ollama: DemoOllama,
        webui: DemoOpenWebUI,
        *,
        crowded: bool,
        relay: Callable[[], RelayState | None] | None = None,
    ) -> None:
        self._ollama = ollama
        self._webui = webui
        self._scheduler = ollama.scheduler
        self._crowded = crowded
        self._relay = relay
        self._from = len(self._scheduler.seen)
        self._person = Person(webui)
        self._stopped = False
        webui.generations.before_task = self._after_the_chat

    def begin(self) -> None:
        """The first message is answered, and its tasks are sent."""
        if self._crowded:
            self._scheduler.hold_after = lambda work: work.stream
        self._person.send(QUESTIONS[0])
        if self._relay is not None:
            self._until_relayed(2)
        elif self._crowded:
            self._until(running=1, waiting=1)  # the title beside the answer, the follow-ups after it

    def ask(self) -> tuple[Setting, ...]:
        """Somebody types the second message, which asks for a completion, and sends it. Who stands before it."""
        self._person.type(QUESTIONS[1])
        if self._relay is not None:
            self._until(running=1, waiting=0)  # nobody chats: what is typed goes at once, or a task that had its turn
        elif self._crowded:
            self._until(running=1, waiting=2)
        self._person.send_soon(QUESTIONS[1])
        wait_until(lambda: self._stopped or len(self._chats()) > 1, LINED_UP_WITHIN_S)
        if len(self._chats()) < 2:
            raise StoryStuck
        if self._relay is not None:
            self._until(running=1, waiting=0)  # all else has made way
        return tasks_before(self._second)

    def held(self) -> tuple[Setting, ...]:
        """The tasks that wait in the relay."""
        return held_at(self._relay() if self._relay is not None else None)

    def release(self) -> None:
        """The model goes on with its queue."""
        self._ollama.release()

    def go_on(self) -> None:
        """Nothing stands still any more."""
        self._scheduler.hold_after = lambda _: False
        self._ollama.release()

    def answer(self) -> None:
        """The second message is answered, and what the visit still causes stands in the queue."""
        if self._crowded:
            if not wait_until(self._is_answered, ENDS_WITHIN_S):
                raise StoryStuck
            if self._relay is None:
                self._until(running=1, waiting=1)  # the tags of the first message, the follow-ups of the second
            self._scheduler.hold_after = lambda _: False

    @property
    def asked_s(self) -> float:
        """When the second message came, by the chat model's clock."""
        return self._second.asked_s

    @property
    def first_word_s(self) -> float | None:
        """How long the second message waited for it; None while it waits."""
        return self._second.first_token_s

    def waits_s(self) -> float:
        """For how long the second message has waited until now."""
        return self._worked_s() - self.asked_s

    def end(self) -> Waited:
        """After everything is done that the two messages caused."""
        scheduler, generations = self._scheduler, self._webui.generations

        def is_quiet() -> bool:
            return not generations.running and scheduler.running_count() + scheduler.waiting_count() == 0

        if not wait_until(lambda: self.first_word_s is not None and is_quiet(), ENDS_WITHIN_S):
            raise StoryStuck
        self._person.stop()
        done = [one for one in self._mine() if not one.hung_up]
        after = _kinds(done[done.index(self._second) :])
        return Waited(self.first_word_s or 0.0, tasks_before(self._second), len(done), after)

    def stop(self) -> None:
        """Whatever it was doing ends, and nothing stands still any more."""
        self._stopped = True
        self.go_on()
        self._person.stop()

    # --- inside ------------------------------------------------------------------------------

    def _after_the_chat(self, kind: str) -> None:
        """A title runs beside its answer: here it is always the answer that comes first."""
        if kind == "title":
            wait_until(lambda: bool(self._chats()), LINED_UP_WITHIN_S)

    def _until(self, *, running: int, waiting: int) -> None:
        wanted = (running, waiting)
        wait_until(lambda: self._stopped or (self._ollama.running, self._ollama.waiting) == wanted, LINED_UP_WITHIN_S)
        if self._stopped or (self._ollama.running, self._ollama.waiting) != wanted:
            raise StoryStuck

    def _tasks_at_relay(self) -> tuple[Standing, ...]:
        told = self._relay() if self._relay is not None else None
        return tuple(one for one in told.standing if one.lane is Lane.TASK) if told is not None else ()

    def _until_relayed(self, tasks: int) -> None:
        """So many stand at the relay, held or on their way."""
        if not wait_until(lambda: self._stopped or len(self._tasks_at_relay()) == tasks, LINED_UP_WITHIN_S):
            raise StoryStuck

    def _mine(self) -> list[Work]:
        """Every call of this visit to the chat model."""
        with self._scheduler.changed:
            seen = list(islice(self._scheduler.seen, self._from, None))
        return [one for one in seen if one.model == self._person.model]

    def _chats(self) -> list[Work]:
        return [one for one in self._mine() if one.stream]

    def _is_answered(self) -> bool:
        """Whether the second message has left the model, which stands still from then on."""
        with self._scheduler.changed:
            return self.first_word_s is not None and not any(
                self._second in one.work for one in self._scheduler.runners
            )

    @property
    def _second(self) -> Work:
        return self._chats()[1]

    def _worked_s(self) -> float:
        runners = self._scheduler.loaded()
        return next((one.worked_s for one in runners if one.model.name == self._person.model), 0.0)
