"""Start at login: one small file or registry value of this user, never a service, always our own command."""

import sys
from dataclasses import dataclass
from enum import StrEnum

if sys.platform == "darwin":
    from tray_app.autostart import _macos as _system
elif sys.platform == "win32":
    from tray_app.autostart import _windows as _system
else:
    from tray_app.autostart import _linux as _system

Command = tuple[str, ...]


class AutostartState(StrEnum):
    ON = "on"
    OFF = "off"
    OTHER_PATH = "other-path"  # on, but for a command that is no longer ours: an old place of the app
    BY_SYSTEM = "switched-off-by-system"  # the user switched it off in the system's own settings


@dataclass(frozen=True, slots=True)
class Status:
    """`where` is the file or registry key; `command` is what it starts."""

    state: AutostartState
    where: str
    command: str = ""


def status(command: Command) -> Status:
    """What is set up now, compared with the command of this copy of the app. OSError where it cannot be read."""
    stored = _system.stored()
    if stored is None:
        return Status(AutostartState.OFF, _system.where())
    if _system.switched_off_by_system():
        return Status(AutostartState.BY_SYSTEM, _system.where(), stored)
    state = AutostartState.ON if stored == _system.joined(command) else AutostartState.OTHER_PATH
    return Status(state, _system.where(), stored)


def switch_on(command: Command) -> None:
    """Write it, or repair the path. OSError where it cannot be written."""
    _system.install(command)


def switch_off() -> None:
    _system.remove()
