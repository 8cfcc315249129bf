"""Single words that several views say alike."""

from tray_app.core.text.text import Translator
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.units import format_bytes


def pressure_word(pressure: Pressure, tr: Translator) -> str:
    return {
        Pressure.NORMAL: tr.gettext("normal"),
        Pressure.WARNING: tr.gettext("warning"),
        Pressure.CRITICAL: tr.gettext("critical"),
        Pressure.UNKNOWN: tr.gettext("unknown"),
    }[pressure]


def size(count: int | None) -> str:
    """Bytes as people read them; `?` where they are not known."""
    return "?" if count is None else format_bytes(count)


def waits_behind(model: str, waiting: int, tr: Translator) -> str:
    return tr.ngettext("{count} request waits behind {model}", "{count} requests wait behind {model}", waiting).format(
        count=waiting, model=model
    )
