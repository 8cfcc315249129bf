"""How this copy of the app is started again, at login and after a move."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

AT_LOGIN = "--at-login"
"""Says that nobody asked for the start: it waits for the panel and ends quietly without one."""


class LineTooLong(OSError):
    """The system would not start so long a command line. A path that is too long is another thing."""


def login_command(home: Path | None = None) -> tuple[str, ...]:
    """The installed tray command with an absolute path, else this Python with our module."""
    windows = sys.platform == "win32"
    name = "elbowroom-tray.exe" if windows else "elbowroom-tray"
    frozen = bool(getattr(sys, "frozen", False))
    scripts = Path(sys.executable).parent if frozen else Path(sysconfig.get_path("scripts"))
    found = None if frozen else shutil.which("elbowroom-tray")
    if os.path.exists(scripts / name):
        start: tuple[str, ...] = (str(scripts / name),)
    elif frozen:  # one program in a bundle: it is no Python that takes modules
        start = (sys.executable, "tray")
    elif found:
        start = (found,)
    else:
        python = Path(sys.executable)
        windowless = python.with_name("pythonw.exe")
        start = (str(windowless if windows and os.path.exists(windowless) else python), "-m", "tray_app", "tray")
    place = ("--home", str(home.absolute())) if home is not None else ()
    return (*start, AT_LOGIN, *place)


def relay_command(home: Path | None = None) -> tuple[str, ...]:
    """This very copy of the app as the relay of chat first. `-P`: what lies in the current folder is not run."""
    if getattr(sys, "frozen", False):
        start: tuple[str, ...] = (sys.executable,)
    else:
        windowless = Path(sys.executable).with_name("pythonw.exe")
        python = windowless if sys.platform == "win32" and os.path.exists(windowless) else Path(sys.executable)
        start = (str(python), "-P", "-m", "tray_app")
    place = ("--home", str(home.absolute())) if home is not None else ()
    return (*start, "relay", *place)


def is_translocated() -> bool:
    """macOS runs an app that was not moved since its download from a read-only copy that is gone after a restart."""
    return "/AppTranslocation/" in sys.executable


def is_run_once(executable: str = sys.executable) -> bool:
    """`uvx` and `pipx run` start us from a cache that they may clear at any time."""
    path = Path(executable)
    return any(map(_is_uvs_cache, path.parents)) or ("pipx" in path.parts and ".cache" in path.parts)


def _is_uvs_cache(folder: Path) -> bool:
    """A part of uv's cache, wherever UV_CACHE_DIR puts it: it marks its cache as one (bford.info/cachedir)."""
    if not folder.name.startswith(("archive-v", "builds-v", "environments-v")):
        return False
    return "uv" in folder.parts or os.path.exists(folder.parent / "CACHEDIR.TAG")


def has_lasting_place() -> bool:
    """Whether what is started now can be started again at the next login."""
    return not is_translocated() and not is_run_once()
