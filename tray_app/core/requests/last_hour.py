"""Requests and busy time of each model over the last hour, by minutes. Pure."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.values.requests import ModelLoad

HOUR_MINUTES = 60


class LoadWindow(Struct, frozen=True):
    """`minutes`: (minute since start, load in it), oldest first; at most one entry per minute and model."""

    minutes: tuple[tuple[int, ModelLoad], ...] = ()

    @property
    def newest_s(self) -> float:
        """The beginning of its newest minute."""
        return max((at * 60.0 for at, _ in self.minutes), default=float("-inf"))

    def add(self, uptime_s: float, ended: Iterable[ModelLoad]) -> "LoadWindow":
        """The window with requests that just ended; what is older than an hour falls out."""
        minute = int(uptime_s // 60)
        kept = {(at, load.model): load for at, load in self.minutes if minute - HOUR_MINUTES < at <= minute}
        for load in ended:
            old = kept.get((minute, load.model))
            kept[minute, load.model] = _sum(old, load) if old else load
        return LoadWindow(tuple((at, load) for (at, _), load in kept.items()))

    def total(self, running: Iterable[ModelLoad] = ()) -> tuple[ModelLoad, ...]:
        """One entry per model, busiest first, with what still runs."""
        models: dict[str, ModelLoad] = {}
        for load in (*(load for _, load in self.minutes), *running):
            old = models.get(load.model)
            models[load.model] = _sum(old, load) if old else load
        return tuple(sorted(models.values(), key=lambda load: (-load.busy_s, load.model)))


def _sum(one: ModelLoad, other: ModelLoad) -> ModelLoad:
    return replace(
        one,
        requests=one.requests + other.requests,
        busy_s=one.busy_s + other.busy_s,
        task_requests=one.task_requests + other.task_requests,
    )
