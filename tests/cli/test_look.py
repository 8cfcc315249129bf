"""`watch`, `record`, `replay` and `fit`, and output that goes to a pipe, to ASCII or to nobody."""

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.played import Played
from tray_app.app import trace as trace_of
from tray_app.cli.main import run
from tray_app.cli.status import show
from tray_app.standins.models import BIG, LIBRARY, SMALL

ROOT = Path(__file__).parents[2]
PATIENT = "request_limit_s = 20\n"
"""How long a stand-in takes says how busy the machine is, not whether the answer is right."""


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.toml").write_text(PATIENT)
    with Played(tmp_path / "home", installed=(BIG, SMALL)) as made:
        yield made


@pytest.fixture
def look(played, capsys):
    def call(*argv):
        code = played.run(*argv)
        return code, *capsys.readouterr()

    return call


def test_watch_as_json_is_one_line_per_look(look):
    code, out, _ = look("watch", "--json", "--count", "2", "--interval", "0.1")
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, [line["schema"] for line in lines]) == (0, [1, 1])
    assert all("alert" in finding for line in lines for finding in line["findings"])


@pytest.mark.parametrize("command", ["status", "settings", "doctor", "journal", "fit gemma3:1b", "watch --count 1"])
def test_json_is_ascii_whatever_a_model_is_called(tmp_path, monkeypatch, capsys, command):
    """C1 controls and direction marks in a name reached the terminal through `status --json`."""
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    name = "q\x9b2J\u202e\u2066한:1b"
    monkeypatch.setitem(LIBRARY, name, replace(LIBRARY[SMALL], name=name))
    with Played(tmp_path / "home", installed=(BIG, SMALL, name)) as made:
        assert made.run(*command.split(), "--json") == 0
    out = capsys.readouterr().out
    assert out.isascii()
    assert out.removesuffix("\n").isprintable()


def test_watch_in_a_pipe_has_no_control_characters(look, monkeypatch):
    code, out, _ = look("watch", "--count", "2", "--interval", "0.1")
    assert code == 0
    assert "\x1b" not in out
    assert out.count("---") == 1


def test_watch_goes_by_the_settings_of_each_look(look, played, monkeypatch):
    def show_and_edit(look, *args, **options):
        show(look, *args, **options)
        (played.home / "settings.toml").write_text(f"{PATIENT}[limits]\nbig_model_share = 1.0\n")

    monkeypatch.setattr("tray_app.cli.watch.show", show_and_edit)
    _, out, _ = look("watch", "--json", "--count", "2", "--interval", "0.1")
    kinds = [{one["kind"] for one in json.loads(line)["findings"]} for line in out.splitlines()]
    assert ["tasks-on-big-model" in one for one in kinds] == [True, False]


@pytest.mark.parametrize(("name", "coloured"), [("NO_COLOR", False), ("FORCE_COLOR", True)])
def test_colours_are_the_users_choice(look, monkeypatch, name, coloured):
    monkeypatch.setenv(name, "1")
    assert ("\x1b[" in look("status")[1]) is coloured


def test_a_recording_is_judged_again_and_a_broken_line_is_told(look, played, tmp_path):
    (played.home / "settings.toml").write_text("poll_s = 1\npoll_busy_s = 1\n")
    trace = tmp_path / "trace.jsonl"
    code, out, _ = look("record", str(trace), "--seconds", "1.5")
    assert code == 0
    assert str(trace.name) in out
    code, out, err = look("replay", str(trace), "--json")
    first = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert first[0]["findings"][0]["kind"] == "tasks-on-big-model"
    recorded = [poll.requests for poll in trace_of.read(trace_of.lines_of(trace))]
    assert [poll.snapshot.requests for poll in trace_of.replay(trace_of.lines_of(trace))] == recorded
    with trace.open("a") as file:
        file.write('{"torn": \n')
    code, out, err = look("replay", str(trace), "--json")
    assert (code, len(out.splitlines()), len(err.splitlines())) == (1, len(first), 1)


def test_a_file_that_is_not_there_is_one_line(look, tmp_path):
    code, _, err = look("replay", str(tmp_path / "none.jsonl"))
    assert (code, len(err.splitlines())) == (1, 1)


def test_fit_as_json_has_its_keys_and_loads_nothing(look, played):
    code, out, _ = look("fit", SMALL, "--with", BIG, "--json")
    made = json.loads(out)
    wanted = "need_bytes weights_bytes kv_cache_bytes state_bytes compute_bytes overhead_bytes budget_bytes verdict"
    assert code == 0
    assert {*wanted.split(), "basis", "context", "parallel"} <= set(made)
    parts = [made[f"{name}_bytes"] for name in ("weights", "kv_cache", "state", "compute")]
    assert made["need_bytes"] == sum(parts)
    assert played.ollama.loaded() == (BIG,)


