"""Our Windows adapter over pystray's own win32 code, on a fake user32 with messages and menus that live and die."""

import importlib
import queue
import signal
import threading

import pytest
from msgspec.structs import replace

from tests.tray import fake_windows
from tray_app.core.menu.screen import SEPARATOR, MenuView, NoticeView, Row, Shape, View
from tray_app.core.values.command import Quit, Refresh, Snooze, SnoozeUntil

LEFT_UP, RIGHT_UP = 0x0202, 0x0205
WM_CLOSE, WM_QUERYENDSESSION, WM_ENDSESSION, WM_TASKBARCREATED = 0x10, 0x11, 0x16, 0xC123
WM_NOTIFY, WM_DISPLAYCHANGE, WM_DPICHANGED = 0x400 + 11, 0x7E, 0x02E0
ROWS = (
    Row("Calm", id="headline"),
    SEPARATOR,
    Row("Ben & Jerry\tx", Refresh(), id="a"),
    Row("B", Snooze(SnoozeUntil.HOUR), id="b"),
    Row("Switches", children=(Row("on", Refresh(), checked=True), Row("off", Refresh(), checked=False, radio=True))),
)


def view(shape=Shape.CALM, tooltip="Calm", rows=ROWS):
    return View(shape, tooltip, MenuView(rows))


@pytest.fixture
def windows(backend, monkeypatch):
    backend("win32")
    windows = fake_windows.install(monkeypatch)
    yield windows
    assert windows.broken == []


class Session:
    """The app running in the background, and a person in front of it. What is asked runs on the icon's thread."""

    def __init__(self, tray, windows):
        self.tray, self.windows, self.done = tray, windows, queue.Queue()

    def on_icon_thread(self, work):
        """Everything posted before has been done when this returns."""
        self.tray._icon.post(lambda: self.done.put(work()))
        return self.done.get(timeout=10)

    def message(self, number, wparam=0, lparam=0):
        return self.on_icon_thread(lambda: self.windows.send(self.tray._icon._hwnd, number, wparam, lparam))

    def settle(self):
        self.on_icon_thread(lambda: None)

    def click(self, lparam=RIGHT_UP, choose=lambda _rows: 0):
        self.windows.person = choose
        self.message(WM_NOTIFY, 0, lparam)


@pytest.fixture
def run(windows, sent):
    """Runs `script(session)` beside the app, as the app's main thread is held by `run`."""

    def go(script):
        tray = importlib.import_module("tray_app.tray._windows").open_windows(sent.append)
        session, failed = Session(tray, windows), []

        def body():
            try:
                script(session)
            except BaseException as error:  # noqa: BLE001 - raised again on the main thread
                failed.append(error)
            finally:
                tray.stop()

        thread = threading.Thread(target=body)
        tray.run(started=thread.start)
        thread.join(10)
        if failed:
            raise failed[0]
        return tray

    return go


def find(rows, text):
    return next(row for row in rows if row.text == text)


def test_the_icon_appears_with_its_words_and_leaves_at_the_end(run, windows):
    def script(session):
        session.tray.show(view(Shape.OVERLOADED, "Overloaded: " + "🦙" * 200))
        session.settle()
        assert windows.tray["tip"].startswith("Overloaded: 🦙")
        assert len(windows.tray["tip"].encode("utf-16-le")) // 2 <= 127

    run(script)
    assert windows.tray is None


def test_an_icon_that_is_not_wanted_goes_and_comes_back(run, windows):
    def script(session):
        for visible in (True, False, True):
            session.tray.show(replace(view(), visible=visible))
            session.settle()
            assert (windows.tray is not None) is visible

    run(script)


def test_a_command_is_copied_and_nothing_leaks_where_it_cannot_be(run, windows):
    def script(session):
        session.tray.copy("OLLAMA_NUM_PARALLEL=1 \u2013 \ud55c")
        session.settle()
        windows.clipboard_is_in_use = True
        session.tray.copy("never")
        session.settle()

    run(script)
    assert windows.clipboard == "OLLAMA_NUM_PARALLEL=1 \u2013 \ud55c"
    assert windows.blocks == {}


@pytest.mark.parametrize(("percent", "drawn"), [(100, 16), (125, 20), (150, 24), (200, 32), (175, 32), (1000, 64)])
@pytest.mark.parametrize("message", [WM_DISPLAYCHANGE, WM_DPICHANGED])
def test_the_picture_has_the_size_that_the_screen_of_the_task_bar_shows(run, windows, percent, drawn, message):
    """The first screen's scale was taken for all."""
    windows.scale["task bar"] = 96 * percent // 100

    def script(session):
        session.tray.show(view())
        session.settle()
        assert windows.tray["icon"] == ({(drawn, drawn)}, (drawn, drawn))
        windows.scale["task bar"] = 144  # the task bar moves to another screen
        session.message(message)
        assert windows.tray["icon"] == ({(24, 24)}, (24, 24))

    run(script)
    assert windows.awareness == [-4]  # per monitor, version 2, and before any window


