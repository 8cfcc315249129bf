"""The menu as a panel holds it: a host that follows what it is told always has what a fresh one would fetch."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

os.environ.setdefault("PYSTRAY_BACKEND", "dummy")
from tray_app.core.menu.screen import SEPARATOR, Row
from tray_app.core.values.command import Quit, Refresh, Snooze, SnoozeUntil
from tray_app.tray.linux.dbusmenu import KEPT_ROWS, ROOT, DbusMenu

COMMANDS = (None, Quit(), Refresh(), Snooze(SnoozeUntil.HOUR))
TEXTS = st.text(max_size=6)


def rows(depth=2):
    below = rows(depth - 1) if depth else st.just(())
    row = st.builds(
        Row,
        text=TEXTS,
        command=st.sampled_from(COMMANDS),
        children=below,
        checked=st.sampled_from((None, True, False)),
        radio=st.booleans(),
        id=st.sampled_from(("", "a", "b", "c")),
        busy=st.booleans(),
    )
    return st.lists(st.one_of(row, st.just(SEPARATOR)), max_size=5).map(tuple)


FRAMES = st.lists(st.tuples(rows(), st.booleans()), min_size=1, max_size=6)


class Host:
    """Fetches the layout when it is told that it changed, and properties when they did."""

    def __init__(self, menu):
        self.menu = menu
        self.fetch()

    def fetch(self):
        self.properties, self.children = {}, {}
        self.take(self.menu.layout(ROOT, -1, ()))

    def take(self, layout):
        number, properties, children = layout
        self.properties[number] = properties
        self.children[number] = [child[1][0] for child in children]
        for child in children:
            self.take(child[1])

    def told(self, changes):
        for number in changes.rows:
            self.properties[number] = self.menu.properties(number, ())
        if changes.layout:
            self.fetch()

    def shown(self):
        return self.properties, self.children


@given(FRAMES)
def test_a_host_that_follows_has_what_a_fresh_one_fetches(frames):
    menu = DbusMenu()
    host = Host(menu)
    for frame, is_open in frames:
        host.told(menu.renew(frame, open_now=is_open))
        assert host.shown() == Host(menu).shown()


@given(FRAMES)
def test_a_number_always_does_what_it_did(frames):
    menu, does = DbusMenu(), {}
    for frame, is_open in frames:
        menu.renew(frame, open_now=is_open)
        for number in menu.numbers():
            does.setdefault(number, menu.row(number).command)
        for number, command in does.items():
            assert menu.row(number).command == command


@given(rows(), rows())
def test_nothing_moves_in_an_open_menu_and_everything_is_there_afterwards(before, after):
    menu, fresh = DbusMenu(), DbusMenu()
    menu.renew(before, open_now=False)
    shape = Host(menu).children
    assert not menu.renew(after, open_now=True).layout
    assert Host(menu).children == shape
    menu.renew(after, open_now=False)
    fresh.renew(after, open_now=False)

    def told(layout):
        return layout[1], [told(child[1]) for child in layout[2]]

    assert told(menu.layout(ROOT, -1, ())) == told(fresh.layout(ROOT, -1, ()))


@given(rows())
def test_the_same_frame_tells_nothing(frame):
    menu = DbusMenu()
    menu.renew(frame, open_now=False)
    revision = menu.revision
    changes = menu.renew(frame, open_now=False)
    assert (changes.rows, changes.layout, menu.revision) == ((), False, revision)


def test_a_row_that_stays_keeps_its_number_when_others_come_before_it():
    menu = DbusMenu()
    calm = (
        Row("Calm", id="headline"),
        Row("Titles", Refresh(), checked=True, id="titles"),
        Row("Quit", Quit(), id="quit"),
    )
    menu.renew(calm, open_now=False)
    before = menu.numbers()
    fix = Row("Turn titles off", Refresh(), id="fix")
    changes = menu.renew((Row("Overloaded", id="headline"), fix, *calm[1:]), open_now=False)
    assert changes.layout
    assert changes.rows == (before[1],)  # the headline's new words
    assert set(before) < set(menu.numbers())


def test_a_switch_is_told_by_its_properties_alone():
    menu = DbusMenu()
    on = Row("Titles", Refresh(), checked=True, id="titles")
    menu.renew((on,), open_now=False)
    changes = menu.renew((Row("Titles", Refresh(), checked=False, busy=True, id="titles"),), open_now=False)
    assert (len(changes.rows), changes.layout) == (1, False)
    assert menu.properties(changes.rows[0], ("toggle-state", "enabled")) == {
        "enabled": ("b", False),
        "toggle-state": ("i", 0),
    }


@pytest.mark.parametrize(("text", "label"), [("a_b", "a__b"), ("a\0b", "ab"), ("\ud83d!", "?!")])
def test_what_a_bus_cannot_carry_is_not_sent(text, label):
    menu = DbusMenu()
    menu.renew((Row(text, id="row"),), open_now=False)
    assert menu.properties(menu.numbers()[1], ())["label"] == ("s", label)


def test_what_has_gone_is_not_kept_for_ever():
    menu = DbusMenu()
    for number in range(KEPT_ROWS * 2):
        menu.renew((Row(str(number), id=str(number)),), open_now=False)
    kept = [number for number in range(1, KEPT_ROWS * 2 + 1) if menu.row(number) is not None]
    assert kept == list(range(KEPT_ROWS, KEPT_ROWS * 2 + 1))


def test_a_host_may_ask_for_a_part():
    menu = DbusMenu()
    menu.renew((Row("More", children=(Row("One", Quit(), id="one"),), id="more"),), open_now=False)
    number, properties, children = menu.layout(ROOT, 1, ("label",))
    assert (number, properties) == (ROOT, {})
    assert children == [("(ia{sv}av)", (1, {"label": ("s", "More")}, []))]
    assert menu.layout(99, -1, ()) is None
    assert menu.properties(99, ()) is None