FITS = [
    (("gemma3:1b",), ("gemma3:1b fits beside qwen3:32b",)),
    (("gemma3:1b", "--alone"), ("gemma3:1b fits: it needs", "Judged as if no other model were loaded.")),
    (("llama3.2:1b",), ("beside qwen3:32b", "It is not installed yet (1.2 GiB to download): ollama pull llama3.2:1b")),
    (("mistral:7b",), ("It is not known whether mistral:7b fits", "Get it, then ask again: ollama pull mistral:7b")),
    (("gema3:1b",), ("Did you mean `gemma3:1b`?",)),
]


@pytest.mark.parametrize(("argv", "words"), FITS, ids=[" ".join(row[0]) for row in FITS])
def test_fit_says_beside_what_and_under_what_condition(look, argv, words):
    code, out, _ = look("fit", *argv)
    assert code == 0
    for text in words:
        assert text in out


def test_fit_at_a_silent_ollama_claims_nothing_about_what_is_installed(look, played):
    played.ollama.stop()
    code, out, err = look("fit", "gemma3:1b")
    assert (code, err) == (0, "")
    assert "Ollama gave no answer" in out
    assert "elbowroom doctor" in out
    assert "no model" not in out


def elbowroom(*argv, home, **more):
    names = (
        "ELBOWROOM_API_KEY",
        "OPEN_WEBUI_URL",
        "OLLAMA_HOST",
        "LANG",
        "LC_ALL",
        "LANGUAGE",
        "FORCE_COLOR",
        "PYTHONUNBUFFERED",
    )
    environment = {key: value for key, value in os.environ.items() if key not in names} | more
    nowhere = ["--home", str(home), "--ollama", "http://127.0.0.1:9", "--open-webui", "http://127.0.0.1:9"]
    return subprocess.Popen(
        [sys.executable, "-m", "tray_app", *argv, *nowhere],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    child = elbowroom("watch", "--json", "--interval", "0.1", home=tmp_path)
    assert json.loads(child.stdout.readline())["schema"] == 1
    child.stdout.close()
    err = child.stderr.read()
    child.stderr.close()
    assert (child.wait(60), err) == (0, b"")


@pytest.mark.parametrize("argv", [("--help",), ("status", "--json"), ("journal",)])
def test_a_reader_that_went_before_the_first_line_is_no_error(tmp_path, argv):
    """What is buffered leaves only at the end, where Python itself would answer a broken pipe with code 120."""
    child = elbowroom(*argv, home=tmp_path)
    child.stdout.close()
    err = child.stderr.read()
    child.stderr.close()
    assert (child.wait(60), err) == (0, b"")


@pytest.mark.parametrize(
    ("encoding", "language"),
    [("ascii", "en"), ("ascii", "ko"), ("cp949", "en"), ("cp949", "ko"), ("cp932", "ja"), ("gbk", "zh_CN")],
)
def test_a_narrow_encoding_does_not_end_the_program(tmp_path, encoding, language):
    child = elbowroom("status", "--lang", language, home=tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    assert b"Traceback" not in err
    assert out.decode("utf-8")


@pytest.mark.parametrize(
    ("line", "told"), [('{"schema":99}', "written by a newer Elbowroom"), ('{"schema":2}', "is damaged")]
)
def test_a_line_of_a_newer_version_is_not_called_damaged(tmp_path, capsys, line, told):
    (tmp_path / "journal.jsonl").write_text(line + "\n", encoding="utf-8")
    run(["journal", "--home", str(tmp_path), "--lang", "en"])
    assert told in capsys.readouterr().err


def test_status_says_no_number_twice_and_no_nothing(look, played):
    """`81 %` was followed by `80.9 %`, and by `Running: 0 requests`."""
    _, out, _ = look("status")
    lines = out.splitlines()
    for sentence, rests_on in itertools.pairwise(lines):
        if sentence.startswith("* ") and "  |  " in rests_on:
            shares = re.findall(r"(\d+)%", sentence)
            assert not [share for share in shares if f"{share}%" in rests_on]
            assert "0 requests" not in rests_on
            assert " 0 s" not in rests_on


def test_a_number_that_is_not_known_has_no_confidence(look, played, monkeypatch):
    _, out, _ = look("status", "--json")
    for name in ("running", "waiting"):
        requests = json.loads(out)["requests"]
        assert (requests[name] is None) is (requests[f"{name}_confidence"] is None)


@pytest.mark.parametrize("columns", ["60", "80"])
def test_the_journal_is_newest_first_and_fits(look, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert look("set", "tags=off")[0] == 0
    assert look("set", "task-model=gemma3:1b")[0] == 0
    _, out, _ = look("journal")
    lines = out.splitlines()
    assert max(map(len, lines)) <= int(columns)
    assert "http" not in out  # there is one server
    (newest,), (oldest,) = ([n for n, one in enumerate(lines) if word in one] for word in ("gemma3:1b", "Tags"))
    assert newest < oldest
