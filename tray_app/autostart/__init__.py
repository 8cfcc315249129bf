"""What starts at login? One small file or registry value of this user, never a service, always our own command.

May import core.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from tray_app.autostart.launch import LineTooLong
from tray_app.core.values.errors.storage import StorageError, StorageFault

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


class Status(Struct, frozen=True):
    """`where` is the file or registry key; `command` is what it starts."""

    state: AutostartState
    where: str
    command: str = ""


@contextmanager
def _typed_errors() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise StorageError("~", "no home folder") from error
    except OSError as error:
        where, too_long = str(error.filename or _system.where()), isinstance(error, LineTooLong)
        fault = StorageFault.COMMAND_TOO_LONG if too_long else StorageFault.OTHER
        raise StorageError(where, error.strerror or str(error), fault) from error


def file() -> Path | None:
    """The file that `status` reads; None where the system keeps it elsewhere."""
    with _typed_errors():
        return _system.file()


def status(command: Command) -> Status:
    """What is set up now, compared with the command of this copy of the app. StorageError where it cannot be read."""
    with _typed_errors():
        stored = _system.stored()
        if stored is None:
            return Status(AutostartState.OFF, _system.where())
        if _system.switched_off_by_system():
            return Status(AutostartState.BY_SYSTEM, _system.where(), stored)
    state = AutostartState.ON if stored == _system.joined(command) else AutostartState.OTHER_PATH
    return Status(state, _system.where(), stored)


def switch_on(command: Command) -> None:
    """Write it, or repair the path. StorageError where it cannot be written."""
    with _typed_errors():
        _system.install(command)


def repair(command: Command) -> bool:
    """At a start of the app: write our own command where the stored one starts a program that is gone.

    True where it was written. A program that still exists is another installation, or ours with another `--home`, and
    what the user switched off stays off. StorageError where it cannot be read or written.
    """
    found = status(command)
    if found.state is not AutostartState.OTHER_PATH or shutil.which(_system.program(found.command)) is not None:
        return False
    switch_on(command)
    return True


def switch_off() -> None:
    """Nothing is left of it. StorageError where it cannot be removed."""
    with _typed_errors():
        _system.remove()
