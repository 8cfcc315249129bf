"""Notices on the session bus, on a connection whose every byte is ours. The real bus is in tests/e2e."""

import contextlib
import queue
import socket
import sys
import threading
from types import SimpleNamespace

import pytest

from tray_app.core.menu.screen import Button, NoticeView
from tray_app.core.values.command import Refresh
from tray_app.tray.art import app_icon

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the session bus of Linux")


class Bus:
    """A connection on which what is read already waits in `read`, and the socket stays silent."""

    def __init__(self):
        self.sock, self._other = socket.socketpair()
        self.read = []

    def filter(self, _rule, queue):
        self._signals = queue
        return contextlib.nullcontext()

    def recv_messages(self, timeout):
        if not self.read:
            raise TimeoutError
        self._signals.append(self.read.pop(0))

    def close(self):
        self.sock.close()
        self._other.close()


@pytest.mark.parametrize(
    ("able", "body", "buttons"),
    [
        (["actions", "body-markup"], "a &lt;b&gt; &amp; c", ["0", "Look again"]),
        (["body"], "a <b> & c", []),
    ],
)
def test_markup_and_buttons_are_for_servers_that_know_them(monkeypatch, able, body, buttons):
    """Another one shows `&amp;` as it is (Desktop Notifications Specification, body-markup)."""
    from tray_app.tray.linux import notify as _notify_linux

    sent = []
    monkeypatch.setattr(_notify_linux.BusNotifier, "_call", lambda *call: sent.append(call[-1]) or (1,))
    notifier = _notify_linux.BusNotifier(print)
    notifier._notify(None, NoticeView("t", "a <b> & c", "cause", (Button("Look again", Refresh()),)), frozenset(able))
    notifier.close()
    assert sent[0][4:6] == (body, buttons)


def test_a_notice_brings_our_own_icon(monkeypatch):
    """No theme has it where we were not installed by a package: XFCE showed a light bulb."""
    from tray_app.tray.linux import notify as _notify_linux

    sent = []
    monkeypatch.setattr(_notify_linux.BusNotifier, "_call", lambda *call: sent.append(call[-1]) or (1,))
    notifier = _notify_linux.BusNotifier(print)
    notifier._notify(None, NoticeView("t", "b", "cause"), frozenset())
    notifier.close()
    signature, (wide, high, stride, alpha, bits, channels, data) = sent[0][6]["image-data"]
    assert (signature, alpha, bits, channels, stride) == ("(iiibiiay)", True, 8, 4, 4 * wide)
    assert data == app_icon(wide).tobytes()
    assert len(data) == stride * high


def test_a_click_that_comes_in_one_piece_with_the_answer_is_not_left_lying(monkeypatch):
    from tray_app.tray.linux import notify as _notify_linux

    bus, sent = Bus(), queue.SimpleQueue()
    clicked = SimpleNamespace(header=SimpleNamespace(fields={3: "ActionInvoked"}), body=(7, "0"))

    def call(_notifier, _bus, method, *_arguments):
        if method == "GetCapabilities":
            return (["actions"],)
        bus.read.append(clicked)
        return (7,)

    monkeypatch.setattr(_notify_linux, "Proxy", lambda *_, **__: SimpleNamespace(AddMatch=lambda _rule: None))
    monkeypatch.setattr(_notify_linux.BusNotifier, "_call", call)
    notifier = _notify_linux.BusNotifier(sent.put)
    notice = NoticeView("title", "body", "cause", (Button("Look again", Refresh()),))
    thread = threading.Thread(target=notifier._serve, args=(bus, notice))
    thread.start()
    try:
        assert sent.get(timeout=10) == Refresh()
    finally:
        notifier._put(None)
        thread.join(10)
        notifier.close()
        bus.close()
    assert not thread.is_alive()


def test_a_notice_that_comes_while_somebody_quits_is_not_shown_and_breaks_nothing(monkeypatch):
    from tray_app.tray.linux import notify as _notify_linux

    monkeypatch.setattr(_notify_linux.BusNotifier, "_work", lambda _notifier: pytest.fail("nobody is there to show it"))
    notifier = _notify_linux.BusNotifier(print)
    notifier.close()
    notifier.show(NoticeView("title", "body", "cause"))
    assert notifier._thread is None


def test_a_service_that_does_not_answer_keeps_the_sockets_that_its_thread_waits_on(monkeypatch):
    """Closed under it, they ended the thread with an internal error on the terminal."""
    from tray_app.tray.linux import notify as _notify_linux

    answers, ended = threading.Event(), queue.SimpleQueue()

    def work(notifier):
        answers.wait(60)
        ended.put(notifier._woken.fileno())

    monkeypatch.setattr(_notify_linux, "ANSWER_WITHIN_S", 0.05)
    monkeypatch.setattr(_notify_linux.BusNotifier, "_work", work)
    notifier = _notify_linux.BusNotifier(print)
    notifier.show(NoticeView("title", "body", "cause"))
    notifier.close()
    answers.set()
    assert ended.get(timeout=60) >= 0
    notifier._wake.close()
    notifier._woken.close()
