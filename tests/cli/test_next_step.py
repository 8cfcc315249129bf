"""A next step is typed as it was printed, in a shell of its own, and acts where the run acted that printed it."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from tray_app.cli.main import run
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI


@pytest.fixture
def server():
    with DemoOllama() as ollama, DemoOpenWebUI("0.12.4", ollama_url=ollama.url) as made:
        yield made


@pytest.fixture
def told(tmp_path, monkeypatch, server, capfd):
    """Runs a command beside a home with a space and Korean in its name; the commands that its text names."""
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home 집"

    def call(*argv):
        run([*argv, "--home", str(home), "--open-webui", server.url])
        text = "".join(capfd.readouterr())
        return [shlex.split(one) for one in re.findall(r"elbowroom (?:connect|undo|settings|doctor)[^`\n]*", text)]

    return call


def typed(words, stdin=""):
    """In a process of its own; the first word is ours."""
    command = [sys.executable, "-m", "tray_app", *words[1:]]
    done = subprocess.run(command, input=stdin, env=os.environ.copy(), text=True, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_next_step_acts_where_this_run_acted(told, server):
    """It named neither --home nor --open-webui: typed, it looked into other files and at another server."""
    (connect,) = told("settings")
    code, text = typed([*connect, "--token-stdin", "--insecure-file-secret"], server.session() + "\n")
    assert code == 0, text
    (undo,) = told("set", "tags=off")
    assert server.settings["ENABLE_TAGS_GENERATION"] is False
    assert (undo[1], typed(undo)[0]) == ("undo", 0)
    assert server.settings["ENABLE_TAGS_GENERATION"] is True


def test_each_option_is_named_once(told, server):
    for words in (*told("settings"), *told("undo")):
        assert len([word for word in words if word.startswith("--")]) == len({w for w in words if w.startswith("--")})
        assert words.count(server.url) <= 1
