"""What the requests of one poll say about one model: who runs, who waits, and how long."""

from msgspec import Struct

from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.requests import RequestKind, RunningRequest, WaitingRequest
from tray_app.core.values.snapshot import LoadedModel


class Traffic(Struct, frozen=True):
    """Requests at one model. `waiting` None: not known. `tasks` counts running ones that are known to be tasks.

    `waiting_tasks`, `waiting_chats`: at Ollama, where the relay tells them one by one; None: not told. What the relay
    holds waits for no model.
    """

    running: int
    waiting: int | None
    tasks: int
    longest_wait_s: float | None
    shared: bool
    waiting_tasks: int | None = None
    waiting_chats: int | None = None
    """Several run at once on this model and slow each other down."""

    def piles_up(self, limits: Limits) -> bool:
        return self.shared or (self.waiting is not None and self.waiting >= limits.waiting_requests)


def is_only_model(model: str, loaded: tuple[LoadedModel, ...] | None) -> bool:
    return loaded is not None and all(same_model(one.name, model) for one in loaded)


def running_on(
    model: str, active: tuple[RunningRequest, ...], loaded: tuple[LoadedModel, ...] | None
) -> tuple[RunningRequest, ...]:
    """A request whose model is not told counts where only this model is loaded."""
    alone = is_only_model(model, loaded)
    return tuple(one for one in active if (same_model(one.model, model) if one.model else alone))


def traffic_of(
    model: str,
    running: int,
    waiting: int | None,
    active: tuple[RunningRequest, ...],
    loaded: tuple[LoadedModel, ...] | None,
    longest_wait_s: float | None,
    queue: tuple[WaitingRequest, ...] | None = None,
) -> Traffic:
    """`running` and `waiting`: at the server. A request of which nobody tells the model is taken to wait for one that
    runs some."""
    mine = running_on(model, active, loaded)
    here = len(mine) if active else (running if is_only_model(model, loaded) else 0)
    if queue is not None and waiting is not None:
        queued = [one for one in queue if not one.held]
        ours = [one for one in queued if one.model is None or same_model(one.model, model)]
        beside = max(0, waiting - len(queued))  # of another client: nobody knows for which model
        waits = [one.waited_s for one in ours]
        return Traffic(
            running=here,
            waiting=len(ours) + (beside if here or not running else 0),
            tasks=sum(one.kind is RequestKind.TASK for one in mine),
            longest_wait_s=longest_wait_s if beside else max(waits, default=None),
            shared=here > 1,
            waiting_tasks=sum(one.kind is RequestKind.TASK for one in ours),
            waiting_chats=sum(one.kind is RequestKind.CHAT for one in ours),
        )
    # Whoever waits while only another model runs may wait for that one.
    others_only = running > 0 and here == 0
    return Traffic(
        running=here,
        waiting=0 if others_only and waiting is not None else waiting,
        tasks=sum(one.kind is RequestKind.TASK for one in mine),
        longest_wait_s=longest_wait_s,
        shared=here > 1,
    )
