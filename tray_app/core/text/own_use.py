"""What the app itself takes, in words."""

from tray_app.core.text.text import Translator
from tray_app.core.values.own_use import OwnUse
from tray_app.core.values.units import MIB, format_bytes

STEP_BYTES = 5 * MIB
"""So that a menu holds still."""


def sentence(use: OwnUse | None, tr: Translator) -> str:
    """`This app: 0.1% CPU, 40 MiB`, as much of it as is known; empty where nothing is."""
    if use is None or use.memory_bytes is None:
        return ""
    size = format_bytes(round(use.memory_bytes / STEP_BYTES) * STEP_BYTES)
    if use.cpu_percent is None:
        return tr.gettext("This app: {size}").format(size=size)
    return tr.gettext("This app: {percent}% CPU, {size}").format(percent=f"{use.cpu_percent:.1f}", size=size)
