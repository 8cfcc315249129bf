r"""The Run key of this user; Task Manager's own switch lies in Explorer\StartupApproved\Run and is left to the user."""

import errno
import subprocess
import sys
from pathlib import Path

from tray_app.autostart.launch import LineTooLong
from tray_app.core.values.identity import APP_ID

assert sys.platform == "win32"
import winreg  # noqa: E402 - exists on Windows only

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"

LINE_LIMIT = 260
"""Longer command lines are not run (Microsoft Learn, "Run and RunOnce Registry Keys")."""


def file() -> Path | None:
    """The registry holds it."""
    return None


def where() -> str:
    return rf"HKEY_CURRENT_USER\{RUN}\{APP_ID}"


def joined(command: tuple[str, ...]) -> str:
    return subprocess.list2cmdline(command)


def program(stored: str) -> str:
    """The first word of a command line; a path holds no quotes."""
    text = stored.strip()
    return text[1:].partition('"')[0] if text.startswith('"') else text.partition(" ")[0]


def _value(key: str) -> object | None:
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:
            value: object = winreg.QueryValueEx(opened, APP_ID)[0]
    except FileNotFoundError:
        return None
    return value


def stored() -> str | None:
    value = _value(RUN)
    return None if value is None else str(value)


def switched_off_by_system() -> bool:
    """The first byte is even while the entry is allowed and odd when the user switched it off in Task Manager."""
    value = _value(APPROVED)
    return isinstance(value, bytes) and bool(value) and value[0] % 2 == 1


def install(command: tuple[str, ...]) -> None:
    line = joined(command)
    if len(line) > LINE_LIMIT:
        raise LineTooLong(errno.ENAMETOOLONG, f"{len(line)} > {LINE_LIMIT} characters", where())
    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, RUN) as opened:
        winreg.SetValueEx(opened, APP_ID, 0, winreg.REG_SZ, line)


def remove() -> None:
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, RUN, 0, winreg.KEY_SET_VALUE) as opened:
            winreg.DeleteValue(opened, APP_ID)
    except FileNotFoundError:
        return
