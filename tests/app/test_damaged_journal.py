"""A journal that cannot be trusted: what it may hide is said, and nothing is concluded from it."""

import json

import pytest

from tests.played import Played
from tray_app.app.session import Session
from tray_app.core.diagnosis.rules import settings_drift
from tray_app.core.values.errors.storage import JournalDamaged


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    monkeypatch.setattr("tray_app.app.doing.read_backs.PAUSE_S", 0.0)
    with Played(tmp_path / "home") as made:
        (made.home / "settings.toml").write_text('language = "en"\n')
        assert made.run("set", "tags=off") == 0
        yield made


def _another(played, old=b'"origin":"http://127', new=b'"origin":"http://128'):
    """The same line about another server: before there were checksums, the change was then silently gone."""
    file = played.home / "journal.jsonl"
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new))


@pytest.mark.parametrize("command", [["undo"], ["undo", "--dry-run"], ["status"]])
def test_a_change_that_damage_hides_is_not_silently_gone(played, capsys, command):
    _another(played)
    capsys.readouterr()
    assert played.run(*command) in {0, 3}
    assert "Lines of" in (said := capsys.readouterr().err)
    assert "are damaged (1, 2)" in said
    assert "elbowroom journal" in said


def test_the_menu_says_it_too(played):
    _another(played, b'"event":"applied"', b'"event":"undone" ')
    session = Session(played.overrides)
    try:
        assert [one.event for one in session.screen_state(None).undoable] == ["intended"]
        assert "damaged (2)" in session.complaint()
    finally:
        session.close()


def test_lines_of_a_newer_version_are_told_as_that(played, capsys):
    _another(played, b'{"schema":2', b'{"schema":3')
    assert played.run("undo") == 3
    assert "newer Elbowroom" in capsys.readouterr().err


def test_without_a_journal_drift_is_unknown_and_not_absent(played, capsys):
    played.webui.settings["ENABLE_TAGS_GENERATION"] = True  # somebody else
    app = played.app()
    assert [one.subject for one in settings_drift.check(app.observer.look().facts)] == ["tags"]
    file = played.home / "journal.jsonl"
    file.unlink()
    file.mkdir()
    app = played.app()
    look = app.observer.look()
    assert settings_drift.check(look.facts) is None
    assert not any(isinstance(one, JournalDamaged) for one in app.file_problems)
    capsys.readouterr()
    assert played.run("status", "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["unknown"]["journal"]["why"] == "bad-answer"
    assert "journal.jsonl cannot be used" in told.err
