"""`relief`: chosen, switched off, its rules, and what it would have done in the last day; a bad word costs nothing."""

import json
import time

import pytest

from tests.played import Played
from tray_app.core.report.history import Stretch, Unwritten
from tray_app.core.values.finding import Level
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.storage.history import HistoryFile
from tray_app.storage.settings import load

NORMAL = Pressure.NORMAL


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    with Played(home) as made:
        yield made


@pytest.fixture
def run(played, capsys):
    def call(*argv):
        code = played.run(*argv)
        return code, *capsys.readouterr()

    return call


def remember(played):
    """An hour of it: two storms of a minute, the second under memory pressure, and calm between and after them."""
    app, now = played.app(), time.time()
    parts = [(1000, Level.CALM, NORMAL), (60, Level.OVERLOADED, NORMAL), (2400, Level.CALM, NORMAL)]
    parts += [(60, Level.OVERLOADED, Pressure.CRITICAL), (80, Level.CALM, NORMAL)]
    at, spans = now - 3600, []
    for seconds, level, pressure in parts:
        spans.append(Stretch(at, at + seconds, level, pressure))
        at += seconds
    calls = [
        FinishedRequest("m", RequestKind.TASK, "relay", "follow-ups", now - 2580 + n, now - 2570 + n, busy_s=3.0)
        for n in range(4)
    ]
    file = HistoryFile(app.paths.history_file)
    assert file.write(Unwritten(tuple(spans), tuple(calls)))
    file.close()


def test_the_last_day_is_played_over_and_nothing_is_set(played, run):
    remember(played)
    code, out, _ = run("relief", "follow-ups-off", "--last-day")
    assert code == 0
    lines = out.splitlines()
    assert lines[:4] == [
        "Turn follow-ups off: it would have acted 2 times.",
        "Meanwhile 4 task calls or more (12 s of work) would not have run on the chat model.",
        "1.0 of the last 24 hours were watched.",
        "1 of them only if models, not other programs, filled the memory.",
    ]
    assert len(lines) == 6
    assert lines[5].endswith("still in force  0 task calls  possibly")
    assert json.loads(run("relief", "--json")[1])["on"] is False
    assert not (played.home / "settings.toml").exists()
    told = json.loads(run("relief", "follow-ups-off", "--last-day", "--clear", "2", "--json")[1])
    assert (told["schema"], told["remedy"], told["clear_s"]) == (1, "follow-ups-off", 120.0)
    first = told["turns"][0]
    assert (round(first["until"] - first["at"]), first["sure"], first["calls"]) == (170, True, 4)


def test_without_a_history_that_is_said(run):
    told = "The history knows nothing of the last day: it is written while the tray runs.\n"
    assert run("relief", "tags-off", "--last-day")[:2] == (0, told)


def test_a_damaged_history_is_one_line(played, run):
    remember(played)
    played.app().paths.history_file.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    code, out, err = run("relief", "tags-off", "--last-day")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "history.db" in err


def test_off_and_nothing_named_is_nothing_to_do(run):
    code, out, err = run("relief", "--last-day")
    assert (code, out) == (3, "")
    assert err == (
        "Automatic relief is off.\n"
        "Name one to try it, nothing is set: elbowroom relief follow-ups-off --last-day\n".replace(
            "elbowroom", err.rsplit(": ", 1)[1].split(" relief")[0]
        )
    )


def test_it_is_chosen_told_and_switched_off(played, run):
    code, out, _ = run("relief", "follow-ups-off", "--clear", "5")
    assert code == 0
    assert out.splitlines()[0] == "Automatic relief is on: Turn follow-ups off."
    assert "for 5 minutes" in out
    assert json.loads(run("relief", "--json")[1]) == {
        "schema": 1,
        "on": True,
        "remedy": "follow-ups-off",
        "clear_s": 300.0,
        "changes": [],
    }
    assert load(played.home / "settings.toml")[0].automatic_relief_clear_s == 300
    assert run("relief", "off")[1].startswith("Automatic relief is off.")


def test_where_the_file_decides_it_is_set_in_the_file_and_its_words_stay(played, run):
    file = played.home / "settings.toml"
    file.write_text('# ours\nautomatic_relief = true # since May\nautomatic_relief_remedy = "tags-off"\n')
    assert run("relief", "titles-off")[1].startswith("Automatic relief is on: Turn titles off.")
    assert file.read_text() == '# ours\nautomatic_relief = true # since May\nautomatic_relief_remedy = "titles-off"\n'
    assert run("relief", "off")[1].startswith("Automatic relief is off.")
    settings, problems = load(file)
    assert (settings.automatic_relief, problems) == (False, ())
    assert file.read_text().startswith("# ours\n")


def test_a_damaged_settings_file_is_told_and_left(played, run):
    file = played.home / "settings.toml"
    file.write_text("poll_s = = 3\n")
    code, _, err = run("relief", "--clear", "5")
    assert code == 1
    assert "cannot be read as TOML, so nothing was written into it." in err
    assert file.read_text() == "poll_s = = 3\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("folow-ups-off",), "`folow-ups-off` is nothing that automatic relief may do. Did you mean `follow-ups-off`?"),
        (("unload:m",), "`unload:m` is nothing that automatic relief may do."),
        (("task-model:",), "is nothing that automatic relief may do."),
        (("tags-off", "--clear", "0"), "`0` is not a whole number from 1 on"),
        (("tags-off", "--clear", "9999"), "must be within 60..86400"),
    ],
)
def test_a_bad_word_is_one_line_and_nothing_is_set(run, words, told):
    code, out, err = run("relief", *words)
    assert (code in {1, 2}, out) == (True, "")
    assert told in err
    assert json.loads(run("relief", "--json")[1])["on"] is False


def test_what_is_off_says_what_to_type(run):
    assert "switch it on, for instance: elbowroom relief follow-ups-off" in run("relief")[1]
    assert "switch it on" not in run("relief", "follow-ups-off")[1]
    assert "switch it on: elbowroom chat-first on" in run("chat-first", "status")[1]
