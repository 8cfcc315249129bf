"""A real llama-server as the hosted endpoint: added with its key, compared with a model of this Ollama, taken back."""

import io
import json
import subprocess
import sys

import httpx
import pytest

from tests.llama.bench import Serve, near, runner_program
from tests.llama.gguf import write
from tests.played import Played
from tests.ports import free_port
from tray_app.app.doing.advised import AdviceWatch
from tray_app.app.wiring import App, Overrides
from tray_app.core.remedies.ollama_settings import InEffect
from tray_app.core.values.remedy import Advice, AdviceKind, Reason
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.llama, pytest.mark.timeout(300)]
NAME, KEY = "tiny-1b", "sk-of-a-llama-server"


@pytest.fixture
def address(tmp_path):
    """Its answers come by chance, the same ones each time."""
    program, port = runner_program(), free_port()
    model = write(tmp_path, NAME)
    options = ["--host", "127.0.0.1", "-c", "8192", "-t", "1", "--no-webui", "--offline", "--seed", "7"]
    process = subprocess.Popen(
        [program, "--model", model, "--port", str(port), "--alias", NAME, "--api-key", KEY, *options],
        env=near(program),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def is_up():
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    try:
        assert wait_until(is_up)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path / "home", installed=(BIG, SMALL)) as made:
        yield made


def add(played, monkeypatch, address, key, *more):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(key.encode() + b"\n"), encoding="utf-8"))
    return played.run("--lang", "en", "hosted", "add", address, "--model", NAME, "--yes", "--key-stdin", *more)


def test_added_compared_and_taken_back(played, address, monkeypatch, capsys):
    before = played.settings
    assert add(played, monkeypatch, address, KEY) == 0
    assert f"In effect: {NAME} answered a real task call" in capsys.readouterr().out
    with_it = played.settings
    assert played.run("speed", "--compare", SMALL, "", "--runs", "1", "--yes", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    rows = {row["task_model"]: row for row in told["timings"]}
    assert list(rows) == [NAME, SMALL, ""]
    tiny = rows[NAME]
    assert (tiny["host"], tiny["answered"], tiny["failed"], tiny["usd_per_1000_messages"]) == (
        "127.0.0.1",
        NAME,
        None,
        None,  # it tells no prices
    )
    assert tiny["tasks"].keys() == {"titles", "tags", "follow-ups"}
    assert all(made["tokens"] and min(made["tokens"]) > 0 for made in tiny["tasks"].values())
    assert all(row["first_token_while_tasks_run_s"] > 0 for row in rows.values())
    assert (tiny["memory_bytes"], rows[SMALL]["able"]) == (None, True)
    assert played.settings == with_it
    assert played.run("--lang", "en", "speed", "--compare", SMALL, "--runs", "1", "--yes") == 0
    assert f"What {NAME} costs is not known: 127.0.0.1 tells no prices." in capsys.readouterr().out
    assert played.run("hosted", "remove", address) == 0
    assert (played.settings, played.webui.registry.hosted) == (before, [])


def test_a_wrong_key_is_found_by_the_title_and_nothing_is_changed(played, address, monkeypatch, capsys):
    """Its list is anybody's; an answer is not."""
    before = played.settings
    assert add(played, monkeypatch, address, "sk-of-somebody-else") == 1
    assert "127.0.0.1 does not accept this key: nothing was changed." in capsys.readouterr().err
    assert (played.settings, played.webui.registry.hosted) == (before, [])


def test_an_ollama_that_is_started_again_with_what_was_advised_is_noticed(tmp_path, monkeypatch):
    """Real processes: the settings are read from the environment of the server that runs now."""
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    program, port, nowhere = runner_program(), free_port(), f"http://127.0.0.1:{free_port()}"
    advised = tuple(
        Advice(kind=kind, model=BIG, reason=Reason.SLOTS_RESERVE_MEMORY)
        for kind in (AdviceKind.NUM_PARALLEL, AdviceKind.KEEP_ALIVE)
    )
    watch = AdviceWatch()

    def looks(name, **settings):
        server = Serve(tmp_path / name, port, program, **settings)
        server.start()
        try:
            with App(Overrides(tmp_path / "home", server.url, nowhere)) as app:
                return [one for _ in range(3) for one in watch.look(app.observer.look().facts, advised)]
        finally:
            server.stop()

    assert looks("first", OLLAMA_NUM_PARALLEL="4") == []
    watch.copied("OLLAMA_KEEP_ALIVE=1m ollama serve")
    assert looks("again", OLLAMA_NUM_PARALLEL="1", OLLAMA_KEEP_ALIVE="5m") == [
        (AdviceKind.KEEP_ALIVE, InEffect.NO, "5m"),
        (AdviceKind.NUM_PARALLEL, InEffect.YES, "1"),
    ]
    assert looks("third", OLLAMA_NUM_PARALLEL="1", OLLAMA_KEEP_ALIVE="1m0s") == [
        (AdviceKind.KEEP_ALIVE, InEffect.YES, "1m"),
        (AdviceKind.NUM_PARALLEL, InEffect.YES, "1"),
    ]
