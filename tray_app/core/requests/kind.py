"""Chat or task, judged without ever seeing what was asked. Pure.

Each verdict carries the word of what it rests on:
- `other-client`: no request at Ollama is Open WebUI's.
- `tasks-off`: Open WebUI has no task switched on.
- `task-model`: the model is the one all tasks go to.
- `other-than-task-model`: tasks go to another model.
- `title-limit`: it may answer at most 1,000 tokens, which newer Open WebUI asks for titles only.
- `api-tasks`: Open WebUI works on no chat, and every connection is Open WebUI's own.
- `burst-after-answer`: it began right where an answer ended, with nobody waiting before: no one types that fast.
- `first-of-chat`: it began alone while Open WebUI works on a chat.
- `relay`: the relay of chat first knows which call it is.
- `was-waiting`, `no-evidence`: not known.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from tray_app.core.tasks.releases import TITLE_BESIDE_ANSWER, TITLE_LIMIT_SINCE
from tray_app.core.tasks.same_ollama import placed, with_watched
from tray_app.core.values.connections import OllamaConnection, Whose
from tray_app.core.values.names import full_name
from tray_app.core.values.reading import Known, value_of
from tray_app.core.values.relay import RelayState
from tray_app.core.values.requests import RequestKind
from tray_app.core.values.snapshot import Ollama, OpenWebUI, WebUIModel
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting, Switch, TaskSettings
from tray_app.core.values.version import Version, parse_version

TITLE_LIMIT = 1000
"""Tokens that Open WebUI allows a title from TITLE_LIMIT_SINCE on, and nothing else."""
BURST_S = 4.0
"""The next call of a chain comes milliseconds after the last; a poll sees it this late."""


class KindSettings(Struct, frozen=True):
    """What Open WebUI's settings say about where tasks go. `task_models` are full names of Ollama models."""

    version: Version | None = None
    on: tuple[Setting, ...] | None = None
    """Tasks that are switched on; None: not known."""
    task_models: frozenset[str] = frozenset()
    elsewhere: bool = False
    """A task model is set and usable, so that tasks of local chats do not run on the chat model."""
    busy_chats: Known[int] | None = None
    """Chats that Open WebUI works on; None: not known."""
    all_local: bool = False
    """Every model that Open WebUI lists is Ollama's."""


class Circumstances(Struct, frozen=True):
    """How a request began. `since_answer_s`: seconds since a chat's answer, or a task after it, ended on the model."""

    model: str | None
    limit_tokens: int | None = None
    alone: bool = False
    others_waited: bool = False
    since_answer_s: float | None = None
    whose: Whose = Whose.UNTOLD
    began_at: float = 0.0
    """Unix seconds."""


class KindReason(StrEnum):
    """What tells a request's kind. Values are stable: they appear in the JSON output."""

    NO_EVIDENCE = "no-evidence"
    OTHER_CLIENT = "other-client"
    TASKS_OFF = "tasks-off"
    TASK_MODEL = "task-model"
    OTHER_MODEL = "other-than-task-model"
    TITLE_LIMIT = "title-limit"
    API_TASKS = "api-tasks"
    WAS_WAITING = "was-waiting"
    BURST = "burst-after-answer"
    FIRST_OF_CHAT = "first-of-chat"
    RELAY = "relay"


class KindVerdict(Struct, frozen=True):
    kind: RequestKind
    reason: KindReason
    task: str | None = None


UNKNOWN = KindVerdict(RequestKind.UNKNOWN, KindReason.NO_EVIDENCE)


def settings_of(open_webui: OpenWebUI | None, ollama: Ollama | None, relay: RelayState | None = None) -> KindSettings:
    """Reads what is known; a task model that no list holds is not trusted, for then Open WebUI uses the chat model."""
    if open_webui is None:
        return KindSettings()
    tasks = value_of(open_webui.tasks)
    busy = open_webui.busy_chats
    models, connections = value_of(open_webui.models) or (), value_of(open_webui.connections)
    shared = False
    if ollama is not None and connections is not None:  # what another server does is not counted here
        watched = with_watched(connections, models, ollama, open_webui.url, relay)
        models = placed(models, watched, ollama, open_webui.url)
        shared = _elsewhere_too(models, watched)
    installed = {full_name(model.name) for model in ollama.installed} if ollama else set()
    by_id = {one.id: one for one in models}
    names: dict[str, str] = {one.id: one.ollama_name or one.base_model_id or one.id for one in models}
    task_models = set()
    elsewhere = False
    if tasks is not None:
        for slot in SLOTS:
            chosen = tasks.model(slot)
            name = full_name(names.get(chosen, chosen))
            if chosen and name in installed:
                task_models.add(name)
        elsewhere = bool(tasks.task_model) and (tasks.task_model in names or full_name(tasks.task_model) in installed)
    return KindSettings(
        version=parse_version(open_webui.version),
        on=_on(tasks) if tasks else None,
        task_models=frozenset(task_models),
        elsewhere=elsewhere,
        busy_chats=busy if isinstance(busy, Known) else None,
        all_local=bool(models) and not shared and all(_is_local(one, by_id) for one in models if one.active),
    )


