"""An XDG autostart entry (freedesktop.org Desktop Application Autostart and Desktop Entry specifications)."""

import os
from pathlib import Path

from tray_app.core.identity import APP_ID

_SPECIAL = '"`$\\'


def _path() -> Path:
    config = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(config) if config.startswith("/") else Path.home() / ".config"
    return folder / "autostart" / f"{APP_ID}.desktop"


def where() -> str:
    return str(_path())


def joined(command: tuple[str, ...]) -> str:
    """The Exec value: every argument quoted, percent signs doubled, backslashes escaped twice as the entry needs."""
    return " ".join(_quoted(argument) for argument in command)


def _quoted(argument: str) -> str:
    inner = "".join(f"\\{char}" if char in _SPECIAL else char for char in argument)
    return '"' + inner.replace("\\", "\\\\").replace("%", "%%") + '"'


def render(command: tuple[str, ...]) -> str:
    """The whole entry. The delay lets the panel come up first."""
    return (
        "[Desktop Entry]\n"
        "Type=Application\n"
        "Name=Elbowroom\n"
        "Comment=Room for your chat model\n"
        f"Exec={joined(command)}\n"
        "Terminal=false\n"
        "X-GNOME-Autostart-enabled=true\n"
        "X-GNOME-Autostart-Delay=5\n"
    )


def _values() -> dict[str, str]:
    try:
        text = _path().read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def stored() -> str | None:
    return _values().get("Exec")


def switched_off_by_system() -> bool:
    """Desktops write these into the same file when the user switches an entry off."""
    values = _values()
    return values.get("Hidden") == "true" or values.get("X-GNOME-Autostart-enabled") == "false"


def install(command: tuple[str, ...]) -> None:
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(render(command), encoding="utf-8")
    fresh.replace(path)


def remove() -> None:
    _path().unlink(missing_ok=True)
