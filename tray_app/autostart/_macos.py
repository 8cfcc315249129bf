"""A launch agent of this user (launchd.plist(5)); writing or deleting the file is enough, it counts at next login."""

import plistlib
import shlex
from pathlib import Path

from tray_app.core.values.identity import APP_ID


def file() -> Path:
    return Path.home() / "Library" / "LaunchAgents" / f"{APP_ID}.plist"


def where() -> str:
    return str(file())


def joined(command: tuple[str, ...]) -> str:
    """For comparing and showing; arguments keep their borders in the file itself."""
    return shlex.join(command)


def program(stored: str) -> str:
    return next(iter(shlex.split(stored)), "")


def render(command: tuple[str, ...]) -> bytes:
    """Aqua: only in a graphical session. The bundle id makes Login Items show our name instead of python3's."""
    return plistlib.dumps(
        {
            "Label": APP_ID,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "ProcessType": "Interactive",
            "LimitLoadToSessionType": "Aqua",
            "AssociatedBundleIdentifiers": [APP_ID],
            # launchd gives almost no environment; without a UTF-8 locale Python would guess the encoding of names.
            "EnvironmentVariables": {"LC_CTYPE": "UTF-8"},
        }
    )


def stored() -> str | None:
    try:
        found = plistlib.loads(file().read_bytes())
    except FileNotFoundError:
        return None
    except (plistlib.InvalidFileException, ValueError):
        return ""
    arguments = found.get("ProgramArguments") if isinstance(found, dict) else None
    return joined(tuple(map(str, arguments))) if isinstance(arguments, list) else ""


def switched_off_by_system() -> bool:
    """macOS keeps that in its own database, which no public call reads for a plain launch agent."""
    return False


def install(command: tuple[str, ...]) -> None:
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(render(command))
    fresh.replace(path)


def remove() -> None:
    file().unlink(missing_ok=True)
