"""Opens a file or a program of the system's, and does not wait for it."""

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 600.0
"""Somebody may install a monitor, or remove it, while we run."""
Command = tuple[str, ...]

# Whoever has this one got it on purpose: before what came with the desktop. By its package, by snap, by flatpak.
_CHOSEN = ("missioncenter", "mission-center", "io.missioncenter.MissionCenter")
# Word in XDG_CURRENT_DESKTOP -> what came with it.
_OF_DESKTOP: dict[str, tuple[Command, ...]] = {
    "GNOME": (("gnome-system-monitor", "--show-resources-tab"),),
    "KDE": (("plasma-systemmonitor",), ("ksysguard",)),
    "XFCE": (("xfce4-taskmanager",),),
    "MATE": (("mate-system-monitor", "--show-resources-tab"),),
    "LXDE": (("lxtask",),),
    "LXQT": (("qps",),),
}
_IN_TERMINAL = ("btop", "htop")
# Terminal -> what stands between it and the command that it runs.
_TERMINALS: dict[str, Command] = {
    "xdg-terminal-exec": (),
    "x-terminal-emulator": ("-e",),
    "ptyxis": ("--",),
    "kgx": ("--",),
    "gnome-terminal": ("--",),
    "konsole": ("-e",),
    "xfce4-terminal": ("-x",),
    "mate-terminal": ("-x",),
    "kitty": (),
    "alacritty": ("-e",),
    "foot": (),
    "lxterminal": ("-e",),
    "xterm": ("-e",),
}
_FLATPAKS = (Path("/var/lib/flatpak/exports/bin"), Path(".local/share/flatpak/exports/bin"))


# What was started: kept, so that it can be buried once it has ended.
_running: "list[subprocess.Popen[bytes]]" = []


def monitor() -> Command:
    """The command of this system's monitor; empty where none is installed."""
    return _monitor(time.monotonic() // LOOK_AGAIN_S)


@lru_cache(maxsize=1)
def _monitor(_now: float) -> Command:
    return {"darwin": _on_macos, "win32": _on_windows}.get(sys.platform, _on_linux)()


def _on_macos() -> Command:
    """Its window remembers the last tab; what is given here holds for this start alone (1: memory)."""
    return "open", "-a", "Activity Monitor", "--args", "-SelectedTab", "1"


def _on_windows() -> Command:
    found = shutil.which("taskmgr.exe")
    return (found,) if found else ()


def _on_linux() -> Command:
    return next(_linux_monitors(), ())


def _linux_monitors() -> Iterator[Command]:
    yield from ((chosen,) for chosen in filter(None, map(_program, _CHOSEN)))
    here = os.environ.get("XDG_CURRENT_DESKTOP", "").upper().split(":")
    first = [one for desktop in here for one in _OF_DESKTOP.get(desktop, ())]
    rest = [one for several in _OF_DESKTOP.values() for one in several if one not in first]
    for name, *options in (*first, *rest):
        if found := shutil.which(name):
            yield found, *options
    for name in _IN_TERMINAL:
        program = shutil.which(name)
        for terminal, between in _TERMINALS.items() if program else ():
            if program and (found := shutil.which(terminal)):
                yield found, *between, program


def _program(name: str) -> str:
    """On the path, or where flatpak puts what it offers, which is seldom on the path."""
    found = shutil.which(name)
    places = (Path.home() / folder / name for folder in _FLATPAKS)
    return found or next((str(one) for one in places if os.access(one, os.X_OK)), "")


def editor(path: Path) -> Command:
    """What shows a text file to be changed: not a browser, and on Windows not the question which program to take."""
    return (*{"darwin": ("open", "-t"), "win32": ("notepad.exe",)}.get(sys.platform, ("xdg-open",)), str(path))


def start(command: Sequence[str]) -> None:
    """A program that is missing is only logged: nobody waits for an answer."""
    if not command:
        return
    _running[:] = [one for one in _running if one.poll() is None]
    nothing = subprocess.DEVNULL
    try:
        _running.append(
            subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)  # noqa: S603 - fixed programs
        )
    except OSError as error:
        log.warning("%s could not be started: %s", command[0], error)


def start_monitor() -> None:
    """Whatever is there now. Windows' own asks for an administrator's rights, which only its shell gives in silence."""
    _monitor.cache_clear()
    command = monitor()
    if sys.platform == "win32" and command:
        try:
            os.startfile(command[0])  # noqa: S606 - a fixed program
        except OSError as error:
            log.warning("%s could not be started: %s", command[0], error)
    else:
        start(command)
