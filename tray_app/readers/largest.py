"""The program that uses the most memory besides the watched ones: asked only while memory is short, so it is cheap."""

from collections import defaultdict
from collections.abc import Callable, Iterable

import psutil

from tray_app.core.values.snapshot import OtherProcess
from tray_app.readers.odd import NO_ANSWER
from tray_app.readers.roles import clean_name

FULL_LOOK_S = 60.0
"""Every process is measured at most this often; in between only the largest of the last full look."""
KEEP = 24
SLICE = 250
"""Processes measured per poll during a full look: 3,000 processes take twelve polls instead of one slow one."""


class LargestPrograms:
    """Memory by program name: a browser is one program, however many processes it has."""

    def __init__(
        self,
        process: Callable[[int], psutil.Process],
        memory: Callable[[psutil.Process], int | None],
        clock: Callable[[], float],
    ) -> None:
        self._process = process
        self._memory = memory
        self._clock = clock
        self._looked_at: float | None = None
        self._left: list[int] = []
        self._sizes: dict[int, tuple[psutil.Process, int]] = {}

    def read(self, pids: Iterable[int]) -> OtherProcess | None:
        """The largest program so far; None before anything was measured."""
        present = set(pids)
        now = self._clock()
        if not self._left and (self._looked_at is None or now - self._looked_at >= FULL_LOOK_S):
            self._looked_at = now
            self._left = sorted(present, reverse=True)
        self._sizes = {pid: item for pid, item in self._sizes.items() if pid in present}
        for pid in self._largest():
            self._measure(pid)
        batch, self._left = self._left[:SLICE], self._left[SLICE:]
        for pid in batch:
            self._measure(pid)
        return self._answer()

    def _largest(self) -> list[int]:
        ranked = sorted(self._sizes, key=lambda pid: self._sizes[pid][1], reverse=True)
        return ranked[:KEEP]

    def _measure(self, pid: int) -> None:
        known = self._sizes.get(pid)
        try:
            process = known[0] if known else self._process(pid)
            size = self._memory(process)
        except NO_ANSWER:
            size = None
        if size is None:
            self._sizes.pop(pid, None)
        else:
            self._sizes[pid] = process, size

    def _answer(self) -> OtherProcess | None:
        totals: defaultdict[str, int] = defaultdict(int)
        for pid in self._largest():
            process, size = self._sizes[pid]
            try:
                totals[process.name()] += size
            except NO_ANSWER:
                continue
        if not totals:
            return None
        name = max(totals, key=totals.__getitem__)
        return OtherProcess(clean_name(name), totals[name])
