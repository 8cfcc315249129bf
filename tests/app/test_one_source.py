"""One source that breaks or is slow never ends the others, and a click never waits for it."""

import threading
import time

import pytest
from msgspec.structs import replace

from tests.app.test_worker import Running
from tests.played import Played
from tray_app.app import odd
from tray_app.app.rhythm import POLL_WITHIN_S, Asked
from tray_app.core.values.command import Snooze, SnoozeUntil
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.services.deadline import all_within
from tray_app.standins.server import wait_until


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path / "home") as made:
        (made.home / "settings.toml").write_text('language = "en"\n')
        yield made


class Breaks:
    """A source with a bug."""

    def read(self, *_, **__):
        raise KeyError("odd")

    def close(self):
        pass


@pytest.mark.parametrize("name", ["gpu", "processes", "connections", "log", "memory"])
def test_a_reader_with_a_bug_is_unknown_and_the_rest_is_there(played, name, caplog, monkeypatch):
    monkeypatch.setattr(odd, "_told", set())
    machine = replace(played.machine, **{name: Breaks()})
    played.machine = machine
    snapshot = played.app().observer.poll.take()
    field = {"log": "ollama_log"}.get(name, name)
    if name != "connections":
        assert getattr(snapshot, field) == Unknown(Why.BAD_ANSWER, "KeyError")
    assert isinstance(snapshot.ollama, Known)
    assert isinstance(snapshot.open_webui, Known)
    assert "a source gave no usable answer" in caplog.text


def test_a_question_with_a_bug_is_unknown_and_backed_off():
    asked, calls = Asked(60.0), []

    def question():
        calls.append(1)
        raise OverflowError

    assert asked.ask(question, 1.0, 1.0) == Unknown(Why.BAD_ANSWER, "OverflowError")
    asked.ask(question, 2.0, 2.0)
    assert len(calls) == 1


@pytest.fixture
def slow(monkeypatch):
    """Every answer of that server comes late from now on."""

    def make(server, seconds):
        monkeypatch.setattr(server, "fault_for", lambda _path: time.sleep(seconds))

    return make


def test_a_poll_ends_within_its_deadline_whatever_the_servers_do(played, slow):
    """1.9 s an answer is just within the deadline of each request."""
    poll = played.app().observer.poll
    slow(played.webui, 1.9)
    slow(played.ollama, 1.9)
    for _ in range(2):
        began = time.monotonic()
        snapshot = poll.take()
        assert time.monotonic() - began < POLL_WITHIN_S + 0.5
    assert isinstance(snapshot.memory, Known)


def test_a_slow_server_is_late_and_the_other_is_there(played, slow):
    poll = played.app().observer.poll
    slow(played.ollama, 1.9)
    snapshot = poll.take()
    assert isinstance(snapshot.ollama, Unknown)
    assert snapshot.ollama.why is Why.TIMED_OUT
    assert isinstance(snapshot.open_webui, Known)


def test_what_a_slow_server_did_not_answer_in_one_poll_it_is_asked_in_the_next(played, slow):
    poll = played.app().observer.poll
    slow(played.webui, 0.9)
    poll.take()
    poll.take()
    tasks = poll.take().open_webui.value.tasks
    assert isinstance(tasks, Known)


def test_a_click_does_not_wait_for_a_slow_poll(played, slow):
    slow(played.webui, 1.9)
    slow(played.ollama, 1.9)
    running = Running(played)
    assert wait_until(lambda: running.screen.views)
    time.sleep(0.5)  # the first poll is under way
    began = time.monotonic()
    running.send(Snooze(SnoozeUntil.HOUR))
    assert wait_until(lambda: running.state().snoozed_until is not None)
    assert time.monotonic() - began < 1
    running.close()


def test_a_cut_ends_the_request_that_runs_and_costs_its_question_nothing(played, slow):
    slow(played.webui, 1.9)
    cut = threading.Event()
    threading.Timer(0.2, cut.set).start()
    poll = played.app().observer.poll
    began = time.monotonic()
    with all_within(POLL_WITHIN_S, cut.is_set), pytest.raises(ChangeError) as caught:
        poll.take()
    assert caught.value.problem is Problem.CANCELLED
    assert time.monotonic() - began < 1


def test_after_the_deadline_a_known_answer_stays_and_an_unknown_one_is_late():
    asked = Asked(1.0)
    with all_within(0.0):
        assert asked.ask(lambda: 1, 1.0, 1.0) == Unknown(Why.TIMED_OUT, f"{POLL_WITHIN_S:g} s")
    assert asked.ask(lambda: 1, 2.0, 2.0) == Known(1, 2.0)
    with all_within(0.0):
        assert asked.ask(lambda: 2, 9.0, 9.0) == Known(1, 2.0)
