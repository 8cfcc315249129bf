"""What reaches a Linux panel, and when: on a stand-in for the AppIndicator and with a clock that is turned by hand."""

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.english import TR
from tray_app.core.menu.screen import MenuView, NoticeView, Row, Shape, View
from tray_app.core.text.tray_problem import sentence
from tray_app.core.values.command import Quit, Refresh
from tray_app.core.values.errors.life import TrayProblem, TrayUnavailable
from tray_app.tray.linux import tray as _linux
from tray_app.tray.linux.host import find_host
from tray_app.tray.linux.icon_files import IconFiles


class Indicator:
    """A panel with an event loop: work and timers wait until the test lets them happen."""

    def __init__(self, _name, _send):
        self.waiting, self.timers = [], []
        self.icon = self.tooltip = None
        self.rows, self.menus_sent, self.shown, self.copied = (), 0, False, []

    def post(self, work):
        self.waiting.append(work)

    def later(self, seconds, work):
        self.timers.append((seconds, work))

    def settle(self):
        while self.waiting:
            self.waiting.pop(0)()

    def run(self, ready):
        self.running = True
        self.post(ready)
        while self.running:
            self.settle()

    def stop(self):
        self.running = False

    def reveal(self):
        self.shown = True

    def set_visible(self, visible):
        self.shown = visible

    def copy(self, text):
        self.copied.append(text)

    def set_icon(self, shape, *, works):
        self.icon = shape, works

    def set_tooltip(self, text):
        self.tooltip = text

    def set_rows(self, rows):
        self.rows = rows
        self.menus_sent += 1


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def panel(monkeypatch, tmp_path, sent):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    clock = Clock()
    tray = _linux.LinuxTray(sent.append, Indicator, clock)
    tray._ready = True  # its loop runs
    yield tray, tray._indicator, clock
    tray._notifier.close()


def view(number, shape=Shape.CALM):
    return View(shape, f"tip {number}", MenuView((Row(f"row {number}", Refresh(), id="row"),)))


def test_a_first_frame_is_shown_at_once(panel):
    tray, shown, _ = panel
    tray.show(view(1, Shape.TIGHT))
    shown.settle()
    assert shown.shown
    assert (shown.icon, shown.tooltip, shown.rows[0].text) == ((Shape.TIGHT, False), "tip 1", "row 1")


def test_the_icon_s_absence_and_the_mark_of_a_model_that_works_reach_the_panel(panel):
    tray, shown, clock = panel
    frames = (replace(view(1), works=True), replace(view(1), works=True, visible=False), view(1))
    seen = []
    for frame in frames:
        tray.show(frame)
        shown.settle()
        clock.now += 5
        seen.append((shown.icon, shown.shown))
    assert seen == [((Shape.CALM, True), True), ((Shape.CALM, True), False), ((Shape.CALM, False), True)]


def test_an_icon_that_is_not_wanted_from_the_start_stays_away(panel):
    tray, shown, _ = panel
    tray.show(replace(view(1), visible=False))
    shown.settle()
    assert not shown.shown


def test_a_command_goes_to_the_clipboard(panel):
    tray, shown, _ = panel
    tray.copy("launchctl setenv A 1")
    shown.settle()
    assert shown.copied == ["launchctl setenv A 1"]


def test_the_icon_waits_for_its_first_frame(panel):
    """An AppIndicator that becomes active without a menu stays invisible for good."""
    tray, shown, _ = panel
    tray.run(started=lambda: (tray.stop(), shown.settle()))
    assert not shown.shown


def test_a_burst_reaches_the_panel_once_a_second_with_its_last_frame(panel):
    tray, shown, clock = panel
    for number in range(100):
        tray.show(view(number))
    shown.settle()
    assert (shown.menus_sent, shown.rows[0].text) == (1, "row 0")
    ((seconds, due),) = shown.timers
    assert seconds == pytest.approx(1.0)
    clock.now += seconds
    due()
    assert (shown.menus_sent, shown.rows[0].text, shown.tooltip) == (2, "row 99", "tip 99")


def test_an_equal_frame_sends_nothing(panel):
    tray, shown, clock = panel
    for _ in range(3):
        tray.show(view(1))
        shown.settle()
        clock.now += 5
    assert shown.menus_sent == 1
    assert shown.timers == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(panel, sent, tmp_path, number):
    tray, shown, _ = panel
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    tray.show(view(1))
    try:
        tray.run(started=lambda: signal.raise_signal(number))
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert sent == [Quit()]
    assert shown.shown
    assert list(tmp_path.iterdir()) == []  # no picture is left behind


