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
from tray_app.core.values.snapshot import InstalledModel, WebUIModel
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
    installed: tuple[InstalledModel, ...] = ()
    """What the Ollama that is read has; empty where that is not known."""

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
    if _base_is_gone(entry, server, listed):
        return Target(Where.NOT_LISTED, "", chosen, slot, Unusable.BASE_GONE)
    unusable = Unusable.PRIVATE if _fails_for_others(entry, server) else None
    name = entry.ollama_name or (entry.base_model_id if entry.is_ollamas else None)
    if not name or entry.served.elsewhere:
        return Target(Where.HOSTED, chosen, chosen, slot, unusable)
    where = Where.SAME if same_runner(name, model, server.installed) else Where.OTHER
    return Target(where, name, chosen, slot, unusable)


def same_runner(one: str, other: str, installed: Iterable[InstalledModel]) -> bool:
    """Does Ollama run both names in one process? It goes by the file and its context, not by the name."""
    if full_name(one) == full_name(other):
        return True
    named = {full_name(model.name): model for model in installed}
    first, second = named.get(full_name(one)), named.get(full_name(other))
    return first is not None and second is not None and same_file(first, second)


def same_file(one: InstalledModel, other: InstalledModel) -> bool:
    """Two names of one file with one context."""
    blob = one.blob_digest is not None and one.blob_digest == other.blob_digest
    return (blob or (bool(one.digest) and one.digest == other.digest)) and one.num_ctx == other.num_ctx


def _base_is_gone(entry: WebUIModel, server: TaskServer, listed: tuple[WebUIModel, ...]) -> bool:
    """A preset whose base model is neither listed nor installed: a call of it fails, it does not fall back."""
    base = entry.base_model_id
    if not entry.preset or not base or entry.ollama_name or not server.installed:
        return False
    names = {one.id for one in listed if not one.preset}
    if base in names or base in {name.partition(":")[0] for name in names}:
        return False
    own = {full_name(one.name) for one in server.installed}
    return full_name(base) not in own and full_name(base.partition(".")[2]) not in own


def other_slots(model: str, server: TaskServer) -> dict[Setting, tuple[WebUIModel, ...]]:
    """The slots of presets on this model, other than its own: their chats look there for a task model.

    Presets had no connection type in 0.6.11-0.6.40, and so the external slot.
    """
    base = entry_of(model, server.listed or ())
    if base is None:
        return {}
    own = slot_for(base, server.release)
    found: dict[Setting, tuple[WebUIModel, ...]] = {}
    for entry in server.listed or ():
        if entry.preset and entry.active and not entry.served.elsewhere and entry is not base:
            on_this = full_name(entry.ollama_name or entry.base_model_id or "") == full_name(model)
            slot = slot_for(entry, server.release)
            if on_this and slot is not own:
                found[slot] = (*found.get(slot, ()), entry)
    return found


def presets_left_out(model: str, server: TaskServer) -> tuple[WebUIModel, ...]:
    """Presets on this model whose chats run their tasks on the model itself, though its own chats do not."""
    if server.listed is None or target_of(model, server).where is Where.SAME:
        return ()
    return tuple(
        entry
        for slot, entries in other_slots(model, server).items()
        if not server.settings.model(slot)
        for entry in entries
    )


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
