"""What `record` and `replay` say."""

from tray_app.core.report.wrong import Wrong
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


def broken_line(number: int, wrong: Wrong, field: str, tr: Translator) -> str:
    """`field`: what of the line it is about, as the file names it."""
    return tr.gettext("Line {number} cannot be used ({reason}).").format(number=number, reason=reason(wrong, field, tr))


def more_broken(count: int, tr: Translator) -> str:
    return tr.ngettext("{count} more line cannot be used.", "{count} more lines cannot be used.", count).format(
        count=count
    )


def no_recording(path: str, number: int, wrong: Wrong, field: str, tr: Translator) -> str:
    """Nothing in the file is ours."""
    return tr.gettext("{path} is not an Elbowroom recording (line {number}: {reason}).").format(
        path=clean(path), number=number, reason=reason(wrong, field, tr)
    )


def reason(wrong: Wrong, field: str, tr: Translator) -> str:
    """What is wrong, in a few words."""
    words = {
        Wrong.TOO_LONG: tr.gettext("it is too long"),
        Wrong.NOT_JSON: tr.gettext("it is not JSON"),
        Wrong.SCHEMA: tr.gettext("this version does not know its {field}"),
        Wrong.BEFORE_IS_MISSING: tr.gettext("it only says what changed since a line that is missing"),
        Wrong.OTHER_POLL: tr.gettext("it changes {field}, which the line before does not have"),
        Wrong.NO_TIME: tr.gettext("no clock can show its {field}"),
        Wrong.MISSING: tr.gettext("its {field} is missing"),
        Wrong.NO_NUMBER: tr.gettext("its {field} is not a number"),
        Wrong.NO_WHOLE_NUMBER: tr.gettext("its {field} is not a whole number"),
        Wrong.TOO_LARGE: tr.gettext("its {field} is too large"),
        Wrong.NO_TEXT: tr.gettext("its {field} is not a text"),
        Wrong.NO_TRUTH: tr.gettext("its {field} is not true or false"),
        Wrong.NO_KNOWN_WORD: tr.gettext("its {field} is a word that this version does not know"),
        Wrong.NO_LIST: tr.gettext("its {field} is not a list"),
        Wrong.LIST_LENGTH: tr.gettext("its {field} is too long or too short a list"),
        Wrong.NO_OBJECT: tr.gettext("its {field} is not an object"),
        Wrong.NO_READING: tr.gettext("its {field} is no reading"),
    }
    return words[wrong].format(field=clean(field) or tr.gettext("content"))
