"""Where Open WebUI sends the tasks of chats with one model: to that model, to another, or nowhere.

The rule is Open WebUI's own (utils/task.py, get_task_model_id): the chat model's entry picks the slot, and the id in
that slot counts only if the server's list holds it and it is active; otherwise the chat model runs its own tasks.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from tray_app.core.tasks.releases import AUTOCOMPLETE_BY_ACCOUNT, MODEL_ACCESS_SINCE, NEWEST_SEEN, TASK_KINDS, runs
from tray_app.core.tasks.same_ollama import uses_our_ollama
from tray_app.core.tasks.slots import slot_for
from tray_app.core.values.names import full_name
from tray_app.core.values.reading import Known, Reading, Unknown, Why, value_of
from tray_app.core.values.snapshot import OpenWebUI, Snapshot, WebUIModel
from tray_app.core.values.task_settings import TASKS, Comes, Setting, Switch, TaskSettings
from tray_app.core.values.version import Version, parse_version

UNASKED = tuple(task for task in TASKS if TASK_KINDS[task].comes in {Comes.EVERY_MESSAGE, Comes.FIRST_MESSAGE})
"""Tasks that come with messages by themselves. Autocomplete needs typing, queries need a file or a web search."""


class Where(StrEnum):
    """Where the tasks of chats with a model run."""

    SAME = "same"
    OTHER = "other"  # another model of this Ollama
    HOSTED = "hosted"  # outside, or at another server
    NOT_LISTED = "not-listed"  # Open WebUI does not serve this model


class Unusable(StrEnum):
    """Why a chosen task model is not used, or fails. Values are stable words of the evidence."""

    MISSING = "missing"
    INACTIVE = "inactive"
    PRIVATE = "private"
    WRONG_SLOT = "wrong-slot"


class Target(Struct, frozen=True):
    """`model`: the Ollama name, or the id of a hosted model. `chosen` and `slot`: what the settings say."""

    where: Where
    model: str = ""
    chosen: str = ""
    slot: Setting = Setting.TASK_MODEL
    unusable: Unusable | None = None


def version_of(server: OpenWebUI) -> Version:
    return parse_version(server.version) or NEWEST_SEEN


def tasks_on(server: OpenWebUI, settings: TaskSettings) -> tuple[Setting, ...]:
    """Tasks that run: switched on, or without a switch in this version."""
    version = parse_version(server.version)
    without_switch = {
        task
        for task in TASKS
        if version is not None and settings.switch(task) is Switch.UNSUPPORTED and runs(version, task)
    }
    return tuple(task for task in TASKS if settings.switch(task) is Switch.ON or task in without_switch)


def autocomplete_used(server: OpenWebUI) -> bool | None:
    """Does an autocomplete that is on really run? None: only the accounts know."""
    if version_of(server) < AUTOCOMPLETE_BY_ACCOUNT:
        return True
    return True if value_of(server.own_autocomplete) else None


def come_unasked(server: OpenWebUI, settings: TaskSettings) -> tuple[Setting, ...]:
    """The tasks that every user of this server causes without asking for them."""
    on = tasks_on(server, settings)
    unasked = tuple(task for task in on if task in UNASKED)
    typing = Setting.AUTOCOMPLETE in on and autocomplete_used(server)
    return (*unasked, Setting.AUTOCOMPLETE) if typing else unasked


def entry_of(model: str, listed: tuple[WebUIModel, ...]) -> WebUIModel | None:
    """Open WebUI's entry of an Ollama model: the base model itself before presets on it."""
    name = full_name(model)
    found = [entry for entry in listed if full_name(entry.ollama_name or entry.base_model_id or entry.id) == name]
    return min(found, key=lambda entry: entry.preset, default=None)


def target_of(model: str, snapshot: Snapshot) -> Target | Unknown:
    """Where tasks of chats with this loaded Ollama model go."""
    if isinstance(snapshot.open_webui, Unknown):
        return snapshot.open_webui
    server = snapshot.open_webui.value
    if isinstance(server.tasks, Unknown):
        return server.tasks
    if uses_our_ollama(snapshot) is False:
        return Unknown(Why.REMOTE, "another Ollama")
    settings = server.tasks.value
    listed = value_of(server.models)
    if listed is None:
        chosen = settings.task_model
        return Target(Where.OTHER, chosen, chosen) if chosen else Target(Where.SAME, model)
    entry = entry_of(model, listed)
    if entry is None:
        return Target(Where.NOT_LISTED)
    return _chosen(model, slot_for(entry, version_of(server)), settings, server)


def _chosen(model: str, slot: Setting, settings: TaskSettings, server: OpenWebUI) -> Target:
    listed = value_of(server.models) or ()
    chosen = settings.model(slot)
    if not chosen:
        other = settings.model(_other(slot))
        # The other slot is right for chats that use it; wrong only where no chat model does. A local task model is not
        # one to chat with; a hosted one may be.
        chats = [one for one in listed if one.id != other or one.owned_by != "ollama"]
        wrong = bool(other) and not _slot_is_used(_other(slot), server, chats)
        reason = Unusable.WRONG_SLOT if wrong else None
        return Target(Where.SAME, model, other if wrong else "", slot, reason)
    entry = next((one for one in listed if one.id == chosen), None)
    if entry is None:
        return Target(Where.SAME, model, chosen, slot, Unusable.MISSING)
    if not entry.active:
        return Target(Where.SAME, model, chosen, slot, Unusable.INACTIVE)
    unusable = Unusable.PRIVATE if _fails_for_others(entry, server) else None
    name = entry.ollama_name or (entry.base_model_id if entry.owned_by == "ollama" else None)
    if not name:
        return Target(Where.HOSTED, chosen, chosen, slot, unusable)
    where = Where.SAME if full_name(name) == full_name(model) else Where.OTHER
    return Target(where, name, chosen, slot, unusable)


def _other(slot: Setting) -> Setting:
    return Setting.TASK_MODEL_EXTERNAL if slot is Setting.TASK_MODEL else Setting.TASK_MODEL


def _slot_is_used(slot: Setting, server: OpenWebUI, listed: Iterable[WebUIModel]) -> bool:
    version = version_of(server)
    return any(one.active and not one.arena and slot_for(one, version) is slot for one in listed)


def _fails_for_others(entry: WebUIModel, server: OpenWebUI) -> bool:
    """Ordinary users may not use a model that is not public: then all of their tasks fail."""
    users = value_of(server.user_count)
    return entry.public is False and users is not None and users > 1 and version_of(server) >= MODEL_ACCESS_SINCE


def lands_on(model: str, snapshot: Snapshot) -> tuple[Setting, ...] | Unknown:
    """The tasks of this model's chats that run on the model itself by the settings; empty: none do."""
    target = target_of(model, snapshot)
    if isinstance(target, Unknown):
        return target
    server = value_of(snapshot.open_webui)
    settings: Reading[TaskSettings] = server.tasks if server is not None else Unknown(Why.NOT_ASKED)
    if target.where is not Where.SAME or server is None or not isinstance(settings, Known):
        return ()
    return tasks_on(server, settings.value)
