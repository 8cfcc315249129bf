"""`status` and `watch` of several Ollamas: a row each, whatever one of them does."""

import contextlib
import json
import signal
import socket
import sys

import pytest

from tests.core.poll_builder import GONE, active, loaded, poll, requests
from tests.english import TR
from tests.played import Played
from tray_app.cli.main import run
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.recent import History
from tray_app.core.text import side_by_side
from tray_app.core.text.lines import width
from tray_app.core.text.watch import WatchFrame
from tray_app.core.values.limits import Limits
from tray_app.core.values.snapshot import Pressure
from tray_app.standins.models import BIG
from tray_app.standins.ollama import DemoOllama

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def cli(tmp_path, capsys, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)

    def call(*argv):
        code = run([*argv, "--open-webui", NOWHERE, "--home", str(tmp_path / "home")])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def row(url, snapshot):
    facts = Facts(snapshot, History(), Limits())
    return side_by_side.HostRow(url, facts.overview, diagnose(facts))


def text(lines):
    return ["".join(span.text for span in line) for line in lines]


def test_a_row_each_and_the_one_that_is_down_does_not_end_the_others(cli):
    with DemoOllama() as one, DemoOllama(version="0.12.11") as two:
        code, out, _ = cli("status", "--ollama", one.url, "--ollama", NOWHERE, "--ollama", two.url)
    rows = out.splitlines()
    assert code == 0
    assert rows[0].split() == ["Ollama", "Level", "Running", "Waiting", "Models"]
    assert [line.split()[0] for line in rows[1:4]] == [one.url, NOWHERE, two.url]
    assert rows[1].endswith("no model loaded")
    assert "not running here" in rows[2]
    assert out.count("Memory") == 1


def test_one_that_hangs_is_unknown_and_the_others_are_told(cli, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.toml").write_text("request_limit_s = 1\n")
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent, DemoOllama() as one:
        hangs = f"http://127.0.0.1:{silent.getsockname()[1]}"
        code, out, _ = cli("status", "--ollama", hangs, "--ollama", one.url)
    assert code == 0
    assert "unknown (no answer in time: 1 s)" in out.splitlines()[1]
    assert "no model loaded" in out.splitlines()[2]


def test_json_has_an_answer_for_each(cli):
    with DemoOllama() as one:
        code, out, _ = cli("status", "--json", "--ollama", one.url, "--ollama", NOWHERE)
    document = json.loads(out)
    assert (code, document["schema"], out.count("\n")) == (0, 1, 1)
    assert [(host["url"], host["ollama"]["presence"]) for host in document["hosts"]] == [
        (one.url, "running"),
        (NOWHERE, "absent"),
    ]
    assert all({"level", "memory", "requests", "findings", "unknown"} <= set(host) for host in document["hosts"])


@pytest.mark.parametrize("place", ["before", "after", "both"])
def test_one_host_is_not_several(cli, place):
    """Its answer is what it always was, wherever it is named and however often."""
    with DemoOllama() as one:
        named = ["--ollama", one.url]
        words = {
            "before": [*named, "status", "--json"],
            "after": ["status", "--json", *named],
            "both": [*named, "status", "--json", *named],
        }[place]
        code, out, _ = cli(*words)
    assert code == 0
    assert json.loads(out)["ollama"]["url"] == one.url


def test_an_address_that_is_none_is_refused_in_one_line(cli):
    code, out, err = cli("status", "--ollama", NOWHERE, "--ollama", "not a host")
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_watch_goes_on_with_all_of_them(cli):
    with DemoOllama() as one:
        words = ["watch", "--count", "2", "--interval", "0.1", "--ollama", one.url, "--ollama", NOWHERE]
        code, out, _ = cli(*words)
        assert code == 0
        assert out.count("Ollama ") == 2
        assert out.count("\n---\n") == 1
        code, out, _ = cli(*words, "--json")
    assert [len(json.loads(line)["hosts"]) for line in out.splitlines()] == [2, 2]


def test_findings_say_where_and_memory_is_this_machines(tmp_path):
    with Played(tmp_path / "home") as played:
        snapshot = played.app().observer.look().snapshot
    assert BIG in text(side_by_side.lines([row("http://a", snapshot)], TR))[1]
    pressed = poll(pressure=Pressure.CRITICAL, asks=requests([active()], waiting=2))
    made = text(side_by_side.lines([row("http://a", pressed), row("http://b", pressed)], TR))
    told = [line for line in made if line.startswith("* ")]
    assert all(line.startswith(("* http://a: ", "* http://b: ")) for line in told)
    pressure = [line for line in told if "memory" in line.lower() and "http://b" in line]
    assert len(told) > len(pressure)
    assert sum(line.startswith("* http://a") for line in told) >= sum(line.startswith("* http://b") for line in told)


def test_what_is_unknown_is_a_question_mark_and_a_name_cannot_move_the_cursor():
    evil = poll(models=[loaded("a\x1b[2Jb\u202e")])
    made = text(side_by_side.lines([row("http://a", evil), row("http://b", poll(ollama=GONE, requests=GONE))], TR))
    assert "a[2Jb" in made[1]
    assert "\x1b" not in "".join(made)
    assert made[2].split()[2:4] == ["?", "?"]


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (6, 80), (6, 30), (3, 12), (1, 5)])
def test_a_frame_fits_the_window(rows, columns):
    hosts = [row(f"http://gpu{number}.lan:11434", poll()) for number in range(5)]
    made = text(side_by_side.frame(hosts, WatchFrame(columns, rows, 0, 5.0), TR))
    assert len(made) <= rows
    assert all(width(line) <= columns for line in made)
    if columns >= 80:
        assert "Ctrl-C" in made[-1]
    if rows == 6:
        assert "more lines" in made[-2]  # nothing is left out without a word


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminal of this kind")
@pytest.mark.timeout(90)
def test_on_a_terminal_the_rows_stand_on_a_screen_of_their_own(tmp_path):
    from tests.cli.test_watch_screen import Watching, painted

    with DemoOllama() as one:
        child = Watching(tmp_path / "home", 24, 100, "--ollama", one.url, "--ollama", "http://127.0.0.1:9")
        screen = child.until(painted)
        shown = "\n".join(screen.text())
        assert screen.alternate
        assert one.url in shown
        child.process.send_signal(signal.SIGTERM)
        assert child.end() == 0
    assert not screen.alternate
    assert screen.normal.strip() == ""
