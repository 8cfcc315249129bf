"""The time that a picture shows: steps of a round length, and where an axis has its ticks in local time. Pure."""

import math
from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

Offset = Callable[[float], int]
"""Seconds that local time is ahead of UTC at that moment: it changes within a week where clocks are put forward."""
DAY_S = 86_400.0


class TimeWindow(StrEnum):
    """How much time is shown. Values are stable: the page asks by them."""

    TEN_MINUTES = "10m"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


class Frame(Struct, frozen=True):
    """`steps` steps of `step_s` seconds from `since` on, Unix seconds. It moves by whole steps, so that what lies in a
    step stays in it while time goes on."""

    window: TimeWindow
    since: float
    step_s: float
    steps: int

    @property
    def until(self) -> float:
        return self.since + self.step_s * self.steps

    @property
    def is_fine(self) -> bool:
        """Single requests can be told apart in it."""
        return self.window in (TimeWindow.TEN_MINUTES, TimeWindow.HOUR)

    def place(self, at: float) -> int:
        """Which step that moment lies in; below 0 or beyond the last where it lies in none."""
        return math.floor((at - self.since) / self.step_s)

    def starts(self, place: int) -> float:
        return self.since + place * self.step_s


_STEPS: dict[TimeWindow, tuple[float, int]] = {
    TimeWindow.TEN_MINUTES: (2.0, 300),
    TimeWindow.HOUR: (10.0, 360),
    TimeWindow.DAY: (300.0, 288),
    TimeWindow.WEEK: (1800.0, 336),
}
# Seconds between ticks, the coarsest first: each also stands where a coarser one does.
_TICKS: dict[TimeWindow, tuple[int, ...]] = {
    TimeWindow.TEN_MINUTES: (300, 60),
    TimeWindow.HOUR: (1800, 900, 300),
    TimeWindow.DAY: (43_200, 21_600, 10_800, 3600),
    TimeWindow.WEEK: (86_400, 43_200),
}
_LARGEST_GRAIN = 900
"""Every time zone is a multiple of a quarter of an hour away from UTC."""


class AxisTick(Struct, frozen=True):
    """`rank` 0: among the coarsest. A narrow picture shows only the lowest ranks."""

    at: float
    rank: int
    is_midnight: bool = False


def frame(window: TimeWindow, now: float) -> Frame:
    """The steps that end with the one `now` lies in."""
    step, steps = _STEPS[window]
    last = math.floor(now / step)
    return Frame(window, (last + 1 - steps) * step, step, steps)


def ticks(shown: Frame, offset: Offset) -> tuple[AxisTick, ...]:
    """Where local time is round."""
    sizes = _TICKS[shown.window]
    grain = min(sizes[-1], _LARGEST_GRAIN)
    made = []
    at = math.ceil(shown.since / grain) * grain
    while at < shown.until:
        local = at + offset(at)
        rank = next((rank for rank, size in enumerate(sizes) if local % size == 0), None)
        if rank is not None:
            made.append(AxisTick(float(at), rank, local % DAY_S == 0))
        at += grain
    return tuple(made)


def midnights(now: float, days: int, offset: Offset) -> tuple[float, ...]:
    """Where the last local days began, oldest first; the last one is today."""
    found: list[float] = []
    at = math.floor(now / _LARGEST_GRAIN) * _LARGEST_GRAIN
    while len(found) < days:
        if (at + offset(at)) % DAY_S == 0:
            found.append(float(at))
        at -= _LARGEST_GRAIN
    return tuple(reversed(found))
