"""Is a process the relay that wrote its file? Asked where that does not answer: it may hang, or be gone long ago."""

from collections.abc import Callable

import psutil

from tray_app.core.values.snapshot import ProcessRole
from tray_app.readers.odd import NO_ANSWER
from tray_app.readers.roles import role_of

SAME_START_S = 2.0
"""A start is counted from the boot, and the clock may have been set since."""


def is_relay(pid: int, wrote_at: float, process: Callable[[int], psutil.Process] = psutil.Process) -> bool:
    """False where that number is another process's by now: one that began after the file was written, or does
    something else."""
    try:
        found = process(pid)
        began_before = found.create_time() <= wrote_at + SAME_START_S
        return began_before and role_of(found.name(), found.cmdline()) is ProcessRole.RELAY
    except (psutil.NoSuchProcess, *NO_ANSWER):
        return False
