"""A MenuView as pystray's items, and when two menus differ in their words alone."""

from collections.abc import Callable, Iterator, Sequence

import pystray
from msgspec.structs import replace

from tray_app.core.menu.screen import Row
from tray_app.core.values.command import ApplyRemedy, Command
from tray_app.tray.main_thread import guarded

Send = Callable[[Command], None]


class RowItem(pystray.MenuItem):  # type: ignore[misc]  # pystray has no types
    """pystray's item for one row. It keeps its own command: an old menu's row runs what it showed.

    pystray calls a left click on the icon its default item's action; no row ever is that item.
    """

    def __init__(self, row: Row, send: Send, escape: Callable[[str], str]) -> None:
        self.row = row
        children = items(row.children, send, escape)
        super().__init__(
            escape(row.text),
            pystray.Menu(*children) if children else self._clicked,
            checked=None if row.checked is None else self._checked,
            radio=row.radio,
            default=False,
            enabled=row.enabled,
        )
        self._send = send

    def _checked(self, _item: object) -> bool:
        return bool(self.row.checked)

    def _clicked(self) -> None:
        command = self.row.command
        if command is not None and self.row.enabled:
            guarded(lambda: self._send(command))()


def tidy(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Without separators at the ends or two in a row: the same rows that pystray will show."""
    kept: list[Row] = []
    for row in rows:
        if not (row.separator and (not kept or kept[-1].separator)):
            kept.append(row if not row.children else replace(row, children=tidy(row.children)))
    while kept and kept[-1].separator:
        kept.pop()
    return tuple(kept)


def items(rows: Sequence[Row], send: Send, escape: Callable[[str], str] = str) -> tuple[pystray.MenuItem, ...]:
    return tuple(pystray.Menu.SEPARATOR if row.separator else RowItem(row, send, escape) for row in tidy(rows))


def same_act(old: Command | None, new: Command | None) -> bool:
    """Equal, or the same remedy with the same plan: predicted numbers may have moved."""
    if isinstance(old, ApplyRemedy) and isinstance(new, ApplyRemedy):
        return (old.remedy.id, old.remedy.plan, old.confirmed) == (new.remedy.id, new.remedy.plan, new.confirmed)
    return old == new


def differ_in_words_only(old: Sequence[Row], new: Sequence[Row]) -> bool:
    """Whether the rows are the same ones, doing the same: then an open menu may change its words in place."""
    if len(old) != len(new):
        return False
    for before, after in zip(old, new, strict=True):
        if (before.id, before.separator, before.checked, before.radio, before.enabled) != (
            after.id,
            after.separator,
            after.checked,
            after.radio,
            after.enabled,
        ):
            return False
        if not same_act(before.command, after.command) or not differ_in_words_only(before.children, after.children):
            return False
    return True


def walk(rows: Sequence[Row]) -> Iterator[Row]:
    """Every row of a menu, its submenus included."""
    for row in rows:
        yield row
        yield from walk(row.children)
