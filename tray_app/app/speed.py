"""Times real task calls and the chat's first token, with the task model of now or with several side by side.

Every setting that is switched for a measurement is switched back, also after Ctrl-C; the journal has each step.
"""

import statistics
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from msgspec import Struct

from tray_app.app.changes import Carrier, CutShort
from tray_app.core.tasks.chat import chat_model as chat_of
from tray_app.core.tasks.releases import NEWEST_SEEN
from tray_app.core.tasks.same_ollama import placed, with_watched
from tray_app.core.tasks.settings import decode, key_of
from tray_app.core.tasks.slots import slot_for
from tray_app.core.tasks.target import UNASKED, TaskServer, entry_of
from tray_app.core.values.errors import ChangeError, Problem
from tray_app.core.values.names import full_name
from tray_app.core.values.plan import Change, Event
from tray_app.core.values.snapshot import Ollama, Presence, WebUIModel
from tray_app.core.values.task_settings import Setting, Switch, TaskSettings
from tray_app.core.values.version import Document, parse_version
from tray_app.services._webui_models import any_outside, with_outside

REMEDY = "speed"
"""How the journal names a switch that was made for a measurement."""
MENU_RUNS = 3
CHAT_PROMPT = "Say hello in five words."


class TimedAnswer(Protocol):
    @property
    def model(self) -> str: ...
    @property
    def seconds(self) -> float: ...


class Server(Protocol):
    """What a measurement needs from Open WebUI."""

    def read_document(self) -> Document: ...
    def run_task(self, task: Setting, model: str) -> TimedAnswer: ...
    def chat_first_token(self, model: str, prompt: str) -> float: ...


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


def chat_model(carrier: Carrier) -> WebUIModel | None:
    """The model that people chat with, as Open WebUI lists it; None where none is loaded or listed."""
    client = carrier.open_webui
    listed = tuple(entry for entry in _listed(carrier) if not entry.preset)
    server = TaskServer(decode(client.read_document()), parse_version(client.version()), listed)
    chat = chat_of(carrier.ollama.ps(), server, lambda _model: False)
    return entry_of(chat.name, listed) if chat is not None else None


def _listed(carrier: Carrier) -> tuple[WebUIModel, ...]:
    """Open WebUI's models as seen from this Ollama: those of other servers are none of its own."""
    client, ollama = carrier.open_webui, carrier.ollama
    models = client.models()
    if any_outside(models):
        models = with_outside(models, client.outside())
    here = Ollama(ollama.url, Presence.RUNNING, installed=ollama.tags())
    return placed(models, with_watched(client.connections(), models, here, client.url), here, client.url)


class Proof(Struct, frozen=True):
    """One real call: which model answered it. `good`: the one that the settings ask for."""

    chat: str
    wanted: str
    answered: str
    seconds: float
    good: bool


def prove(carrier: Carrier, slot: Setting) -> Proof | None:
    """One real task call for a chat that uses this slot; None where no such chat model is listed.

    ChangeError(NOTHING_TO_DO) where no task is on that comes by itself. A loaded chat model is preferred: one that
    is not used could be loaded by the call.
    """
    client = carrier.open_webui
    settings, version = decode(client.read_document()), parse_version(client.version()) or NEWEST_SEEN
    task, wanted, listed = timed_task(settings), settings.model(slot), _listed(carrier)
    loaded = {full_name(one.name) for one in carrier.ollama.ps()}
    chats = [one for one in listed if one.active and not one.arena and not one.pipe and one.id != wanted]
    chats = [one for one in chats if slot_for(one, version) is slot]
    chat = min(chats, key=lambda one: (full_name(one.ollama_name or "") not in loaded, one.preset), default=None)
    if chat is None:
        return None
    answer = client.run_task(task, chat.id)
    chosen = next((one for one in listed if one.id == (wanted or chat.id)), None)
    names = {wanted or chat.id, *(filter(None, (chosen.ollama_name, chosen.served.upstream)) if chosen else ())}
    good = full_name(answer.model) in {full_name(name) for name in names}
    return Proof(chat.id, wanted or chat.id, answer.model, answer.seconds, good)


def bench(carrier: Carrier, chat: WebUIModel) -> "Bench":
    """For the slot that counts while this model chats."""
    return Bench(carrier, slot_for(chat, parse_version(carrier.open_webui.version()) or NEWEST_SEEN))


class Bench:
    """Measures several task models one after the other and leaves everything as it was."""

    def __init__(self, carrier: Carrier, slot: Setting) -> None:
        self._carrier = carrier
        self._server = carrier.open_webui
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
            applied = self._carrier.apply((change,), REMEDY)
        except CutShort as cut:
            if cut.record is not None and cut.record.event is Event.APPLIED:
                self._carrier.undo(cut.record.id)
            raise
        try:
            yield
        finally:
            self._carrier.undo(applied.change_id)
