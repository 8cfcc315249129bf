"""Times real task calls and the chat's first token, alone and while tasks run, and proves which model does the tasks.

Nothing is switched here: trying several models is `app/doing/trying.py`.
"""

import statistics
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from msgspec import Struct

from tray_app.app.changes import Carrier
from tray_app.app.doing.at_endpoint import AtEndpoint, Server
from tray_app.core.report.trial import TaskTrial
from tray_app.core.tasks.chat import chat_model as chat_of
from tray_app.core.tasks.conversations import CONVERSATIONS, Conversation
from tray_app.core.tasks.releases import NEWEST_SEEN
from tray_app.core.tasks.same_ollama import placed, with_watched
from tray_app.core.tasks.settings import decode
from tray_app.core.tasks.slots import slot_for
from tray_app.core.tasks.target import UNASKED, TaskServer, entry_of
from tray_app.core.tasks.written import draft_of
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.names import full_name
from tray_app.core.values.snapshot import Ollama, Presence, WebUIModel
from tray_app.core.values.task_settings import Setting, Switch, TaskSettings
from tray_app.core.values.version import Version, parse_version
from tray_app.services._task_calls import TaskAnswer
from tray_app.services._webui_models import any_outside, with_outside

MENU_RUNS = 3
CHAT_PROMPT = "Say hello in five words."
HEAD_START_S = 0.3
"""So long after the first task the chat is sent: by then the task has gone through Open WebUI to its model."""


class Progress(Struct, frozen=True):
    """`asked`: the task model that is set, `number` of `all` that are tried. `task`: None while chats are timed."""

    asked: str
    run: int
    runs: int
    task: Setting | None = None
    number: int = 1
    all: int = 1


class Measured(Struct, frozen=True):
    """Medians of some rounds with one task model."""

    answered: str
    tasks: tuple[TaskTrial, ...]
    first_token_s: float
    crowded_token_s: float


def timed_tasks(settings: TaskSettings) -> tuple[Setting, ...]:
    """The tasks that come with a message by themselves, each one short answer. ChangeError where every one is off."""
    on = tuple(task for task in UNASKED if settings.switch(task) is Switch.ON)
    if settings.titles is Switch.UNSUPPORTED:
        on = (Setting.TITLES, *on)  # versions before 0.5.12 have no switch: titles always run
    if not on:
        raise ChangeError(Problem.NOTHING_TO_DO, "tasks-off")
    return on


def measure(
    server: Server,
    chat_model: str,
    asked: str,
    runs: int,
    show: Callable[[Progress], None],
    about: Conversation = CONVERSATIONS[0],
    look: Callable[[], object] = lambda: None,
) -> Measured:
    """`runs` rounds: each task once, one chat, and one more chat while the tasks of a message run.

    `look` is called once right after the tasks, before a chat loads its model again.
    """
    tasks = timed_tasks(decode(server.read_document()))
    version = parse_version(server.version()) or NEWEST_SEEN
    answers: dict[Setting, list[TaskAnswer]] = {task: [] for task in tasks}
    first_s: list[float] = []
    crowded_s: list[float] = []
    for run in range(1, runs + 1):
        for task in tasks:
            show(Progress(asked, run, runs, task))
            answers[task].append(server.run_task(task, chat_model, about=about))
        if run == 1:
            look()
        show(Progress(asked, run, runs))
        first_s.append(server.chat_first_token(chat_model, CHAT_PROMPT))
        crowded_s.append(_while_tasks_run(server, chat_model, tasks))
    trials = tuple(_trial_of(task, made, version) for task, made in answers.items())
    return Measured(answers[tasks[0]][-1].model, trials, statistics.median(first_s), statistics.median(crowded_s))


def _trial_of(task: Setting, made: Sequence[TaskAnswer], version: Version) -> TaskTrial:
    """A form that was wrong once is told: Open WebUI would have had nothing then."""
    drafts = [draft_of(task, one.text, version) for one in made]
    told = next((one for one in drafts if one.flaw is not None), drafts[-1])
    return TaskTrial(task, statistics.median(one.seconds for one in made), told, made[-1].tokens)


def _while_tasks_run(server: Server, chat_model: str, tasks: tuple[Setting, ...]) -> float:
    """The first token of a chat that is sent while another message's tasks go one after the other, as Open WebUI
    sends them. Returns when they are done, so that the next run begins in quiet."""
    over = threading.Event()

    def of_a_message() -> None:
        for task in tasks:
            server.run_task(task, chat_model, cancelled=over.is_set)

    with ThreadPoolExecutor(1, thread_name_prefix="speed") as beside:
        running = beside.submit(of_a_message)
        with ExitStack() as unless_done:
            unless_done.callback(over.set)
            over.wait(HEAD_START_S)
            first_s = server.chat_first_token(chat_model, CHAT_PROMPT)
            unless_done.pop_all()
        running.result()
    return first_s


def chat_model(carrier: Carrier) -> WebUIModel | None:
    """The model that people chat with, as Open WebUI lists it; None where none is loaded or listed."""
    client = carrier.open_webui
    listed = tuple(entry for entry in listed_here(carrier) if not entry.preset)
    server = TaskServer(decode(client.read_document()), parse_version(client.version()), listed)
    chat = chat_of(carrier.ollama.ps(), server, lambda _model: False)
    return entry_of(chat.name, listed) if chat is not None else None


def listed_here(carrier: Carrier) -> tuple[WebUIModel, ...]:
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
    """One real task call for a chat that uses this slot; None where no such chat model is listed, or no task is on that
    comes by itself. A loaded chat model is preferred: one that is not used could be loaded by the call.
    """
    client = carrier.open_webui
    settings, version = decode(client.read_document()), parse_version(client.version()) or NEWEST_SEEN
    try:
        task = timed_tasks(settings)[0]
    except ChangeError:
        return None
    wanted, listed = settings.model(slot), listed_here(carrier)
    loaded = {full_name(one.name) for one in carrier.ollama.ps()}
    chats = [one for one in listed if one.active and not one.arena and not one.pipe and one.id != wanted]
    chats = [one for one in chats if slot_for(one, version) is slot]
    chat = min(chats, key=lambda one: (full_name(one.ollama_name or "") not in loaded, one.preset), default=None)
    if chat is None:
        return None
    chosen = next((one for one in listed if one.id == (wanted or chat.id)), None)
    answer = AtEndpoint(client, chosen.host if chosen is not None else None).run_task(task, chat.id)
    names = {wanted or chat.id, *(filter(None, (chosen.ollama_name, chosen.served.upstream)) if chosen else ())}
    good = full_name(answer.model) in {full_name(name) for name in names}
    return Proof(chat.id, wanted or chat.id, answer.model, answer.seconds, good)
