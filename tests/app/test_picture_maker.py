"""The pictures of a real session: live at once, with what is kept, and whole where the history cannot be read."""

import pytest
from msgspec.structs import replace

from tests.played import Played
from tray_app.app.details.pictures import PictureMaker
from tray_app.app.session import Session
from tray_app.core.report.details.scale import TimeWindow
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


def made_by(session, maker):
    return maker.document(session.look(), session.translator(), "en")


def test_the_newest_look_is_there_before_anything_is_written(session):
    maker = PictureMaker(session.history)
    told = made_by(session, maker)
    assert set(told["times"]) == {window.value for window in TimeWindow}
    assert all(one["states"] for one in told["times"].values())
    assert told["notes"] == []
    assert [one["id"] for one in told["memory"]["bars"]] == ["budget", "computer"]


def test_the_same_look_is_made_once_and_another_language_anew(session):
    maker, look = PictureMaker(session.history), session.look()
    first = maker.document(look, session.translator(), "en")
    assert maker.document(look, session.translator(), "en") is first
    assert maker.document(look, session.translator(), "ko") is not first


def test_a_history_that_cannot_be_read_is_told_and_what_was_seen_is_shown(session, tmp_path):
    damaged = tmp_path / "other.db"
    damaged.write_bytes(b"no database" * 1000)
    session.history.file = HistoryFile(damaged)
    session.history.file.write = lambda _rows: False  # as while another process holds it
    told = made_by(session, PictureMaker(session.history))
    assert len(told["notes"]) == 1
    assert "other.db" in told["notes"][0]
    assert told["times"]["10m"]["states"]


def test_the_demo_has_pictures_of_what_it_saw(played):
    with Played(played.home / "demo") as other:
        session = Session(replace(other.overrides, played=True))
        told = made_by(session, PictureMaker(session.history))
        session.close()
    assert told["times"]["hour"]["states"]
