"""Whether notices are seen is found out and told: in the menu, never only in a log."""

import asyncio
import contextlib
import gc
import queue
import sys
import threading
import types

import pytest

from tray_app.core.menu.screen import NoticeView
from tray_app.core.values.command import NoticeProblem, NoticesUnseen
from tray_app.tray import notify
from tray_app.tray._notify_desktop import DesktopNotifier

NOTICE = NoticeView("Overloaded", "3 requests wait", "cause")


class Centre:
    """desktop-notifier as far as it is used. It sends whether or not the user allowed it, and says nothing."""

    capabilities = frozenset({"title"})
    allowed: tuple[bool, ...] = ()

    def __init__(self, app_name):
        self.answers, self.sent = iter(self.allowed), []
        Centre.newest = self

    async def get_capabilities(self):
        return self.capabilities

    async def request_authorisation(self):
        return next(self.answers)

    async def send(self, **words):
        self.sent.append(words["title"])
        return "1"

    async def clear(self, _number):
        await asyncio.sleep(0)


@pytest.fixture
def centre(monkeypatch):
    levels = types.SimpleNamespace(Critical=1, Normal=0)
    library = types.SimpleNamespace(DesktopNotifier=Centre, Urgency=levels, Button=dict)
    monkeypatch.setitem(sys.modules, "desktop_notifier", library)
    return Centre


def test_what_the_system_keeps_back_is_told_once_and_so_is_its_end(centre, monkeypatch):
    monkeypatch.setattr(centre, "allowed", (False, False, True, True))
    told = queue.SimpleQueue()
    notifier = DesktopNotifier(told.put)
    assert notifier._asked.wait(10)
    for _ in range(4):
        notifier.show(NOTICE)
    assert told.get(timeout=10) == NoticesUnseen(NoticeProblem.NOT_ALLOWED)
    assert told.get(timeout=10) == NoticesUnseen(None)
    notifier.close()
    assert told.empty()


def test_a_notice_under_way_at_the_end_is_no_error(centre, monkeypatch, caplog):
    began = threading.Event()

    async def never(_self):
        began.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(centre, "request_authorisation", never)
    notifier = DesktopNotifier(print)
    assert notifier._asked.wait(10)
    notifier.show(NOTICE)
    assert began.wait(10)
    notifier.close()
    gc.collect()
    assert caplog.text == ""


def test_where_the_script_runner_shows_them_nobody_knows_whether_they_are_seen(centre, monkeypatch):
    """Outside an app bundle. macOS drops them until Script Editor was allowed, and the runner ends with 0 either way."""
    monkeypatch.setattr(centre, "capabilities", frozenset())
    shown, told = queue.SimpleQueue(), queue.SimpleQueue()
    monkeypatch.setattr(notify, "osascript", shown.put)
    notifier = notify.open_macos_notifier(told.put)
    for _ in range(2):
        notifier.show(NOTICE)
        assert shown.get(timeout=10) == NOTICE
    notifier.close()
    assert told.get(timeout=10) == NoticesUnseen(NoticeProblem.SCRIPT_EDITOR)
    assert told.empty()


@pytest.mark.skipif(sys.platform != "linux", reason="the session bus of Linux")
class TestOnTheBus:
    @pytest.fixture
    def notifier(self, monkeypatch):
        """`outcomes` is what becomes of each notice: None is shown, an error is raised."""
        from tray_app.tray.linux import notify as _notify_linux

        outcomes, notices, told = queue.SimpleQueue(), queue.SimpleQueue(), queue.SimpleQueue()

        def notified(self, _bus, notice, _able):
            error = outcomes.get(timeout=10)
            notices.put((notice.title, error))
            if error is not None:
                raise error
            self._report(None)

        ours, theirs = _notify_linux.socket.socketpair()
        ours.setblocking(False)
        bus = types.SimpleNamespace(sock=ours, filter=lambda _rule, queue: contextlib.nullcontext())
        monkeypatch.setattr(_notify_linux, "open_session_bus", lambda: contextlib.nullcontext(bus))
        monkeypatch.setattr(_notify_linux, "Proxy", lambda *_, **__: types.SimpleNamespace(AddMatch=lambda _rule: None))
        monkeypatch.setattr(_notify_linux, "_receive_all", lambda _bus: None)
        monkeypatch.setattr(_notify_linux.BusNotifier, "_call", lambda *_: ([],))
        monkeypatch.setattr(_notify_linux.BusNotifier, "_notify", notified)
        made = _notify_linux.BusNotifier(told.put)
        yield types.SimpleNamespace(show=made.show, outcomes=outcomes, notices=notices, told=told)
        made.close()
        ours.close()
        theirs.close()

    def step(self, notifier, title, *outcomes):
        for outcome in outcomes:
            notifier.outcomes.put(outcome)
        notifier.show(NoticeView(title, "", "cause"))
        return [notifier.notices.get(timeout=10)[0] for _ in outcomes]

    def test_a_missing_service_is_told_and_its_coming_too(self, notifier):
        self.step(notifier, "one", OSError("no service"))
        assert notifier.told.get(timeout=10) == NoticesUnseen(NoticeProblem.NO_SERVICE)
        self.step(notifier, "two", None)
        assert notifier.told.get(timeout=10) == NoticesUnseen(None)

    def test_a_notice_that_finds_the_connection_lost_is_shown_on_the_next_one(self, notifier):
        self.step(notifier, "one", None)
        assert self.step(notifier, "two", ConnectionResetError(), None) == ["two", "two"]
        assert notifier.told.empty()
