"""Where Open WebUI sends the tasks of chats with one model: to that model, to another, or nowhere.

The rule is Open WebUI's own (utils/task.py, get_task_model_id): the chat model's entry picks the slot, and the id in
that slot counts only if the server's list holds it and it is active; otherwise the chat model runs its own tasks.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from tray_app.core.tasks.releases import AUTOCOMPLETE_BY_ACCOUNT, MODEL_ACCESS_SINCE, NEWEST_SEEN, TASK_KINDS, runs
from tray_app.core.tasks.slots import slot_for
from tray_app.core.values.finding import Unusable
from tray_app.core.values.names import full_name
from tray_app.core.values.snapshot import WebUIModel
from tray_app.core.values.task_settings import TASKS, Comes, Setting, Switch, TaskSettings
from tray_app.core.values.version import Version

UNASKED = tuple(task for task in TASKS if TASK_KINDS[task].comes in {Comes.EVERY_MESSAGE, Comes.FIRST_MESSAGE})
"""Tasks that come with messages by themselves. Autocomplete needs typing, queries need a file or a web search."""


class Where(StrEnum):
    """Where the tasks of chats with a model run."""

    SAME = "same"
    OTHER = "other"  # another model of this Ollama
    HOSTED = "hosted"  # outside, or at another server
    NOT_LISTED = "not-listed"  # Open WebUI does not serve this model


class Target(Struct, frozen=True):
    """`model`: the Ollama name, or the id of a hosted model. `chosen` and `slot`: what the settings say."""

    where: Where
    model: str = ""
    chosen: str = ""
    slot: Setting = Setting.TASK_MODEL
    unusable: Unusable | None = None


class TaskServer(Struct, frozen=True):
    """What an Open WebUI said that decides about its tasks. None: it did not say."""

    settings: TaskSettings
    version: Version | None = None
    listed: tuple[WebUIModel, ...] | None = None
    other_users: int | None = None
    """Accounts that may be refused a model."""
    own_autocomplete: bool | None = None

    @property
    def release(self) -> Version:
        """A version that cannot be read is taken for a new one."""
        return self.version or NEWEST_SEEN


def tasks_on(server: TaskServer) -> tuple[Setting, ...]:
    """Tasks that run: switched on, or without a switch in this version."""
    version, settings = server.version, server.settings
    without_switch = {
        task
        for task in TASKS
        if version is not None and settings.switch(task) is Switch.UNSUPPORTED and runs(version, task)
    }
    return tuple(task for task in TASKS if settings.switch(task) is Switch.ON or task in without_switch)


def autocomplete_used(server: TaskServer) -> bool | None:
    """Does an autocomplete that is on really run? None: only the accounts know."""
    if server.release < AUTOCOMPLETE_BY_ACCOUNT:
        return True
    return True if server.own_autocomplete else None


def come_unasked(server: TaskServer) -> tuple[Setting, ...]:
    """The tasks that every user of this server causes without asking for them."""
    on = tasks_on(server)
    unasked = tuple(task for task in on if task in UNASKED)
    typing = Setting.AUTOCOMPLETE in on and autocomplete_used(server)
    return (*unasked, Setting.AUTOCOMPLETE) if typing else unasked


def entry_of(model: str, listed: tuple[WebUIModel, ...]) -> WebUIModel | None:
    """Open WebUI's entry of an Ollama model: the base model itself before presets on it; no other server's."""
    name = full_name(model)
    found = [
        entry
        for entry in listed
        if not entry.served.elsewhere and full_name(entry.ollama_name or entry.base_model_id or entry.id) == name
    ]
    return min(found, key=lambda entry: entry.preset, default=None)


def target_of(model: str, server: TaskServer) -> Target:
    """Where tasks of chats with this Ollama model go."""
    if server.listed is None:
        chosen = server.settings.task_model
        return Target(Where.OTHER, chosen, chosen) if chosen else Target(Where.SAME, model)
    entry = entry_of(model, server.listed)
    if entry is None:
        return Target(Where.NOT_LISTED)
    return _chosen(model, slot_for(entry, server.release), server, server.listed)


def _chosen(model: str, slot: Setting, server: TaskServer, listed: tuple[WebUIModel, ...]) -> Target:
    settings = server.settings
    chosen = settings.model(slot)
    if not chosen:
        other = settings.model(_other(slot))
        # The other slot is right for chats that use it; wrong only where no chat model does. A local task model is not
        # one to chat with; a hosted one may be.
        chats = [one for one in listed if one.id != other or not (one.is_ollamas or one.ollama_name)]
        wrong = bool(other) and not _slot_is_used(_other(slot), server, chats)
        reason = Unusable.WRONG_SLOT if wrong else None
        return Target(Where.SAME, model, other if wrong else "", slot, reason)
    entry = next((one for one in listed if one.id == chosen), None)
    if entry is None:
        return Target(Where.SAME, model, chosen, slot, Unusable.MISSING)
    if not entry.active:
        return Target(Where.SAME, model, chosen, slot, Unusable.INACTIVE)
    unusable = Unusable.PRIVATE if _fails_for_others(entry, server) else None
    name = entry.ollama_name or (entry.base_model_id if entry.is_ollamas else None)
    if not name or entry.served.elsewhere:
        return Target(Where.HOSTED, chosen, chosen, slot, unusable)
    where = Where.SAME if full_name(name) == full_name(model) else Where.OTHER
    return Target(where, name, chosen, slot, unusable)


def _other(slot: Setting) -> Setting:
    return Setting.TASK_MODEL_EXTERNAL if slot is Setting.TASK_MODEL else Setting.TASK_MODEL


def _slot_is_used(slot: Setting, server: TaskServer, listed: Iterable[WebUIModel]) -> bool:
    return any(one.active and not one.arena and slot_for(one, server.release) is slot for one in listed)


def _fails_for_others(entry: WebUIModel, server: TaskServer) -> bool:
    """Ordinary users may not use a model that is not public: then all of their tasks fail."""
    return entry.public is False and bool(server.other_users) and server.release >= MODEL_ACCESS_SINCE


def lands_on(model: str, server: TaskServer) -> tuple[Setting, ...]:
    """The tasks of this model's chats that run on the model itself by the settings; empty: none do."""
    return tasks_on(server) if target_of(model, server).where is Where.SAME else ()
