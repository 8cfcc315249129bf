"""The pictures of a real session: live at once, with what is kept, and whole where the history cannot be read."""

import queue
import threading

import pytest
from msgspec.structs import replace

from tests.page.opened import Opened
from tests.played import Played
from tray_app.app import worker
from tray_app.app.details import pictures
from tray_app.app.details.pictures import PictureMaker, PicturesBeside
from tray_app.app.session import Session
from tray_app.core.report.details.scale import TimeWindow
from tray_app.core.values.command import Refresh
from tray_app.storage.drawn.history_window import HistoryWindow
from tray_app.storage.history import HistoryFile


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path) as made:
        yield made


@pytest.fixture
def session(played):
    made = Session(played.overrides)
    yield made
    made.close()


def made_by(session, file=None):
    look = session.look()
    maker = PictureMaker(file or session.history.file)
    return maker.document(look, session.history.unwritten, session.translator(), "en")


def test_the_newest_look_is_there_before_anything_is_written(session):
    told = made_by(session)
    assert set(told["times"]) == {window.value for window in TimeWindow}
    assert all(one["states"] for one in told["times"].values())
    assert told["notes"] == []
    assert [one["id"] for one in told["memory"]["bars"]] == ["budget", "computer"]


def test_a_history_that_cannot_be_read_is_told_and_what_was_seen_is_shown(session, tmp_path):
    damaged = tmp_path / "other.db"
    damaged.write_bytes(b"no database" * 1000)
    session.history.file = HistoryFile(damaged)
    session.history.file.write = lambda _rows: False  # as while another process holds it
    told = made_by(session)
    assert len(told["notes"]) == 1
    assert "other.db" in told["notes"][0]
    assert told["times"]["10m"]["states"]


def test_the_demo_has_pictures_of_what_it_saw(played):
    with Played(played.home / "demo") as other:
        session = Session(replace(other.overrides, played=True))
        told = made_by(session)
        session.close()
    assert told["times"]["hour"]["states"]


# --- beside the worker ---------------------------------------------------------------------


@pytest.fixture
def late():
    return queue.SimpleQueue()


@pytest.fixture
def beside(session, late):
    made = PicturesBeside(session.history, lambda: late.put(True))
    yield made
    made.forget()


class Slow:
    """A history that is not read before it is allowed."""

    def __init__(self, monkeypatch):
        self.go, self.asked = threading.Event(), []
        real = HistoryWindow.kept

        def kept(reader, *given):
            self.asked.append(threading.current_thread())
            assert self.go.wait(30)
            return real(reader, *given)

        monkeypatch.setattr(HistoryWindow, "kept", kept)


def test_the_same_look_is_made_once_and_another_language_anew(session, beside, late, monkeypatch):
    monkeypatch.setattr(pictures, "WAIT_S", 30.0)
    look = session.look()
    first = beside.document(look, session.translator(), "en")
    assert first is not None
    assert beside.document(look, session.translator(), "en") is first
    assert beside.document(look, session.translator(), "ko") is not first
    assert late.empty()


def test_a_history_that_takes_its_time_keeps_the_worker_from_nothing(session, beside, late, monkeypatch):
    """The page comes without pictures first, then with those that were made, then with the newest."""
    slow, tr, look = Slow(monkeypatch), session.translator(), session.look()
    assert beside.document(look, tr, "en") is None
    assert beside.document(session.look(), tr, "en") is None
    assert len(slow.asked) == 1, "one after the other"
    assert slow.asked[0] is not threading.current_thread()
    slow.go.set()
    assert late.get(timeout=30)
    told = beside.document(look, tr, "en")
    assert told is not None
    assert set(told["times"]) == {window.value for window in TimeWindow}
    slow.go.clear()
    assert beside.document(session.look(), tr, "en") is told
    slow.go.set()
    assert late.get(timeout=30)


def test_the_worker_shows_them_once_they_are_there(played, monkeypatch):
    """Nothing else happens in between: no look is due for an hour."""
    slow = Slow(monkeypatch)
    monkeypatch.setattr(worker, "pause_s", lambda *_given, **_more: 3600.0)
    with Opened(played) as opened:
        guest = opened.guest()
        opened.worker.send(Refresh())
        document = guest.until(lambda one: one["tasks"]["switches"])
        assert document["pictures"] is None
        slow.go.set()
        document = guest.until(lambda one: one["pictures"])
        assert document["pictures"]["times"]["week"]["states"]


def test_what_is_made_for_a_page_that_was_closed_is_for_nobody(session, beside, late, monkeypatch):
    slow, look = Slow(monkeypatch), session.look()
    assert beside.document(look, session.translator(), "en") is None
    beside.forget()
    slow.go.set()
    monkeypatch.setattr(pictures, "WAIT_S", 30.0)
    assert beside.document(look, session.translator(), "en") is not None


def test_a_mistake_while_they_are_made_is_told_and_the_next_look_is_drawn(session, beside, monkeypatch):
    monkeypatch.setattr(pictures, "WAIT_S", 30.0)
    real = PictureMaker.document
    monkeypatch.setattr(PictureMaker, "document", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        beside.document(session.look(), session.translator(), "en")
    monkeypatch.setattr(PictureMaker, "document", real)
    assert beside.document(session.look(), session.translator(), "en") is not None