def _elsewhere_too(models: Iterable[WebUIModel], connections: Iterable[OllamaConnection]) -> bool:
    """Is any model served by a server that is not surely the watched one?"""
    ours = {one.index for one in connections if one.watched}
    return any(set(one.served.servers) - ours for one in models if one.active)


def _is_local(model: WebUIModel, by_id: Mapping[str, WebUIModel]) -> bool:
    """Do its chats run at the Ollama that is watched? A preset's where its base does.

    The arena (listed by itself up to 0.9) sends each chat to one of the others. What a function does is not known.
    """
    if model.arena:
        return True
    if model.pipe or model.served.elsewhere:
        return False
    if model.base_model_id and (base := by_id.get(model.base_model_id)) is not None:
        return _is_local(base, by_id) if base.base_model_id is None else bool(base.ollama_name)
    return model.is_ollamas or bool(model.ollama_name)


def _on(tasks: TaskSettings) -> tuple[Setting, ...]:
    return tuple(task for task in TASKS if tasks.switch(task) is Switch.ON)


def judge(how: Circumstances, settings: KindSettings) -> KindVerdict:
    """The first rule that applies, the surest first."""
    if how.whose is Whose.OTHERS:
        return KindVerdict(RequestKind.UNKNOWN, KindReason.OTHER_CLIENT)
    return KindVerdict(RequestKind.CHAT, KindReason.TASKS_OFF) if settings.on == () else _by_settings(how, settings)


def _by_settings(how: Circumstances, settings: KindSettings) -> KindVerdict:
    model = full_name(how.model) if how.model else None
    if model is not None and model in settings.task_models:
        return _task(KindReason.TASK_MODEL, settings)
    if model is not None and settings.elsewhere:
        return KindVerdict(RequestKind.CHAT, KindReason.OTHER_MODEL)
    version = settings.version
    titles_on = settings.on is None or Setting.TITLES in settings.on
    if version and version >= TITLE_LIMIT_SINCE and how.limit_tokens == TITLE_LIMIT and titles_on:
        return _task(KindReason.TITLE_LIMIT, settings)
    if _busy(how, settings) == 0 and how.whose is Whose.OPEN_WEBUI:
        return _task(KindReason.API_TASKS, settings)
    return _by_sequence(how, settings)


def _busy(how: Circumstances, settings: KindSettings) -> int | None:
    """Chats that Open WebUI works on, counted after the request began; an older count says nothing about it."""
    busy = settings.busy_chats
    return busy.value if busy is not None and busy.taken_at >= how.began_at else None


def _by_sequence(how: Circumstances, settings: KindSettings) -> KindVerdict:
    if how.since_answer_s is not None and how.since_answer_s <= BURST_S and settings.version is not None:
        if how.others_waited or how.whose is Whose.MIXED:
            return KindVerdict(RequestKind.UNKNOWN, KindReason.WAS_WAITING)
        return _task(KindReason.BURST, settings)
    beside = settings.version is not None and settings.version >= TITLE_BESIDE_ANSWER
    title_first = beside and (settings.on is None or Setting.TITLES in settings.on)
    if _busy(how, settings) and how.alone and not how.others_waited and not title_first:
        return KindVerdict(RequestKind.CHAT, KindReason.FIRST_OF_CHAT)
    return UNKNOWN


def _task(reason: KindReason, settings: KindSettings) -> KindVerdict:
    """A task; its name only where no other task is switched on."""
    only = settings.on[0].value if settings.on is not None and len(settings.on) == 1 else None
    return KindVerdict(RequestKind.TASK, reason, only)
