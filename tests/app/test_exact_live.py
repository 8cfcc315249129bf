"""The real relay in a process of its own, between a client that sends Open WebUI's words and the stand-in of Ollama:
what the app counts and says, and what is left of it when the relay is killed."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.played import Played
from tray_app.app.language import load
from tray_app.cli import main as cli
from tray_app.core.text import at_model
from tray_app.standins.models import BIG
from tray_app.standins.server import wait_until
from tray_app.storage.relay_file import RelayFile

ROOT = Path(__file__).parents[2]
EN = load("en")
WITHIN_S = 60.0


class Chat:
    """Open WebUI as far as the relay sees it: one call of a conversation, in a thread of its own."""

    def __init__(self, port, task):
        body = json.dumps({"model": BIG, "stream": not task, "messages": [{"role": "user", "content": "hello"}]})
        headers = {"X-Elbowroom-Task": task, "X-Elbowroom-User": "u", "X-Elbowroom-Chat": "c"}
        self._request = Request(f"http://127.0.0.1:{port}/api/chat", body.encode(), headers)
        self.thread = threading.Thread(target=self._ask)
        self.thread.start()

    def _ask(self):
        try:
            with urlopen(self._request, timeout=WITHIN_S) as answer:
                answer.read()
        except OSError:
            pass  # the relay was killed under it


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path) as made:
        yield made


@pytest.fixture
def relay(played):
    command = ("-m", "tray_app", "relay", "--listen", "127.0.0.1:0", "--upstream", played.ollama.url)
    process = subprocess.Popen([sys.executable, *command, "--home", str(played.home)], cwd=ROOT)
    with process:
        yield process
        process.kill()


def test_from_held_to_killed(played, relay, capsys):
    app = played.app()
    file = RelayFile(app.paths.relay_file)
    assert wait_until(lambda: file.read() is not None, WITHIN_S)
    port = file.read().port
    played.ollama.scheduler.held.set()
    chat = Chat(port, "")

    def look():
        return app.observer.look().snapshot

    def at_ollama():
        requests = look().requests.value
        return requests.queue is not None and len(requests.active) == 1

    assert wait_until(at_ollama, WITHIN_S)
    title = Chat(port, "title_generation")
    assert wait_until(lambda: look().requests.value.held == 1, WITHIN_S)
    requests = look().requests.value
    assert (requests.running.value, requests.waiting.value) == (1, 0)
    assert (requests.running_source, requests.running_confidence.value) == ("relay", "exact")
    told = at_model.who(requests, 6, EN)
    assert told[0].startswith(f"{BIG}: chat, for ")
    assert told[1].startswith(f"{BIG}: title of a chat, held ")
    cli.run(["doctor", "--json", "--home", str(played.home), "--ollama", played.ollama.url])
    (found,) = [one for one in json.loads(capsys.readouterr().out)["sources"] if one["name"] == "relay"]
    assert found["state"] == "works"
    assert (found["value"]["pid"], found["value"]["port"], found["value"]["held"]) == (relay.pid, port, 1)
    played.ollama.scheduler.held.clear()
    chat.thread.join(WITHIN_S)
    title.thread.join(WITHIN_S)
    ended = []
    assert wait_until(lambda: ended.extend(look().requests.value.finished) or len(ended) >= 2, WITHIN_S)
    assert [(one.kind.value, one.task, one.served) for one in ended] == [("chat", None, True), ("task", "titles", True)]
    assert ended[1].held_s > 0
    relay.kill()
    relay.wait()
    after = look().requests.value
    assert after.queue is None
    assert after.running_source != "relay"
