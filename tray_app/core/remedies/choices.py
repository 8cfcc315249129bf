"""Which models can be chosen for tasks, in which slot, and whether each fits beside the chat model."""

from msgspec import Struct

from tray_app.core.fit.verdict import beside
from tray_app.core.tasks.same_ollama import uses_our_ollama
from tray_app.core.tasks.slots import slot_for
from tray_app.core.tasks.target import entry_of, version_of
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, value_of
from tray_app.core.values.snapshot import InstalledModel, LoadedModel, OpenWebUI, Snapshot, WebUIModel
from tray_app.core.values.task_settings import Setting, TaskSettings

_ORDER = {
    Verdict.FITS: 0,
    Verdict.NOT_LOCAL: 1,
    Verdict.TIGHT: 2,
    Verdict.UNKNOWN: 3,
    Verdict.SPILLS: 4,
    Verdict.EVICTS: 5,
}
NOT_LOCAL = Fit(Verdict.NOT_LOCAL)
UNKNOWN = Fit(Verdict.UNKNOWN)


class TaskModelChoice(Struct, frozen=True):
    """`id` is Open WebUI's exact one. `host` is set where chat text would leave this machine."""

    id: str
    fit: Fit
    host: str | None = None
    usable: bool = True
    """False: missing or inactive in Open WebUI's list, which then silently uses the chat model instead."""


def biggest(loaded: tuple[LoadedModel, ...]) -> LoadedModel | None:
    return max(loaded, key=lambda model: model.size_bytes, default=None)


def current_slot(server: OpenWebUI, snapshot: Snapshot) -> Setting:
    """The slot of the biggest loaded model, as that is the one to spare; TASK_MODEL where nothing tells."""
    ollama = value_of(snapshot.ollama)
    chat = biggest(ollama.loaded) if ollama is not None else None
    entry = entry_of(chat.name, value_of(server.models) or ()) if chat is not None else None
    return slot_for(entry, version_of(server)) if entry is not None else Setting.TASK_MODEL


def can_do_tasks(model: WebUIModel) -> bool:
    """Base models that answer in text; Open WebUI's makers advise against presets, and pipes run code of their own."""
    if model.pipe or model.arena or model.preset or not model.active:
        return False
    return not (model.capabilities and "embedding" in model.capabilities and "completion" not in model.capabilities)


def choice(
    model: WebUIModel, installed: dict[str, InstalledModel], snapshot: Snapshot, limits: Limits
) -> TaskModelChoice:
    here = installed.get(model.ollama_name or "")
    if here is not None and here.remote_host:
        return TaskModelChoice(model.id, NOT_LOCAL, here.remote_host)
    if here is not None and uses_our_ollama(snapshot) is not False:
        return TaskModelChoice(model.id, beside(here, snapshot, limits))
    if model.owned_by != "ollama" and model.host:
        return TaskModelChoice(model.id, NOT_LOCAL, model.host)
    return TaskModelChoice(model.id, UNKNOWN)


def choices(
    server: OpenWebUI, settings: TaskSettings, snapshot: Snapshot, limits: Limits
) -> tuple[TaskModelChoice, ...]:
    """Best first: those that fit, hosted ones, then those that hurt. The one in use is always among them."""
    ollama = value_of(snapshot.ollama)
    installed = {model.name: model for model in ollama.installed} if ollama is not None else {}
    listed = value_of(server.models) or ()
    found = [choice(model, installed, snapshot, limits) for model in listed if can_do_tasks(model)]
    found.sort(key=lambda item: (_ORDER[item.fit.verdict], item.fit.need_bytes or 0, item.id))
    used = settings.model(current_slot(server, snapshot))
    if used and all(item.id != used for item in found):
        usable = not isinstance(server.models, Known) or any(model.id == used and model.active for model in listed)
        found.insert(0, TaskModelChoice(used, UNKNOWN, usable=usable))
    return tuple(found)
