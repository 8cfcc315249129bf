"""A storm on a real Ollama with a real, small model and a real Open WebUI: seen, fixed, taken back, all by the command line.

    python tests/system/real_ollama.py [--ollama URL] [--model NAME] [--start] [--pull NAME] [--open-webui VERSION]
                                       [--seconds S]

`--start` starts `ollama serve` where none answers; `--pull` downloads a model first. Two people chat with titles, tags and
follow-ups on. Exit code 1 where a chat gets no answer, `status` sees no model or no request (or does not know), or a fix or
its undo is not what Open WebUI says afterwards. It was played against a real llama-server (tests/llama/test_system.py).
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / (".venv/Scripts/python.exe" if sys.platform == "win32" else ".venv/bin/python")
if Path(sys.prefix) != ROOT / ".venv" and PYTHON.exists():  # what run.py set up has what this needs
    sys.exit(subprocess.run([str(PYTHON), __file__, *sys.argv[1:]], check=False).returncode)

import httpx  # noqa: E402 - in that Python

sys.path.insert(0, str(ROOT))

from tests.real.servers import ADMIN, RealServer, session  # noqa: E402 - found by the line above

PAUSE_S = 5.0
QUESTION = "Tell me in three sentences why the sea is salty."


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url + "/api/version", timeout=2).is_success
    return False


@contextlib.contextmanager
def ollama(url: str, *, start: bool) -> Iterator[None]:
    """An Ollama that answers there; ours is ended again. RuntimeError where there is none."""
    if answers(url) or not start:
        if not answers(url):
            raise RuntimeError(f"no Ollama answers at {url}")
        yield
        return
    program = shutil.which("ollama") or str(Path(os.environ.get("LOCALAPPDATA", "")) / "Programs/Ollama/ollama.exe")
    with subprocess.Popen([program, "serve"], stdin=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + 60
            while not answers(url):
                if time.monotonic() > until:
                    raise RuntimeError("ollama serve does not answer")
                time.sleep(0.5)
            yield
        finally:
            server.terminate()


class Person:
    """Asks again every few seconds, whatever is still to be answered, with all tasks of a browser's chat."""

    def __init__(self, url: str, token: str, model: str, over: threading.Event) -> None:
        self.failed: list[str] = []
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=300)
        self._model = model
        self._over = over

    def chat(self) -> None:
        """Until it is over. What went wrong is in `failed`."""
        try:
            self._chat()
        except httpx.HTTPError as error:
            self.failed.append(f"a chat got no answer: {error!r}")

    def _chat(self) -> None:
        with self._http as http:
            document = {
                "title": "New Chat",
                "models": [self._model],
                "messages": [],
                "history": {"messages": {}},
                "id": "",
            }
            made = http.post("/api/v1/chats/new", json={"chat": document}).raise_for_status().json()
            while not self._over.wait(PAUSE_S):
                tasks = {"title_generation": True, "tags_generation": True, "follow_up_generation": True}
                body = {"model": self._model, "messages": [{"role": "user", "content": QUESTION}], "stream": True}
                more = {"chat_id": made["id"], "id": uuid.uuid4().hex, "session_id": uuid.uuid4().hex}
                http.post("/api/chat/completions", json=body | more | {"background_tasks": tasks}).raise_for_status()


def elbowroom(home: Path, *words: str, token: str, ollama_url: str, webui: str) -> tuple[int, str]:
    places = ("--home", str(home), "--ollama", ollama_url, "--open-webui", webui)
    done = subprocess.run(
        [sys.executable, "-m", "tray_app", *places, *words],
        cwd=ROOT,
        env={**os.environ, "ELBOWROOM_API_KEY": token, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    print(
        f"$ elbowroom {' '.join(words)}  -> {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-1500:]}", flush=True
    )
    return done.returncode, done.stdout


def storm(server: RealServer, token: str, model: str, ollama_url: str, home: Path, seconds: float) -> list[str]:
    """What is wrong; empty where all is as it should be."""
    over = threading.Event()
    people = [Person(server.url, token, model, over) for _ in range(2)]
    threads = [threading.Thread(target=one.chat) for one in people]
    for one in threads:
        one.start()
    where: dict[str, str] = {"token": token, "ollama_url": ollama_url, "webui": server.url}
    try:
        wrong = watched(home, where, seconds)
    finally:
        over.set()
        for one in threads:
            one.join()
    return [*(line for one in people for line in one.failed), *wrong, *changed(home, where)]


def watched(home: Path, where: dict[str, str], seconds: float) -> list[str]:
    """What `status` did not see while they chat."""
    loaded = False
    most: dict[str, int | None] = {"running": None, "waiting": None}
    unknown: dict[str, Any] = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        status: dict[str, Any] = json.loads(elbowroom(home, "status", "--json", **where)[1])
        loaded = loaded or bool(status["models"])
        unknown = status["unknown"]
        for name, before in most.items():
            said = status["requests"][name]
            most[name] = before if said is None else max(said, before or 0)
    print(f"at most, where known: {most}")
    if not loaded:
        return [f"no model was seen in {seconds:.0f} s: {unknown}"]
    return [] if most["running"] else [f"no request was seen in {seconds:.0f} s: {most}, {unknown}"]


def changed(home: Path, where: dict[str, str]) -> list[str]:
    """A fix and its undo, by what Open WebUI says."""

    def tasks() -> dict[str, Any]:
        document: dict[str, Any] = json.loads(elbowroom(home, "settings", "--json", **where)[1])
        return document

    before, wrong = tasks(), []
    code, _ = elbowroom(home, "fix", "follow-ups-off", "--yes", **where)
    if code or tasks() == before:
        wrong.append("the fix changed nothing")
    code, _ = elbowroom(home, "undo", "--all", **where)
    if code or tasks() != before:
        wrong.append("the undo did not bring the settings back")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ollama", default="http://127.0.0.1:11434", metavar="URL")
    parser.add_argument("--model", metavar="NAME", help="one that is there already")
    parser.add_argument("--pull", metavar="NAME", help="download this one first and use it")
    parser.add_argument("--start", action="store_true")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="how long they chat (60)")
    parser.add_argument("--open-webui", default="0.12.4", metavar="VERSION")
    options = parser.parse_args()
    model = options.model or options.pull
    if not model:
        parser.error("name a model: --model or --pull")
    with ollama(options.ollama, start=options.start), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if options.pull:
            body = {"model": options.pull, "stream": False}
            httpx.post(options.ollama + "/api/pull", json=body, timeout=1800).raise_for_status()
        server = RealServer(options.open_webui, Path(folder), ollama_url=options.ollama)
        server.start()
        try:
            token = session(server.url, ADMIN)
            wrong = storm(server, token, model, options.ollama, Path(folder) / "home", options.seconds)
        finally:
            server.stop()
    for line in wrong:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
