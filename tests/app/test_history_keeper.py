"""The tray's history: each look is noted, a minute's are written at once, and no trouble with the file stops a look."""

import sqlite3

import pytest

from tests.played import Played
from tray_app.app import watch
from tray_app.app.session import Session
from tray_app.storage.history import HistoryFile


@pytest.fixture
def played(tmp_path):
    with Played(tmp_path) as made:
        yield made


@pytest.fixture
def session(played):
    made = Session(played.overrides)
    yield made
    made.close()


def path_of(session):
    return session.app.paths.history_file


def test_a_look_is_kept_and_the_end_comes_with_the_apps_own(session):
    for _ in range(3):
        look = session.look()
    path = path_of(session)
    (first,) = HistoryFile(path).read().spans
    assert first.level is look.diagnosis.level
    assert first.until == first.at  # the others wait for the next minute
    session.close()
    kept = HistoryFile(path).read().spans
    assert kept[-1].until == pytest.approx(look.snapshot.taken_at)
    assert session.complaint() == ""


def test_a_file_that_cannot_be_written_stops_no_look_and_is_told(session, monkeypatch):
    monkeypatch.setattr(watch, "WRITE_EVERY_S", 0.0)
    session.look()
    other = sqlite3.connect(path_of(session), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    session._keeper._rows = session._keeper._rows.noted(_another(session.look()))
    session.look()
    assert "history.db" in session.complaint()
    other.execute("ROLLBACK")
    other.close()
    session._keeper._rows = session._keeper._rows.noted(_another(session.look()))
    session.look()
    assert session.complaint() == ""


def _another(look):
    """As if something had changed: only that is worth a writing."""
    from msgspec.structs import replace

    seen = watch._seen(look)
    return replace(seen, span=replace(seen.span, running=(seen.span.running or 0) + 1))


def test_the_demo_keeps_none(played):
    from msgspec.structs import replace

    with Played(played.home / "demo") as other:
        session = Session(replace(other.overrides, played=True))
        session.look()
        assert not path_of(session).exists()
        session.close()
