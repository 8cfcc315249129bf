"""What `record` and `replay` say."""

from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator


def recording(count: int, path: str, tr: Translator) -> str:
    return tr.ngettext(
        "Recording to {path}: {count} look. Ctrl-C stops.", "Recording to {path}: {count} looks. Ctrl-C stops.", count
    ).format(path=path, count=count)


def recorded(count: int, path: str, tr: Translator) -> str:
    return tr.ngettext("{count} look is in {path}.", "{count} looks are in {path}.", count).format(
        path=path, count=count
    )


def broken_line(number: int, reason: str, tr: Translator) -> str:
    """`reason` is a fact about the line."""
    return tr.gettext("Line {number} cannot be used ({reason}).").format(number=number, reason=clean(reason))


def more_broken(count: int, tr: Translator) -> str:
    return tr.ngettext("{count} more line cannot be used.", "{count} more lines cannot be used.", count).format(
        count=count
    )


def no_recording(path: str, number: int, reason: str, tr: Translator) -> str:
    """Nothing in the file is ours."""
    return tr.gettext("{path} is not an Elbowroom recording (line {number}: {reason}).").format(
        path=clean(path), number=number, reason=clean(reason)
    )