def test_notices_without_a_bus_are_said_once_in_the_log_and_never_raised(panel, caplog):
    tray, _, _ = panel
    for number in range(5):
        tray.notify(NoticeView("Title", "body", f"cause {number}"))
    tray._notifier.close()
    assert caplog.text.count("Notices cannot be shown") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_pictures_of_a_copy_that_was_killed_are_swept(tmp_path):
    child = subprocess.Popen(["true"])
    child.wait()
    dead, alive = (tmp_path / f"elbowroom-icons-{number}-x" for number in (child.pid, os.getpid()))
    for folder in (dead, alive, tmp_path / "elbowroom-icons-mine"):
        (folder / "hicolor").mkdir(parents=True)
    files = IconFiles({"XDG_RUNTIME_DIR": str(tmp_path)})
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {alive.name, "elbowroom-icons-mine", files.folder.name}
    files.close()


def test_without_a_display_there_is_no_tray_and_a_reason():
    with pytest.raises(TrayUnavailable) as caught:
        find_host({})
    assert caught.value.problem is TrayProblem.NO_DISPLAY


@pytest.mark.parametrize(
    "address", ["", "unix:path={}/none", "disabled:", "autolaunch:", "tcp:host=localhost,port=1", ";"]
)
def test_a_display_without_a_session_bus_is_told_as_that(tmp_path, address):
    """`There is no graphical session here` was said in one."""
    with pytest.raises(TrayUnavailable) as caught:
        find_host({"WAYLAND_DISPLAY": "wayland-1", "DBUS_SESSION_BUS_ADDRESS": address.format(tmp_path)})
    assert caught.value.problem is TrayProblem.NO_BUS
    assert caught.value.detail


def test_the_bus_of_the_runtime_folder_is_asked_where_no_address_is_told(tmp_path):
    """A shell by ssh or su has the folder, and no address."""
    with socket.socket(socket.AF_UNIX) as bus, ThreadPoolExecutor(1) as thread:
        bus.bind(str(tmp_path / "bus"))
        bus.listen()

        def hang_up():
            bus.accept()[0].close()

        came = thread.submit(hang_up)
        with pytest.raises(TrayUnavailable):
            find_host({"WAYLAND_DISPLAY": "wayland-1", "XDG_RUNTIME_DIR": str(tmp_path)})
        came.result(10)


def test_the_check_comes_before_pystray_is_imported(monkeypatch, sent):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("PYSTRAY_BACKEND", raising=False)
    with pytest.raises(TrayUnavailable):
        _linux.open_linux(sent.append)
    assert "PYSTRAY_BACKEND" not in os.environ


@pytest.fixture
def system_gi(monkeypatch, tmp_path):
    """A Python without PyGObject, and the folder of the system's."""
    real = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "gi"}
    for name in real:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if not (Path(path) / "gi").exists()])
    monkeypatch.setattr(_linux, "_system_gi", lambda: [path for path in [tmp_path / "gi"] if path.is_dir()])
    yield tmp_path / "gi"
    for name in [name for name in sys.modules if name.partition(".")[0] == "gi"]:
        del sys.modules[name]  # monkeypatch puts back the real ones


def test_what_is_missing_is_told_as_it_is(system_gi):
    """`install python3-gi` was the advice where it is installed and this Python cannot use it."""
    assert _linux._missing() is TrayProblem.NO_LIBRARY
    system_gi.mkdir()
    assert _linux._missing() is TrayProblem.OTHER_PYTHON
    assert "install " not in sentence(TrayUnavailable(TrayProblem.OTHER_PYTHON, "gi"), TR)


def test_the_systems_library_is_taken_where_it_fits_this_python(system_gi):
    system_gi.mkdir()
    (system_gi / "__init__.py").write_text("from . import _gi", encoding="utf-8")
    (system_gi / "_gi.py").touch()
    (system_gi / "_gi.cpython-27-x86_64-linux-gnu.so").touch()
    _linux._borrow_gi()
    assert "gi" not in sys.modules
    (system_gi / f"_gi{EXTENSION_SUFFIXES[0]}").touch()
    (system_gi / "__init__.py").write_text("from . import repository", encoding="utf-8")
    (system_gi / "repository.py").touch()
    _linux._borrow_gi()
    assert Path(sys.modules["gi"].__file__).parent == system_gi

    def require_version(*_):
        raise ValueError("Namespace Gtk not available")

    sys.modules["gi"].require_version = require_version
    # What AppIndicator needs beside it was not installed: PyGObject is not named.
    assert _linux._missing() is TrayProblem.NO_INDICATOR
    assert "python3-gi " not in sentence(TrayUnavailable(TrayProblem.NO_INDICATOR, "no such typelib"), TR)


def test_a_library_of_the_system_that_does_not_load_leaves_nothing_behind(system_gi):
    system_gi.mkdir()
    (system_gi / f"_gi{EXTENSION_SUFFIXES[0]}").touch()
    (system_gi / "__init__.py").write_text("raise ImportError('libgirepository')", encoding="utf-8")
    with pytest.raises(ImportError):
        _linux._borrow_gi()
    assert "gi" not in sys.modules
