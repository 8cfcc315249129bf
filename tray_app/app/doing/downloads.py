"""Downloads of a model for a change: is there room, how far is it, and does Open WebUI list it yet?"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.service import ServiceError
from tray_app.core.values.plan import Action, Record
from tray_app.core.values.remedy import task_model_named
from tray_app.core.values.task_settings import SLOTS

if TYPE_CHECKING:
    from tray_app.services.ollama import OllamaClient
    from tray_app.services.open_webui import OpenWebUIClient

# Open WebUI keeps its model list for 1-3 s; a model pulled a moment ago shows up a little later.
LIST_TRIES = 10
LIST_PAUSE_S = 1.0
# A download needs its size on the disk and a little more for the partial files beside it.
DISK_MARGIN = 1.05


class Step(Struct, frozen=True):
    """Progress of a download. `total_bytes` None: not known yet; `bytes_per_s` None: too early to say."""

    subject: str
    completed_bytes: int = 0
    total_bytes: int | None = None
    bytes_per_s: float | None = None


def check_room(action: Action, folder: Path) -> None:
    """ChangeError where the disk has no room for it."""
    if not action.size_bytes:
        return
    free = shutil.disk_usage(folder).free
    if free < action.size_bytes * DISK_MARGIN:
        raise ChangeError(Problem.DISK_FULL, action.subject, f"{action.size_bytes}/{free}")


def pull(ollama: "OllamaClient", name: str, show: Callable[[Step], None], cancelled: Callable[[], bool]) -> None:
    """Download one model; a cancelled download can go on later."""
    began = time.monotonic()
    first: int | None = None
    for progress in ollama.pull(name, cancelled):
        done = progress.completed_bytes or 0
        first = done if first is None else first
        seconds = time.monotonic() - began
        rate = (done - first) / seconds if seconds > 1 else None
        show(Step(name, done, progress.total_bytes, rate))
    if cancelled():
        raise ChangeError(Problem.CANCELLED, name)


def stays_installed(ollama: "OllamaClient", recorded: Record) -> tuple[str, int] | None:
    """What an undo does not take back: the model that was got for this change, with its bytes on the disk."""
    if not any(one.setting in SLOTS for one in recorded.changes):
        return None
    try:
        installed = ollama.tags()
    except ServiceError:
        return None
    chosen = task_model_named(recorded.remedy)
    found = (one for one in installed if chosen == one.name or chosen.endswith(f".{one.name}"))
    return next(((one.name, one.size_bytes) for one in found), None)


def wait_until_listed(
    open_webui: "OpenWebUIClient", names: list[str], cancelled: Callable[[], bool], sleep: Callable[[float], object]
) -> None:
    """Until Open WebUI lists this very id, its tasks silently stay on the chat model."""
    for _ in range(LIST_TRIES):
        listed = {model.id for model in open_webui.models(refresh=True) if model.active}
        if set(names) <= listed:
            return
        if cancelled():
            break
        sleep(LIST_PAUSE_S)
    raise ChangeError(Problem.CANCELLED if cancelled() else Problem.NOT_LISTED, ", ".join(names))
