"""Which loaded model is the one that people chat with: the one to spare."""

from collections.abc import Callable

from tray_app.core.tasks.target import TaskServer, Where, entry_of, target_of
from tray_app.core.values.names import same_model
from tray_app.core.values.snapshot import LoadedModel


def chat_model(
    loaded: tuple[LoadedModel, ...], server: TaskServer | None, works: Callable[[LoadedModel], bool]
) -> LoadedModel | None:
    """One that Open WebUI lists, that works now, the largest: in this order; the task model only where it is alone.

    `server` None: its settings are not known. `works`: requests run on it.
    """

    def rank(model: LoadedModel) -> tuple[bool, bool, bool, int]:
        listed = server is None or server.listed is None or entry_of(model.name, server.listed) is not None
        return listed, not _does_tasks(model, loaded, server), works(model), model.size_bytes

    return max(loaded, key=rank, default=None)


def _does_tasks(model: LoadedModel, loaded: tuple[LoadedModel, ...], server: TaskServer | None) -> bool:
    """Is it the task model of another loaded model?"""
    if server is None:
        return False
    targets = (target_of(one.name, server) for one in loaded if one is not model)
    return any(one.where is Where.OTHER and same_model(one.model, model.name) for one in targets)