@pytest.mark.parametrize(
    ("lacks", "becomes"),
    [
        ({"SetProcessDpiAwarenessContext"}, 2),
        ({"SetProcessDpiAwarenessContext", "SetProcessDpiAwareness"}, "of the system"),
    ],
)
def test_an_older_windows_gets_the_best_that_it_has(run, windows, lacks, becomes):
    windows.lacks = {*lacks, "GetDpiForMonitor"}
    windows.system_dpi = 120

    def script(session):
        session.tray.show(view())
        session.settle()
        assert windows.tray["icon"] == ({(20, 20)}, (20, 20))

    run(script)
    assert windows.awareness == [becomes]


def test_a_scale_that_a_manifest_chose_is_no_error(run, windows):
    windows.awareness.append("by its manifest")
    run(lambda session: session.tray.show(view()))
    assert windows.tray is None


def test_the_menu_is_built_right_before_it_pops_up(run, windows, sent):
    seen = []

    def choose(rows):
        seen.append([(row.text, row.enabled, row.checked, row.radio) for row in rows if not row.separator])
        return find(rows, "B").number

    def script(session):
        session.tray.show(view())
        session.settle()
        assert windows.menus_built == 0
        session.click(choose=choose)

    run(script)
    assert seen == [
        [
            ("Calm", False, False, False),
            ("Ben && Jerry x", True, False, False),
            ("B", True, False, False),
            ("Switches", True, False, False),
        ]
    ]
    assert sent == [Snooze(SnoozeUntil.HOUR)]


def test_rows_of_a_submenu_run_their_own_action_and_show_their_state(run, sent):
    def choose(rows):
        on, off = find(rows, "Switches").submenu.rows
        assert (on.checked, on.radio, off.checked, off.radio) == (True, False, False, True)
        return off.number

    run(lambda session: (session.tray.show(view()), session.click(choose=choose)))
    assert sent == [Refresh()]


def test_an_open_menu_is_neither_destroyed_nor_changed(run, windows, sent):
    def script(session):
        def choose(rows):
            before = list(rows)
            for _ in range(5):
                session.tray.show(view(rows=(Row("Other", Quit()),), tooltip="New"))
            session.tray._icon.update_menu()
            windows.pump()
            windows.send(session.tray._icon._hwnd, WM_NOTIFY, 0, RIGHT_UP)  # a second click while it is open
            assert windows.tray["tip"] == "New"  # the icon itself goes on telling the state
            assert rows == before
            return find(rows, "B").number

        session.tray.show(view())
        session.click(choose=choose)

    run(script)
    assert sent == [Snooze(SnoozeUntil.HOUR)]


def test_a_left_click_opens_the_menu_and_changes_nothing(run, sent):
    opened = []
    run(lambda session: (session.tray.show(view()), session.click(LEFT_UP, lambda rows: opened.append(len(rows)) or 0)))
    assert opened == [5]
    assert sent == []


def test_no_row_is_the_default_one(run):
    def choose(rows):
        assert not any(row.default for row in rows)
        return 0

    run(lambda session: (session.tray.show(view()), session.click(choose=choose)))


def test_the_end_of_the_session_is_not_vetoed_and_ends_the_app(run, windows, sent):
    def script(session):
        assert session.message(WM_QUERYENDSESSION) == 1
        session.message(WM_ENDSESSION, 0)
        assert sent == []  # another program vetoed it: nothing ends
        windows.PostMessage(session.tray._icon._hwnd, WM_ENDSESSION, 1, 0)

    run(script)
    assert sent == [Quit()]


def test_taskkill_without_force_ends_it(run, windows, sent):
    """It closes every window of the program; the second one only owns menus."""

    def script(session):
        for window in (session.tray._icon._menu_hwnd, session.tray._icon._hwnd):
            windows.PostMessage(window, WM_CLOSE, 0, 0)

    run(script)
    assert sent == [Quit()]
    assert windows.procs == {}


def test_ctrl_c_ends_it_while_the_main_thread_waits(run, sent):
    run(lambda _session: signal.raise_signal(signal.SIGINT))
    assert sent == [Quit()]


def test_an_icon_refused_while_the_session_starts_is_added_later(run, windows, monkeypatch):
    module = importlib.import_module("tray_app.tray._winmenu")
    monkeypatch.setattr(module, "ADD_AGAIN_AFTER_S", 0.01)
    windows.refuse_adds = 2
    run(lambda _session: windows.added.wait(10))
    assert windows.refuse_adds == 0
    assert windows.added.is_set()


def test_a_restarted_explorer_gets_the_icon_again(run, windows):
    def script(session):
        session.tray.show(view(tooltip="Here"))
        session.settle()
        windows.tray = None
        session.message(WM_TASKBARCREATED)
        assert windows.tray["tip"] == "Here"

    run(script)


def test_a_balloon_holds_what_fits_and_waits_for_an_unlocked_session(run, windows):
    notice = NoticeView("T" * 80, "b" * 300, "cause")

    def script(session):
        windows.notification_state = 1  # locked
        session.tray.notify(NoticeView("Old", "old", "cause"))
        session.tray.notify(notice)
        session.settle()
        assert windows.balloons == []
        windows.notification_state = 5
        session.tray._notifier._second.flush()  # what its timer does
        session.settle()

    run(script)
    assert windows.balloons == [("T" * 62 + "…", "b" * 254 + "…")]
