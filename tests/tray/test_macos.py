"""Our macOS adapter over pystray's own darwin code, on an AppKit that ends the test where a Mac would end the app."""

import contextlib
import gc
import importlib
import io
import signal
import threading

import pytest
from msgspec.structs import replace
from PIL import Image

from tests.tray import fake_appkit
from tray_app.core.menu.screen import SEPARATOR, MenuView, Row, Shape, View
from tray_app.core.values.command import Quit, Refresh, Snooze, SnoozeUntil

ROWS = (
    Row("Calm", id="headline"),
    SEPARATOR,
    Row("A", Refresh(), id="a"),
    Row("B", Snooze(SnoozeUntil.HOUR), id="b"),
    Row("Switches", children=(Row("on", Refresh(), checked=True), Row("off", Refresh(), checked=False, radio=True))),
)


def view(shape=Shape.CALM, tooltip="Calm", rows=ROWS, *, punctual=False):
    return View(shape, tooltip, MenuView(rows), punctual=punctual)


@pytest.fixture
def mac(backend, monkeypatch):
    backend("darwin")
    mac = fake_appkit.install(monkeypatch)
    yield mac
    assert fake_appkit.broken == []


@pytest.fixture
def tray(mac, sent):
    return importlib.import_module("tray_app.tray._macos").open_macos(sent.append)


def run(mac, tray, script):
    """Runs the app; the script is a generator on the main thread, resumed once everything it caused is done."""
    steps = script()

    def step():
        try:
            next(steps)
        except StopIteration:
            tray.stop()
        else:
            mac.app.later(lambda: mac.app.later(step))

    tray.run(started=step)


def from_a_thread(*work):
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_frames_from_any_thread_reach_the_screen_on_the_main_thread(mac, tray):
    def script():
        from_a_thread(lambda: tray.show(view()))
        yield
        assert (mac.item.button().tooltip, mac.item.button().hidden) == ("Calm", False)
        from_a_thread(lambda: tray.show(view(Shape.OVERLOADED, "Overloaded: now")))
        yield
        assert mac.item.button().tooltip == "Overloaded: now"

    run(mac, tray, script)
    assert mac.bar.items == []  # taken out of the menu bar at the end


def test_the_icon_is_a_retina_template_unless_it_raises_the_alarm(mac, tray):
    shown = {}

    def script():
        for shape in Shape:
            tray.show(view(shape))
            yield
            shown[shape] = mac.item.button().image

    run(mac, tray, script)
    assert {shape for shape, image in shown.items() if not image.template} == {Shape.OVERLOADED}
    for image in shown.values():
        assert image.points == (18, 18)
        assert Image.open(io.BytesIO(image.png)).size == (36, 36)


def test_an_icon_that_is_not_wanted_goes_and_comes_back_and_commands_are_copied(mac, tray):
    seen = []

    def script():
        for visible in (True, False, True):
            from_a_thread(lambda visible=visible: tray.show(replace(view(), visible=visible)))
            yield
            seen.append(mac.item.button().hidden)
        from_a_thread(lambda: tray.copy("launchctl setenv A 1"))
        yield

    run(mac, tray, script)
    assert seen == [False, True, False]
    assert mac.board.text == "launchctl setenv A 1"


def test_no_dock_icon_and_a_name_that_macos_remembers(mac, tray):
    assert mac.app.policy == 1
    assert mac.item.autosave == "io.github.elbowroom", "outside a bundle all programs of one Python share the names"


def test_log_out_ends_it_as_quit_does(mac, tray, sent):
    """AppKit ends the process in C soon after this notification."""
    tray.run(started=lambda: mac.app.later(lambda: (gc.collect(), mac.log_out())))
    assert sent == [Quit()]
    assert mac.bar.items == []


def test_whoever_else_asks_it_to_quit_gets_what_quit_does(mac, tray, sent):
    """Activity Monitor, or a script that tells the app to quit: AppKit would end it without any cleaning up."""
    tray.run(started=lambda: mac.app.later(lambda: (gc.collect(), mac.app.terminate_(None))))
    assert sent == [Quit()]
    assert mac.bar.items == []


