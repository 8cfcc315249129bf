"""Carries a remedy out: a download first, then what is not undoable, then all settings in one write."""

import shutil
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from tray_app.core.values.errors import ChangeError, Problem
from tray_app.core.values.plan import Action, ActionKind, Change
from tray_app.core.values.remedy import Remedy

if TYPE_CHECKING:
    from tray_app.app.wiring import App

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


class Outcome(Struct, frozen=True):
    """What was done. `stopped`: answers that were ended, None where none was asked to end."""

    changes: tuple[Change, ...] = ()
    others: tuple[str, ...] = ()
    change_id: str = ""
    pulled: tuple[str, ...] = ()
    unloaded: tuple[str, ...] = ()
    stopped: int | None = None


def carry_out(app: "App", remedy: Remedy, show: Callable[[Step], None], cancelled: Callable[[], bool]) -> Outcome:
    """Do what the plan says, in order. ChangeError(CANCELLED) leaves the settings as they were."""
    if remedy.plan.changes:
        _ = app.fixer  # nothing is downloaded for a server that may not be changed
    pulled: list[str] = []
    unloaded: list[str] = []
    stopped: int | None = None
    for action in remedy.plan.actions:
        match action.kind:
            case ActionKind.PULL:
                _pull(app, action, show, cancelled)
                pulled.append(action.subject)
            case ActionKind.UNLOAD:
                if action.subject not in {model.name for model in app.ollama.ps()}:
                    raise ChangeError(Problem.NOTHING_TO_DO, action.subject)
                app.ollama.unload(action.subject)
                unloaded.append(action.subject)
            case ActionKind.STOP_GENERATIONS:
                stopped = app.writable_open_webui().stop_generations()
    if not remedy.plan.changes:
        return Outcome(pulled=tuple(pulled), unloaded=tuple(unloaded), stopped=stopped)
    if pulled:
        _wait_until_listed(app, pulled, cancelled)
    done = app.fixer.apply(remedy.plan.changes, remedy.id)
    return Outcome(done.changes, done.others, done.change_id, tuple(pulled), tuple(unloaded), stopped)


def _pull(app: "App", action: Action, show: Callable[[Step], None], cancelled: Callable[[], bool]) -> None:
    """Download one model. The disk is checked first; a cancelled download can go on later."""
    if app.ollama_is_local and action.size_bytes:
        free = shutil.disk_usage(app.models_folder).free
        if free < action.size_bytes * DISK_MARGIN:
            raise ChangeError(Problem.DISK_FULL, action.subject, f"{action.size_bytes}/{free}")
    began = time.monotonic()
    first: int | None = None
    for progress in app.ollama.pull(action.subject, cancelled):
        done = progress.completed_bytes or 0
        first = done if first is None else first
        seconds = time.monotonic() - began
        rate = (done - first) / seconds if seconds > 1 else None
        show(Step(action.subject, done, progress.total_bytes, rate))
    if cancelled():
        raise ChangeError(Problem.CANCELLED, action.subject)


def _wait_until_listed(app: "App", names: list[str], cancelled: Callable[[], bool]) -> None:
    """Until Open WebUI lists a model, its tasks silently stay on the chat model."""
    for _ in range(LIST_TRIES):
        listed = {model.ollama_name or model.id for model in app.open_webui.models(refresh=True)}
        if set(names) <= listed:
            return
        if cancelled():
            break
        time.sleep(LIST_PAUSE_S)
    raise ChangeError(Problem.CANCELLED if cancelled() else Problem.NOT_LISTED, ", ".join(names))
