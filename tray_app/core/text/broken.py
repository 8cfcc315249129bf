"""What stands in a screen where a part of it could not be made."""

from tray_app.core.text.text import Translator


def part_is_missing(tr: Translator) -> str:
    return tr.gettext("A part of this menu cannot be shown; the log has the details.")
