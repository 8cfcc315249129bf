"""Long lists as pages: a menu of 200 rows is taller than any screen."""

from collections.abc import Sequence

from tray_app.core.menu.screen import Row
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator

PAGE = 20


def paged(rows: Sequence[Row], tr: Translator, size: int = PAGE) -> tuple[Row, ...]:
    """The first `size` rows, then submenus of `size` rows each that say what they reach from and to."""
    if len(rows) <= size + 1:
        return tuple(rows)
    pages = [rows[start : start + size] for start in range(size, len(rows), size)]
    more = (
        Row(
            tr.gettext("More: {first} to {last}").format(first=short(page[0].text, 30), last=short(page[-1].text, 30)),
            children=tuple(page),
            id=f"page:{index}",
        )
        for index, page in enumerate(pages, start=2)
    )
    return (*rows[:size], *more)
