"""`receipt`: from the journal and the history on disk to a table, JSON, or the reason why there is none."""

import json

import pytest
from msgspec.structs import replace

from tray_app.cli import main as cli
from tray_app.core.report.history import Unwritten
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.task_settings import Setting
from tray_app.storage.history import HistoryFile
from tray_app.storage.journal import Journal
from tray_app.storage.paths import Paths


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr("time.time", lambda: NOW)
    return tmp_path / "home"


NOW = 1.8e9
AT = NOW - 1000
MADE = Record("one", AT, Event.INTENDED, "http://w", changes=(Change(Setting.FOLLOW_UPS, True, False),))
CHAT = FinishedRequest("m", RequestKind.CHAT, "relay", None, 0.0, 0.0, busy_s=4.0)


def changed(home):
    paths = Paths(home)
    journal = Journal(paths.journal_file)
    journal.append(MADE)
    journal.append(replace(MADE, event=Event.APPLIED, at=AT + 1))
    chats = tuple(
        replace(
            CHAT, began_at=side + 20 * number, ended_at=side + 20 * number + 5, first_token_at=side + 20 * number + wait
        )
        for side, wait in ((AT - 900, 3.0), (AT + 100, 1.0))
        for number in range(6)
    )
    history = HistoryFile(paths.history_file, lambda: NOW)
    assert history.write(Unwritten((), chats))
    history.close()


def run(home, *argv):
    return cli.run(["receipt", *argv, "--home", str(home), "--lang", "en"])


def test_a_table_of_the_newest_change_in_force(home, capsys):
    changed(home)
    assert run(home) == 0
    shown = capsys.readouterr().out
    assert "Follow-ups: on -> off" in shown
    assert "3.0 s" in shown
    assert "1.0 s" in shown


def test_json_has_both_sides_and_each_figure(home, capsys):
    changed(home)
    assert run(home, "one", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["change"], told["settled"], told["missing_answers"]) == (1, "one", True, 0)
    assert (told["before"]["answers"], told["after"]["answers"]) == (6, 6)
    (first,) = [one for one in told["figures"] if one["figure"] == "first_token_s"]
    assert first == {"figure": "first_token_s", "before": 3.0, "after": 1.0, "why_not": None}


def test_without_a_change_there_is_nothing_to_do(home, capsys):
    assert run(home) == 3
    assert "No change was made yet." in capsys.readouterr().err


def test_a_change_that_is_not_there_is_told_with_those_that_are(home, capsys):
    changed(home)
    assert run(home, "two") == 2
    told = capsys.readouterr().err
    assert "no change `two`" in told
    assert "one" in told


def test_where_nothing_was_counted_it_says_when_it_is(home, capsys):
    journal = Journal(Paths(home).journal_file)
    journal.append(MADE)
    journal.append(replace(MADE, event=Event.APPLIED, at=AT + 1))
    assert run(home) == 0
    out = capsys.readouterr().out
    assert "Answers are counted while the icon runs, or chat first is on." in out
    assert "not known" not in out
