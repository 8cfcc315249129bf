"""What the requests of one poll say about one model: who runs, who waits, and how long."""

from msgspec import Struct

from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.requests import RequestKind, RunningRequest
from tray_app.core.values.snapshot import LoadedModel


class Traffic(Struct, frozen=True):
    """Requests at one model. `waiting` None: not known. `tasks` counts running ones that are known to be tasks."""

    running: int
    waiting: int | None
    tasks: int
    longest_wait_s: float | None
    shared: bool
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
) -> Traffic:
    """`running` and `waiting`: at the server. Waiting requests are taken for the model that runs some."""
    mine = running_on(model, active, loaded)
    here = len(mine) if active else (running if is_only_model(model, loaded) else 0)
    # Whoever waits while only another model runs may wait for that one.
    others_only = running > 0 and here == 0
    return Traffic(
        running=here,
        waiting=0 if others_only and waiting is not None else waiting,
        tasks=sum(one.kind is RequestKind.TASK for one in mine),
        longest_wait_s=longest_wait_s,
        shared=here > 1,
    )
