"""The tray's history: each look is noted, a minute's are written at once, and no trouble with the file stops a look."""

import sqlite3
import time

import pytest
from msgspec.structs import replace

from tests.played import Played
from tray_app.app import watch
from tray_app.app.session import Session
from tray_app.app.watch import BESIDE_S, LONGEST_S, HistoryKeeper
from tray_app.cli import main as cli
from tray_app.core.menu.app import app_rows
from tray_app.core.report.history import MarkKind, Unwritten
from tray_app.core.values.plan import Event
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.standins.server import wait_until
from tray_app.storage.history import HistoryFile


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANGUAGE", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
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
    seen = watch._seen(look)
    return replace(seen, span=replace(seen.span, running=(seen.span.running or 0) + 1))


def test_a_change_is_marked_once_also_one_from_before_the_start(played, session):
    words = ["--home", str(played.home), "--ollama", played.ollama.url, "--open-webui", played.webui.url]
    cli.run(["set", "tags=off", *words])
    session.look()
    cli.run(["undo", *words])
    session.look()
    session.look()
    session.close()
    marks = HistoryFile(path_of(session)).read().marks
    assert [(one.kind, one.setting, one.value) for one in marks] == [
        (MarkKind.CHANGED, "tags", "off"),
        (MarkKind.TAKEN_BACK, "tags", "on"),
    ]


def test_the_demo_keeps_none(played):
    with Played(played.home / "demo") as other:
        session = Session(replace(other.overrides, played=True))
        session.look()
        assert not path_of(session).exists()
        session.close()


def test_what_a_change_brought_is_told_once_when_there_are_enough_answers(played, session):
    """Answers before and after are on disk; the notice comes with the next look, and the menu has the row."""
    cli.run(
        ["set", "tags=off", "--home", str(played.home), "--ollama", played.ollama.url, "--open-webui", played.webui.url]
    )
    at = next(one.at for one in session.app.journal.read().records if one.event is Event.APPLIED)
    chat = FinishedRequest("m", RequestKind.CHAT, "relay", None, at, at, busy_s=1.0)
    sides = [at - 2 + 0.1 * number for number in range(6)], [at + 0.01 * number for number in range(6)]
    ended = tuple(
        replace(chat, began_at=begin, ended_at=begin + 0.001, first_token_at=begin) for side in sides for begin in side
    )
    wait_until(lambda: time.time() > at + 2)
    assert session._keeper.file.write(Unwritten((), ended))
    look = session.look()
    (told,) = [one for one in session.tell(look) if one.cause.startswith("receipt")]
    assert "Tags" in told.body
    assert session.tell(session.look()) == ()
    state = session.screen_state(look)
    rows = [row for one in app_rows(state, session.translator()) for row in one.children]
    (row,) = [row for row in rows if row.id == "receipt"]
    assert row.children[0].text == "Tags: on -> off"
    assert row.children[-1].id == "copy:receipt"


def test_before_there_are_enough_the_menu_says_how_many_are_missing(played, session):
    cli.run(
        ["set", "tags=off", "--home", str(played.home), "--ollama", played.ollama.url, "--open-webui", played.webui.url]
    )
    look = session.look()
    assert not [one for one in session.tell(look) if one.cause.startswith("receipt")]
    rows = [row for one in app_rows(session.screen_state(look), session.translator()) for row in one.children]
    (row,) = [row for row in rows if row.id == "receipt"]
    assert row.children[1].text == "not enough yet: 5 more answers"


def test_for_an_old_change_only_its_two_days_are_read(played, session, monkeypatch):
    """A week of a busy machine takes the worker a second, and this is asked for again and again."""
    cli.run(
        ["set", "tags=off", "--home", str(played.home), "--ollama", played.ollama.url, "--open-webui", played.webui.url]
    )
    asked, read = [], HistoryFile.read
    monkeypatch.setattr(HistoryFile, "read", lambda file, *given: asked.append(given) or read(file, *given))
    monkeypatch.setattr(HistoryKeeper, "reckon_work", lambda *_: None)
    session.tell(session.look())
    [(since, until)] = asked
    at = session.app.journal.changes().all[-1].at
    assert since == at - LONGEST_S
    assert at + LONGEST_S <= until <= at + LONGEST_S + BESIDE_S