def test_a_log_out_is_not_held_up(mac, tray):
    """After its notification the session asks every app; an answer of no would end the log-out."""
    ended = []

    def script():
        mac.log_out()
        with contextlib.suppress(fake_appkit.EndedInC):
            ended.append(mac.app.terminate_(None))

    tray.run(started=lambda: mac.app.later(script))
    assert ended == []


def test_the_menu_is_filled_when_it_opens_and_is_one_object_for_life(mac, tray):
    def script():
        tray.show(view())
        yield
        assert mac.menu.rows == []  # nothing built for a menu nobody looks at
        first = mac.open_menu()
        assert [row.title for row in first if not row.separator] == ["Calm", "A", "B", "Switches"]
        assert [row.enabled for row in first if not row.separator] == [False, True, True, True]
        assert [(row.title, row.state) for row in first[-1].submenu.rows] == [("on", 1), ("off", 0)]
        mac.close_menu()
        tray.show(view(rows=(Row("New", Refresh()),)))
        yield
        assert [row.title for row in mac.open_menu()] == ["New"]
        mac.close_menu()
        assert mac.item.menus_set == 1

    run(mac, tray, script)


def test_an_open_menu_is_never_rebuilt(mac, tray):
    def script():
        tray.show(view())
        yield
        rows = mac.open_menu()
        from_a_thread(*(lambda: tray.show(view(rows=(Row("Other", Quit()),))) for _ in range(5)))
        yield
        mac.menu.delegate.menuNeedsUpdate_(mac.menu)  # AppKit may ask again while it looks for key equivalents
        assert mac.menu.rows == rows
        mac.close_menu()
        assert [row.title for row in mac.open_menu()] == ["Other"]
        mac.close_menu()

    run(mac, tray, script)


def test_a_row_of_an_old_menu_runs_what_it_showed(mac, tray, sent):
    def script():
        tray.show(view())
        yield
        old = next(row for row in mac.open_menu() if row.title == "B")
        mac.close_menu()
        tray.show(view(rows=(Row("Quit", Quit()), *ROWS)))
        yield
        mac.open_menu()
        mac.choose(old)
        yield

    run(mac, tray, script)
    assert sent == [Snooze(SnoozeUntil.HOUR)]


def test_a_left_click_on_the_icon_changes_nothing(mac, tray, sent):
    def script():
        mac.click_icon()
        tray.show(view())
        yield
        mac.click_icon()
        yield

    run(mac, tray, script)
    assert sent == []


def test_long_lives_do_not_collect_rows(mac, tray):
    module = importlib.import_module("tray_app.tray.base")
    numbers = module.RowNumbers()
    for _ in range(3 * module.KEPT_ROWS):
        numbers.append(print)
    assert len(numbers) == 3 * module.KEPT_ROWS  # never reused
    assert len(list(numbers)) == module.KEPT_ROWS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(mac, tray, sent, number):
    def script():
        mac.signals[number](number)
        yield

    run(mac, tray, script)
    assert sent == [Quit()]
    assert mac.bar.items == []


def test_power_saving_is_held_off_only_while_polls_must_be_punctual(mac, tray):
    held = []

    def script():
        for punctual in (False, True, True, False, False, True, False):
            tray.show(view(punctual=punctual))
            yield
            held.append(len(mac.activities))

    run(mac, tray, script)
    assert held == [0, 1, 1, 0, 0, 1, 0]


def test_an_error_while_showing_leaves_the_icon_alive(mac, tray, caplog):
    def script():
        tray.show(View(tooltip="x", menu=None))
        yield
        tray.show(view(tooltip="Back"))
        yield
        assert mac.item.button().tooltip == "Back"

    run(mac, tray, script)
    assert "could not be updated" in caplog.text


def test_pystrays_own_start_would_have_ended_the_app(mac):
    """The fake is strict enough to show why the adapter exists."""
    import pystray

    icon = pystray.Icon("plain", icon=Image.new("RGBA", (16, 16), "red"), menu=pystray.Menu())
    threading.excepthook, kept = (
        (lambda _args: mac.app.stop_(None) or mac.app.later(lambda: None)),
        threading.excepthook,
    )
    try:
        icon.run()
    finally:
        threading.excepthook = kept
    assert [type(error) for error in fake_appkit.broken] == [fake_appkit.OffMain]
    fake_appkit.broken.clear()
