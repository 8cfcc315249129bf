"""The journal as lines."""

from collections.abc import Sequence

from msgspec import Struct

from tray_app.core.text.lines import Line, clean, line, table
from tray_app.core.text.plan import value_word
from tray_app.core.text.tasks import setting_name
from tray_app.core.text.text import Translator
from tray_app.core.values.task_settings import Setting


class Row(Struct, frozen=True):
    """One change. `at` is the user's local time; `state` the journal's word; changes are (setting, before, after)."""

    at: str
    origin: str
    remedy: str
    state: str
    changes: tuple[tuple[str, object, object], ...]


def state_word(state: str, tr: Translator) -> str:
    words = {
        "open": tr.gettext("cut short, not checked yet"),
        "applied": tr.gettext("in force"),
        "failed": tr.gettext("failed, nothing changed"),
        "undo-open": tr.gettext("undo cut short, not checked yet"),
        "undone": tr.gettext("undone"),
        "drifted": tr.gettext("changed elsewhere since"),
        "released": tr.gettext("kept"),
    }
    return words.get(state, state)


def _change(one: tuple[str, object, object], tr: Translator) -> str:
    name, before, after = one
    if name not in set(Setting):
        return clean(name)
    setting = Setting(name)

    def word(value: object) -> str:
        return value_word(setting, value, tr) if isinstance(value, str) else tr.gettext("absent")

    return f"{setting_name(setting, tr)}: {word(before)} -> {word(after)}"


def lines(rows: Sequence[Row], tr: Translator) -> list[Line]:
    if not rows:
        return [line(tr.gettext("No change was made yet."))]
    cells = [
        (row.at, "; ".join(_change(one, tr) for one in row.changes), state_word(row.state, tr), clean(row.origin))
        for row in rows
    ]
    return table((tr.gettext("when"), tr.gettext("change"), tr.gettext("state"), tr.gettext("server")), cells)


def broken_line(number: int, tr: Translator) -> str:
    return tr.gettext("Line {number} of the journal is damaged and was left out.").format(number=number)
