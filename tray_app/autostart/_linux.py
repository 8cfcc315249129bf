"""An XDG autostart entry (freedesktop.org Desktop Application Autostart and Desktop Entry specifications)."""

import os
import re
from pathlib import Path

from tray_app.core.values.identity import APP_ID

_SPECIAL = '"`$\\'
"""What needs a backslash within quotes."""
_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r"))
_UNESCAPES = {escape: char for char, escape in _ESCAPES}


def file() -> Path:
    config = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(config) if config.startswith("/") else Path.home() / ".config"
    return folder / "autostart" / f"{APP_ID}.desktop"


def where() -> str:
    return str(file())


def joined(command: tuple[str, ...]) -> str:
    """The Exec value: every argument quoted, percent signs doubled (they are field codes), then as a string value."""
    return _value(" ".join(f'"{_quoted(argument)}"' for argument in command))


def _quoted(argument: str) -> str:
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in argument).replace("%", "%%")


def _value(text: str) -> str:
    """Any string value: backslashes doubled, and the characters that would end the line by their escapes."""
    for char, escape in _ESCAPES:
        text = text.replace(char, escape)
    return text


def program(stored: str) -> str:
    """The first argument of an Exec value."""
    text = re.sub(r"\\(.)", lambda found: _UNESCAPES.get(found[0], found[0]), stored)
    quoted = re.match(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
    first = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL) if quoted else text.partition(" ")[0]
    return first.replace("%%", "%")


def render(command: tuple[str, ...]) -> str:
    """The whole entry. TryExec: gone with the program; the delay lets the panel come up first."""
    return (
        "[Desktop Entry]\n"
        "Type=Application\n"
        "Name=Elbowroom\n"
        "Comment=Room for your chat model\n"
        f"TryExec={_value(command[0])}\n"
        f"Exec={joined(command)}\n"
        "Terminal=false\n"
        "X-GNOME-Autostart-enabled=true\n"
        "X-GNOME-Autostart-Delay=5\n"
    )


def _values() -> dict[str, str]:
    """The keys of the entry itself; other groups hold actions."""
    try:
        # A path is bytes to Linux: what is no UTF-8 passes through.
        text = file().read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return {}
    found, group = {}, ""
    for line in text.split("\n"):
        if line.startswith("["):
            group = line.strip()
        elif group == "[Desktop Entry]" and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[key.strip()] = value.strip()
    return found


def stored() -> str | None:
    return _values().get("Exec")


def switched_off_by_system() -> bool:
    """Desktops write these into the same file when the user switches an entry off."""
    values = _values()
    return values.get("Hidden") == "true" or values.get("X-GNOME-Autostart-enabled") == "false"


def install(command: tuple[str, ...]) -> None:
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(render(command), encoding="utf-8", errors="surrogateescape", newline="\n")
    fresh.replace(path)


def remove() -> None:
    file().unlink(missing_ok=True)
