"""The menu as com.canonical.dbusmenu sees it: numbered rows, of which a host fetches what it draws. Knows no bus.

A row that stays keeps its number from frame to frame, so that a host moves, adds and removes only what really changed.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from tray_app.core.menu.screen import Row
from tray_app.tray.rows import same_act, tidy

ROOT = 0
KEPT_ROWS = 500
"""Rows that went away and still do what they say, should a click on them be under way."""
Properties = dict[str, tuple[str, Any]]
Layout = tuple[int, Properties, list[tuple[str, Any]]]


def plain(text: str) -> str:
    """What a string of D-Bus can hold: no zero, no half of a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


class _Node:
    """One row. `number` stays while the row does the same."""

    def __init__(self, number: int, row: Row, children: "list[_Node]") -> None:
        self.number = number
        self.row = row
        self.children = children

    def properties(self) -> Properties:
        row = self.row
        if self.number == ROOT:
            return {"children-display": ("s", "submenu")}
        if row.separator:
            return {"type": ("s", "separator")}
        label = plain(row.text).replace("_", "__")  # one underscore marks a mnemonic
        made: Properties = {"label": ("s", label), "enabled": ("b", row.enabled)}
        if row.children:
            made["children-display"] = ("s", "submenu")
        if row.checked is not None:
            made["toggle-type"] = ("s", "radio" if row.radio else "checkmark")
            made["toggle-state"] = ("i", int(row.checked))
        return made

    def stays(self, row: Row) -> bool:
        """Whether it can become this row by new properties alone, doing the same."""
        kind, wanted = (
            (one.id, one.separator, one.checked is None, one.radio, bool(one.children)) for one in (self.row, row)
        )
        return kind == wanted and same_act(self.row.command, row.command)


class Changes(Struct, frozen=True):
    """What a new frame changed. `rows`: those whose properties are new; `layout`: rows came, went or moved."""

    rows: tuple[int, ...] = ()
    layout: bool = False


class DbusMenu:
    """For the thread of the tray's loop."""

    def __init__(self) -> None:
        self.revision = 1
        self._next = ROOT + 1
        self._root = _Node(ROOT, Row(), [])
        self._nodes: dict[int, _Node] = {ROOT: self._root}
        self._gone: dict[int, Row] = {}

    def renew(self, rows: Sequence[Row], *, open_now: bool) -> Changes:
        """Takes a new frame. `open_now`: rows only change where they stand, and none comes, goes or moves."""
        changed: list[int] = []
        if open_now:
            self._reword(self._root, tidy(rows), changed)
            return Changes(tuple(changed))
        before = dict(self._nodes)
        self._nodes = {ROOT: self._root}
        layout = self._replace(self._root, tidy(rows), changed)
        for number in before.keys() - self._nodes.keys():
            self._gone[number] = before[number].row
        while len(self._gone) > KEPT_ROWS:
            del self._gone[next(iter(self._gone))]
        if layout:
            self.revision += 1
        return Changes(tuple(changed), layout)

    def row(self, number: int) -> Row | None:
        """What a row says and does; also of one that has just gone."""
        node = self._nodes.get(number)
        return node.row if node is not None else self._gone.get(number)

    def layout(self, number: int, depth: int, names: Collection[str]) -> Layout | None:
        """A row and `depth` levels below it (-1: all); None where there is no such row."""
        node = self._nodes.get(number)
        return None if node is None else _laid_out(node, depth, names)

    def properties(self, number: int, names: Collection[str]) -> Properties | None:
        """Those of these names, or all."""
        node = self._nodes.get(number)
        return None if node is None else _only(node.properties(), names)

    def numbers(self) -> tuple[int, ...]:
        return tuple(self._nodes)

    # --- inside -----------------------------------------------------------------------------

    def _replace(self, parent: _Node, rows: Sequence[Row], changed: list[int]) -> bool:
        """True where its rows are not the same ones in the same order as before, or so below one of them."""
        nodes = dict(_told_apart(parent.children))
        made, layout = [], False
        for key, row in _keyed(rows):
            node = nodes.pop(key, None)
            if node is None or not node.stays(row):
                node = _Node(self._next, row, [])
                self._next += 1
            elif _take(node, row):
                changed.append(node.number)
            self._nodes[node.number] = node
            layout |= self._replace(node, row.children, changed)
            made.append(node)
        layout |= [node.number for node in made] != [node.number for node in parent.children]
        parent.children = made
        return layout

    def _reword(self, parent: _Node, rows: Sequence[Row], changed: list[int]) -> None:
        new = dict(_keyed(rows))
        for key, node in _told_apart(parent.children):
            row = new.get(key)
            if row is not None and node.stays(row):
                if _take(node, row):
                    changed.append(node.number)
                self._reword(node, row.children, changed)


def _take(node: _Node, row: Row) -> bool:
    """Whether that changes what a host shows."""
    before, node.row = node.properties(), row
    return before != node.properties()


def _told_apart(nodes: Sequence[_Node]) -> Iterator[tuple[tuple[str, bool, int], _Node]]:
    return zip((key for key, _ in _keyed(node.row for node in nodes)), nodes, strict=True)


def _keyed(rows: Iterable[Row]) -> Iterator[tuple[tuple[str, bool, int], Row]]:
    """Each row with what it is told by: its id, and the how manieth of this id it is."""
    seen: dict[tuple[str, bool], int] = {}
    for row in rows:
        kind = (row.id, row.separator)
        seen[kind] = seen.get(kind, -1) + 1
        yield (*kind, seen[kind]), row


def _laid_out(node: _Node, depth: int, names: Collection[str]) -> Layout:
    below = [] if depth == 0 else [_laid_out(child, depth - 1, names) for child in node.children]
    return node.number, _only(node.properties(), names), [("(ia{sv}av)", child) for child in below]


def _only(properties: Properties, names: Collection[str]) -> Properties:
    return {name: value for name, value in properties.items() if not names or name in names}
