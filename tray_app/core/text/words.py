"""Single words that several views say alike."""

from tray_app.core.text.text import Translator
from tray_app.core.values.snapshot import Pressure


def pressure_word(pressure: Pressure, tr: Translator) -> str:
    return {
        Pressure.NORMAL: tr.gettext("normal"),
        Pressure.WARNING: tr.gettext("warning"),
        Pressure.CRITICAL: tr.gettext("critical"),
        Pressure.UNKNOWN: tr.gettext("unknown"),
    }[pressure]
