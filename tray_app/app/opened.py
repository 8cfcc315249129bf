"""Opens a file or a program of the system's, and does not wait for it."""

import logging
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

log = logging.getLogger(__name__)

_MONITORS = ("gnome-system-monitor", "plasma-systemmonitor", "xfce4-taskmanager", "mate-system-monitor", "lxtask")


@cache
def monitor() -> tuple[str, ...]:
    """The command of this system's monitor; empty where none is installed."""
    here = {"darwin": ("open", "-a", "Activity Monitor"), "win32": ("taskmgr.exe",)}.get(sys.platform)
    return here or next(((name,) for name in _MONITORS if shutil.which(name)), ())


def editor(path: Path) -> tuple[str, ...]:
    """What shows a text file to be changed: not a browser, and on Windows not the question which program to take."""
    return (*{"darwin": ("open", "-t"), "win32": ("notepad.exe",)}.get(sys.platform, ("xdg-open",)), str(path))


def start(command: Sequence[str]) -> None:
    """A program that is missing is only logged: nobody waits for an answer."""
    if not command:
        return
    try:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - fixed programs
    except OSError as error:
        log.warning("%s could not be started: %s", command[0], error)
