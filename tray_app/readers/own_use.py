"""What this process takes itself: its processor time over the last minute, and its memory."""

import time
from collections.abc import Callable

import psutil

from tray_app.core.values.own_use import OwnTotals, OwnUse

EVERY_S = 60.0
"""A menu that changed with every look would be pushed to the screen each time."""


class OwnUseReader:
    """Reads at most once a minute: between, it tells what it told."""

    def __init__(self, uptime: Callable[[], float] = time.monotonic) -> None:
        self._uptime = uptime
        self._process = psutil.Process()
        self._at = uptime()
        self._spent_s = self._spent()
        self._told = OwnUse(None, self._memory())

    def read(self) -> OwnUse:
        now = self._uptime()
        passed = now - self._at
        if passed < EVERY_S:
            return self._told
        before, self._spent_s, self._at = self._spent_s, self._spent(), now
        known = before is not None and self._spent_s is not None
        share = 100 * max(0.0, (self._spent_s or 0.0) - (before or 0.0)) / passed if known else None
        self._told = OwnUse(share, self._memory())
        return self._told

    def _spent(self) -> float | None:
        try:
            times = self._process.cpu_times()
        except psutil.Error:
            return None
        return float(times.user + times.system)

    def _memory(self) -> int | None:
        try:
            return int(self._process.memory_info().rss)
        except psutil.Error:
            return None


def own_totals() -> OwnTotals:
    """What this process has taken since it was started."""
    process = psutil.Process()
    try:
        times = process.cpu_times()
        return OwnTotals(float(times.user + times.system), int(process.memory_info().rss), process.create_time())
    except psutil.Error:
        return OwnTotals()
