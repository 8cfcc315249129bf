"""What the requests of one poll say about one model: who runs, who waits, and whether a chat waits behind tasks."""

from msgspec import Struct

from tray_app.core.diagnosis.recent import History
from tray_app.core.tasks.releases import AUTOCOMPLETE_BY_ACCOUNT
from tray_app.core.tasks.target import autocomplete_used, tasks_on, version_of
from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.reading import Known, Unknown, Why, value_of
from tray_app.core.values.snapshot import ProcessRole, RequestKind, Requests, RunningRequest, Snapshot
from tray_app.core.values.task_settings import Setting

BUSY_PERIOD_S = 600.0
"""How far back the beginning of a busy stretch is looked for."""


class Traffic(Struct, frozen=True):
    """Requests at one model. `tasks` and `chats` count running ones whose kind is known."""

    running: int
    waiting: int | None
    tasks: int
    chats: int
    longest_wait_s: float | None
    shared: bool
    """Several run at once on this model and slow each other down."""

    def piles_up(self, limits: Limits) -> bool:
        return self.shared or (self.waiting is not None and self.waiting >= limits.waiting_requests)


def traffic_of(model: str, snapshot: Snapshot) -> Traffic | Unknown:
    """Unknown where requests cannot be counted. Waiting requests are taken for the model that runs some."""
    if isinstance(snapshot.requests, Unknown):
        return snapshot.requests
    requests = snapshot.requests.value
    if isinstance(requests.running, Unknown):
        return requests.running
    mine = running_on(model, requests, snapshot)
    running = len(mine) if requests.active else (requests.running.value if _is_only_model(model, snapshot) else 0)
    # Whoever waits while only another model runs may wait for that one.
    others_only = requests.running.value > 0 and running == 0
    waiting = value_of(requests.waiting)
    return Traffic(
        running=running,
        waiting=0 if others_only and waiting is not None else waiting,
        tasks=sum(one.kind is RequestKind.TASK for one in mine),
        chats=sum(one.kind is RequestKind.CHAT for one in mine),
        longest_wait_s=requests.longest_wait_s,
        shared=running > 1,
    )


def running_on(model: str, requests: Requests, snapshot: Snapshot) -> tuple[RunningRequest, ...]:
    """A request whose model is not told counts where only this model is loaded."""
    alone = _is_only_model(model, snapshot)
    return tuple(one for one in requests.active if (same_model(one.model, model) if one.model else alone))


def _is_only_model(model: str, snapshot: Snapshot) -> bool:
    ollama = value_of(snapshot.ollama)
    return ollama is not None and all(same_model(one.name, model) for one in ollama.loaded)


def is_loading(snapshot: Snapshot) -> bool:
    """A model is being loaded, so that waiting proves nothing yet."""
    processes = value_of(snapshot.processes)
    if processes is not None and any(one.loading for one in processes.watched if one.role is ProcessRole.OLLAMA_RUNNER):
        return True
    ollama, requests = value_of(snapshot.ollama), value_of(snapshot.requests)
    if ollama is None or requests is None or ollama.loaded:
        return False
    return value_of(requests.running) == 0 and (value_of(requests.waiting) or 0) > 0


def is_settling(snapshot: Snapshot, history: History, limits: Limits) -> Unknown | None:
    """Right after sleep or while a model loads, requests that wait say nothing about tasks."""
    if history.woke_s_ago(limits.wake_grace_s, snapshot) is not None:
        return Unknown(Why.NOT_YET, "woke")
    return Unknown(Why.NOT_YET, "loading") if is_loading(snapshot) else None


def chat_waits(model: str, traffic: Traffic, snapshot: Snapshot, history: History) -> bool:
    """Does a chat stand behind tasks? All that run are tasks, and what waits cannot all be tasks of its own.

    A chat's tasks come after its answer or beside its beginning (title, from 0.10 on), so while no chat ran since the
    model was last idle, what waits behind a task is the chat; unless it may be another tab's autocomplete.
    """
    if not traffic.tasks or traffic.tasks != traffic.running or not traffic.waiting:
        return False
    server = value_of(snapshot.open_webui)
    busy = value_of(server.busy_chats) if server is not None else None
    if busy == 0 or _chat_ran(model, snapshot, history):
        return False
    return traffic.waiting > (0 if busy else _other_autocompletes(snapshot))


def _other_autocompletes(snapshot: Snapshot) -> int:
    """Waiting requests that may be typing in another tab: none where autocomplete is off or unused."""
    server = value_of(snapshot.open_webui)
    settings = value_of(server.tasks) if server is not None else None
    if server is None or settings is None:
        return 1
    on = Setting.AUTOCOMPLETE in tasks_on(server, settings)
    by_account = version_of(server) >= AUTOCOMPLETE_BY_ACCOUNT
    return 1 if on and (autocomplete_used(server) or by_account) else 0


def _chat_ran(model: str, snapshot: Snapshot, history: History) -> bool:
    """Was a chat answered since the model was last idle?"""
    for poll in history.backwards(BUSY_PERIOD_S, snapshot):
        if not isinstance(poll.requests, Known):
            continue
        if value_of(poll.requests.value.running) == 0:
            return False
        if any(one.kind is RequestKind.CHAT for one in running_on(model, poll.requests.value, poll)):
            return True
    return False
