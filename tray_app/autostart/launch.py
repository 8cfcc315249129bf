"""How this copy of the app is started again, at login and after a move."""

import importlib.util
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
    """The installed tray command with an absolute path, else this copy's own words for it."""
    windows = sys.platform == "win32"
    name = "elbowroom-tray.exe" if windows else "elbowroom-tray"
    scripts = Path(sys.executable).parent if is_frozen() else Path(sysconfig.get_path("scripts"))
    found = None if is_frozen() or archive() else shutil.which("elbowroom-tray")
    if not archive() and os.path.exists(scripts / name):
        start: tuple[str, ...] = (str(scripts / name),)
    else:
        start = (found,) if found else (*this_copy(), "tray")
    return (*start, AT_LOGIN, *_place(home))


def relay_command(home: Path | None = None) -> tuple[str, ...]:
    """This very copy of the app as the relay of chat first."""
    return (*this_copy(), "relay", *_place(home))


def metal_command() -> tuple[str, ...]:
    """This very copy of the app, only to print what Metal says: once per boot, in a process that ends."""
    return (*this_copy(), "metal")


def this_copy() -> tuple[str, ...]:
    """How the command line of this very copy is begun, without a console window where the system has such.

    `-P`: what lies in the current folder is not run.
    """
    if is_frozen():
        return (sys.executable,)
    windowless = Path(sys.executable).with_name("pythonw.exe")
    python = windowless if sys.platform == "win32" and os.path.exists(windowless) else Path(sys.executable)
    packed = archive()
    return (str(python), "-P", packed) if packed else (str(python), "-P", "-m", "tray_app")


def adding(package: str) -> tuple[str, ...]:
    """What is typed to add a package to this very copy; empty where nothing can be added to it."""
    if is_frozen() or archive():
        return ()
    prefix = Path(sys.prefix)
    if is_run_once():
        by_uv = any(map(_is_uvs_cache, prefix.parents))
        again = ("uvx", "--with", package) if by_uv else ("pipx", "run", "--spec", "elbowroom[metrics]")
        return (*again, "elbowroom")
    if os.path.exists(prefix / "pipx_metadata.json"):
        return ("pipx", "inject", prefix.name, package)
    if os.path.exists(prefix / "uv-receipt.toml"):
        return ("uv", "tool", "install", "--with", package, prefix.name)
    if importlib.util.find_spec("pip") is None:
        return ("uv", "pip", "install", "--python", sys.executable, package)
    return (sys.executable, "-m", "pip", "install", package)


def is_frozen() -> bool:
    """A bundle of PyInstaller: its program is no Python that takes modules."""
    return bool(getattr(sys, "frozen", False))


def archive() -> str:
    """The .pyz that this was started from, with its whole path; empty for every other copy."""
    loader = getattr(getattr(sys.modules.get("__main__"), "__spec__", None), "loader", None)
    packed = getattr(loader, "archive", "")
    return str(Path(packed).absolute()) if packed else ""


def _place(home: Path | None) -> tuple[str, ...]:
    return ("--home", str(home.absolute())) if home is not None else ()


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
