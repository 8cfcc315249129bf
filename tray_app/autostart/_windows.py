r"""The Run key of this user; Task Manager's own switch lies in Explorer\StartupApproved\Run and is left to the user."""

import subprocess
import sys

from tray_app.core.identity import APP_ID

assert sys.platform == "win32"
import winreg  # noqa: E402 - exists on Windows only

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


def where() -> str:
    return rf"HKEY_CURRENT_USER\{RUN}\{APP_ID}"


def joined(command: tuple[str, ...]) -> str:
    return subprocess.list2cmdline(command)


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
    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, RUN) as opened:
        winreg.SetValueEx(opened, APP_ID, 0, winreg.REG_SZ, joined(command))


def remove() -> None:
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, RUN, 0, winreg.KEY_SET_VALUE) as opened:
            winreg.DeleteValue(opened, APP_ID)
    except FileNotFoundError:
        return
