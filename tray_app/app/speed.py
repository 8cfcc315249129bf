"""Times real task calls and the chat's first token, with the task model of now or with several side by side.

Every setting that is switched for a measurement is switched back, also after Ctrl-C; the journal has each step.
"""

import statistics
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from msgspec import Struct

from tray_app.app.fixes import Applied, Undone
from tray_app.core.tasks.settings import decode, key_of
from tray_app.core.tasks.target import UNASKED
from tray_app.core.values.errors import ChangeError, Problem
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.task_settings import Setting, Switch, TaskSettings
from tray_app.core.values.version import Document

REMEDY = "speed"
"""How the journal names a switch that was made for a measurement."""
CHAT_PROMPT = "Say hello in five words."


class Answer(Protocol):
    @property
    def model(self) -> str: ...
    @property
    def seconds(self) -> float: ...


class Server(Protocol):
    """What a measurement needs from Open WebUI."""

    def read_document(self) -> Document: ...
    def run_task(self, task: Setting, model: str) -> Answer: ...
    def chat_first_token(self, model: str, prompt: str) -> float: ...


class Changes(Protocol):
    """What a measurement needs to switch the task model and back."""

    def apply(self, changes: Iterable[Change], remedy: str = "") -> Applied: ...
    def undo(self, recorded: Record) -> Undone: ...
    def settle(self) -> tuple[Record, ...]: ...


class Timing(Struct, frozen=True):
    """Medians of the runs. `asked`: the model that was set; `answered`: the one the answers name."""

    asked: str
    answered: str
    task: Setting
    task_s: float
    first_token_s: float
    runs: int


class Progress(Struct, frozen=True):
    asked: str
    run: int
    runs: int


def timed_task(settings: TaskSettings) -> Setting:
    """The task to time: the first that comes by itself, one short answer. ChangeError where every one is off."""
    for task in UNASKED:
        if settings.switch(task) is Switch.ON:
            return task
    if settings.titles is Switch.UNSUPPORTED:
        return Setting.TITLES  # versions before 0.5.12 have no switch: titles always run
    raise ChangeError(Problem.NOTHING_TO_DO, "tasks-off")


def measure(server: Server, chat_model: str, asked: str, runs: int, show: Callable[[Progress], None]) -> Timing:
    """`runs` rounds of one task call and then one chat, as a person's first message causes them."""
    task = timed_task(decode(server.read_document()))
    task_s: list[float] = []
    first_s: list[float] = []
    answered = ""
    for run in range(1, runs + 1):
        show(Progress(asked, run, runs))
        answer = server.run_task(task, chat_model)
        task_s.append(answer.seconds)
        answered = answer.model
        first_s.append(server.chat_first_token(chat_model, CHAT_PROMPT))
    return Timing(asked, answered, task, statistics.median(task_s), statistics.median(first_s), runs)


class Bench:
    """Measures several task models one after the other and leaves everything as it was."""

    def __init__(self, server: Server, changes: Changes, recorded: Callable[[str], Record], slot: Setting) -> None:
        self._server = server
        self._changes = changes
        self._recorded = recorded
        self._slot = slot

    def compare(
        self, chat_model: str, models: Iterable[str], runs: int, show: Callable[[Progress], None]
    ) -> list[Timing]:
        """The task model of now first, then each of `models`."""
        document = self._server.read_document()
        now = decode(document).model(self._slot)
        timings = [measure(self._server, chat_model, now, runs, show)]
        for model in models:
            if model == now:
                continue
            with self._switched(model):
                timings.append(measure(self._server, chat_model, model, runs, show))
        return timings

    @contextmanager
    def _switched(self, model: str) -> Iterator[None]:
        document = self._server.read_document()
        key = key_of(self._slot, document)
        assert key is not None
        change = Change(self._slot, document[key], model)
        try:
            applied = self._changes.apply((change,), REMEDY)
        except KeyboardInterrupt:
            self._take_back_open()
            raise
        try:
            yield
        finally:
            self._changes.undo(self._recorded(applied.change_id))

    def _take_back_open(self) -> None:
        """Stopped between writing and verifying: what the server holds decides."""
        for one in self._changes.settle():
            found = self._recorded(one.id)
            if found.remedy == REMEDY and found.event is Event.APPLIED:
                self._changes.undo(found)
