"""The menu in every language of the folder: a longer word must not push a row beyond what a menu shows."""

import pytest

from tests.core.menu.states import STATE, calm
from tray_app.app import language
from tray_app.core.menu.menu import menu
from tray_app.core.text.lines import width
from tray_app.storage.catalogs import LANGUAGES

TOP, BELOW = 72, 120


def walk(rows):
    for row in rows:
        yield row
        yield from walk(row.children)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("state", [STATE, calm()], ids=["overloaded", "calm"])
def test_rows_stay_short(code, state):
    rows = menu(state, language.load(code)).rows
    assert [row.text for row in rows if width(row.text) > TOP] == []
    assert [row.text for row in walk(rows) if width(row.text) > BELOW] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_two_rows_beside_each_other_say_the_same(code):
    """Two English words may have become one: who chooses between them cannot tell them apart."""

    def groups(rows):
        yield [row.text for row in rows if not row.separator]
        for row in rows:
            yield from groups(row.children)

    for texts in groups(menu(STATE, language.load(code)).rows):
        assert len(set(texts)) == len(texts), texts
