"""The tray as the rest of the app sees it: show a frame, show a notice, run until stopped; and what it rests on."""

import os
import platform
import sys
import sysconfig

from msgspec import Struct

from tray_app.core.values.errors.life import TrayProblem, TrayUnavailable
from tray_app.core.values.snapshot import System
from tray_app.tray.base import Send, Tray, TrayHost

NO_FRAMEWORK = "none"
FRAMEWORK_HIDES_FROM = 26
"""From this macOS on no icon is drawn for a bare framework build of Python."""


class PythonBuild(Struct, frozen=True):
    """`framework`: the name of the one that this Python was built as, on macOS; "none" for every other build."""

    framework: str


def python_build() -> PythonBuild:
    return PythonBuild(str(sysconfig.get_config_var("PYTHONFRAMEWORK") or NO_FRAMEWORK))


def open_tray(send: Send) -> Tray:
    """The tray of this system. TrayUnavailable where no icon with a menu can be shown.

    Nothing of pystray is imported before this call: its import fails in many ways, and only the tray needs it.
    """
    if sys.platform == "darwin":
        from tray_app.tray._macos import open_macos as opened
    elif sys.platform == "win32":
        from tray_app.tray._windows import open_windows as opened
    else:
        from tray_app.tray.linux.tray import open_linux as opened
    return opened(send)


def find_host() -> TrayHost:
    """What would show the icon, asked without showing one. TrayUnavailable where nothing does."""
    if sys.platform == "darwin":
        found = menu_bar(platform.mac_ver()[0], python_build())
    elif sys.platform == "win32":
        found = task_bar()
    else:
        from tray_app.tray.linux.host import find_host as of_session

        found = of_session(os.environ)
    return found


def task_bar() -> TrayHost:
    """TrayUnavailable without a shell: as a service, or over ssh."""
    from tray_app.tray._dpi import has_task_bar

    if not has_task_bar():
        raise TrayUnavailable(TrayProblem.NO_HOST)
    return TrayHost.TASK_BAR


def menu_bar(macos: str, build: PythonBuild) -> TrayHost:
    """TrayUnavailable where this macOS draws no icon for this Python."""
    major = macos.partition(".")[0]
    bare = build.framework != NO_FRAMEWORK and not getattr(sys, "frozen", False)
    if bare and major.isdecimal() and int(major) >= FRAMEWORK_HIDES_FROM:
        raise TrayUnavailable(TrayProblem.FRAMEWORK, f"{build.framework}.framework, macOS {macos}")
    return TrayHost.MENU_BAR


def undrawn(system: str, macos: str, build: PythonBuild) -> TrayUnavailable | None:
    """Why no icon will be seen though every call for it succeeds, which is macOS' way alone."""
    if system != System.MACOS:
        return None
    try:
        menu_bar(macos, build)
    except TrayUnavailable as error:
        return error
    return None
