"""What was true each second against what was said: real servers, two people with tasks on.

    python -m bench.truth [--seconds 120] [--open-webui 0.8.12 0.9.6 0.12.4] [--ollama 0.9.6 0.12.11 0.32.15]

Each pair is a real Open WebUI in front of tests/llama/serve.py, which stands for that version of Ollama (from 0.30 on
with real llama-servers) and knows what runs and waits. Two tabs chat, with titles, tags and follow-ups on; Elbowroom,
connected as admin, polls as the tray does; only the pressure on memory is played, as a warning. For each poll its
numbers are compared with what was true around that moment. Afterwards one tab chats with all tasks off: no finding
may be overloaded then. On Linux; it takes about `--seconds` times 3 for a pair and uses a whole core.

right: the number that was true within 0.6 s of the poll. honest: "at least" a number that was reached, or said to be
unknown. Exit code 1 where fewer than 98 % of a pair's polls are right or honest, task-storm is missed or late by more
than two polls after its hold time, or an overloaded finding is false.
"""

import argparse
import contextlib
import io
import json
import math
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.llama.bench import BIG, Serve, runner_program
from tests.ports import free_port
from tests.real.servers import ADMIN, RealServer, session
from tray_app.app.watch import Look
from tray_app.app.wiring import App, Overrides
from tray_app.cli.main import run
from tray_app.core.values.finding import Severity
from tray_app.core.values.reading import Known, Reading, value_of
from tray_app.core.values.requests import Confidence, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.task_settings import TASKS

POLL_S, NEAR_S, PAUSE_S, ANSWER_S = 2.0, 0.6, 1.0, 3.0
DRAINED_POLLS = 50
AIM, LATE_POLLS = 0.98, 2
STORM = "task-storm"
NUMBERS = ("running", "waiting")


@dataclass
class Tab:
    """One person in a browser tab: asks, reads, asks again."""

    url: str
    token: str
    tasks: bool
    over: threading.Event
    history: list[dict[str, str]] = field(default_factory=list)

    def live(self) -> None:
        with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=120) as http:
            http.get("/api/models").raise_for_status()
            chat: dict[str, Any] = {"title": "New Chat", "models": [BIG], "messages": [], "history": {"messages": {}}}
            made = http.post("/api/v1/chats/new", json={"chat": chat | {"id": ""}}).raise_for_status().json()
            while not self.over.wait(PAUSE_S):
                self._message(http, made["id"])

    def _message(self, http: httpx.Client, chat: str) -> None:
        self.history.append({"role": "user", "content": "w1 w2 w3"})
        wanted = {"follow_up_generation": True, "title_generation": True, "tags_generation": True}
        body = {"model": BIG, "messages": self.history[-4:], "stream": True, "session_id": uuid.uuid4().hex}
        body |= {"chat_id": chat, "id": uuid.uuid4().hex, "background_tasks": wanted if self.tasks else {}}
        http.post("/api/chat/completions", json=body).raise_for_status()
        until = time.monotonic() + 2 * ANSWER_S  # about when a person has read the answer, tasks or not
        while not self.over.wait(0.2) and time.monotonic() < until:
            pass


class ShortMemory:
    """This machine's memory, told as short: a machine that tests is not, and must not be made so."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def read(self, *given: Any, **more: Any) -> Any:
        reading = self._real.read(*given, **more)
        if isinstance(reading, Known):
            return Known(replace(reading.value, pressure=Pressure.WARNING), reading.taken_at)
        return reading


class Truth:
    """What the server knows: every change of it, with its moment."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._at = 0.0
        self._seen: list[tuple[float, dict[str, int]]] = []

    def around(self, at: float, name: str) -> tuple[int, int]:
        """The least and the most that was true near that moment. It waits until that is over."""
        time.sleep(max(0.0, at + NEAR_S - time.time()))
        if at != self._at:
            self._at, self._seen = at, self._serve.changes()
        until = [when for when, _ in self._seen[1:]] + [math.inf]
        near = [
            told[name]
            for (when, told), end in zip(self._seen, until, strict=True)
            if when <= at + NEAR_S and end >= at - NEAR_S
        ]
        return min(near), max(near)


@dataclass
class Score:
    """One pair's polls."""

    polls: int = 0
    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NUMBERS, 0))
    honest: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NUMBERS, 0))
    wrong: list[str] = field(default_factory=list)
    kinds: int = 0
    kinds_right: int = 0
    storm_after: int | None = None
    """Polls from the end of the hold time, counted from the first poll in which requests piled up behind a task."""
    false: set[str] = field(default_factory=set)

    def share(self, name: str) -> float:
        return (self.right[name] + self.honest[name]) / max(self.polls, 1)

    @property
    def passed(self) -> bool:
        told = self.storm_after is not None and self.storm_after <= LATE_POLLS
        return told and not self.false and all(self.share(name) >= AIM for name in NUMBERS)


def _number(score: Score, name: str, said: Reading[int], sure: Confidence, true: tuple[int, int], at: float) -> None:
    if not isinstance(said, Known):
        score.honest[name] += 1
    elif true[0] <= said.value <= true[1]:
        score.right[name] += 1
    elif sure is Confidence.LOWER_BOUND and said.value <= true[1]:
        score.honest[name] += 1
    else:
        score.wrong.append(f"{at:.0f} s: {name} {said.value} ({sure.value}), true {true[0]}-{true[1]}")


def _compare(score: Score, look: Look, truth: Truth, since: float) -> None:
    requests = value_of(look.snapshot.requests)
    at = look.snapshot.taken_at
    score.polls += 1
    if requests is None:
        for name in NUMBERS:
            score.honest[name] += 1
        return
    _number(score, "running", requests.running, requests.running_confidence, truth.around(at, "running"), at - since)
    _number(score, "waiting", requests.waiting, requests.waiting_confidence, truth.around(at, "waiting"), at - since)
    low, high = truth.around(at, "tasks")
    for one in requests.active:
        if one.kind is not RequestKind.UNKNOWN and low == high:
            score.kinds += 1
            right = (one.kind is RequestKind.TASK) == (low > 0)
            score.kinds_right += right
            if not right:
                score.wrong.append(f"{at - since:.0f} s: {one.kind.value} ({one.reason}), {one.running_s:.1f} s old")


def _watched(app: App, seconds: float, each: Callable[[Look], None]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        started = time.monotonic()
        each(app.observer.look())
        time.sleep(max(0.0, POLL_S - (time.monotonic() - started)))


@contextlib.contextmanager
def _tabs(server: RealServer, token: str, count: int, *, tasks: bool) -> Iterator[None]:
    over = threading.Event()
    threads = [threading.Thread(target=Tab(server.url, token, tasks, over).live) for _ in range(count)]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in threads:
            one.join()


def _connect(home: Path, serve: Serve, server: RealServer, token: str) -> None:
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(token.encode() + b"\n"), encoding="utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        code = run(
            [
                "connect",
                server.url,
                "--token-stdin",
                "--insecure-file-secret",
                "--home",
                str(home),
                "--ollama",
                serve.url,
            ]
        )
    sys.stdin = before
    if code:
        raise RuntimeError(f"connect ends with {code}")


def pair(ollama: str, open_webui: str, seconds: float, folder: Path) -> Score:
    """Two tabs with tasks for `seconds`, then one without for half of it."""
    score = Score()
    serve = Serve(
        folder / "ollama",
        free_port(),
        runner_program(),
        STAND_IN_VERSION=ollama,
        STAND_IN_ANSWER_S=str(ANSWER_S),
        STAND_IN_CHANGES="1",
    )
    server = RealServer(open_webui, folder / "open-webui", ollama_url=serve.url)
    with contextlib.ExitStack() as ends:
        serve.start()
        ends.callback(serve.stop)
        server.start()
        ends.callback(server.stop)
        token = session(server.url, ADMIN)
        _connect(folder / "home", serve, server, token)
        serve.ask(BIG)
        app = ends.enter_context(App(Overrides(folder / "home", serve.url, server.url)))
        machine = app.observer.poll.machine
        app.observer.poll.machine = replace(machine, memory=ShortMemory(machine.memory))
        truth = Truth(serve)
        began = time.time()
        hold_polls = app.limits.hold_s / POLL_S
        seen = {"waited": 0, "polls": 0}

        def crowded(look: Look) -> None:
            _compare(score, look, truth, began)
            seen["polls"] += 1
            at = look.snapshot.taken_at
            waits = truth.around(at, "waiting")[0] >= app.limits.waiting_requests and truth.around(at, "tasks")[0] > 0
            seen["waited"] = seen["waited"] or (seen["polls"] if waits else 0)
            told = any(one.kind == STORM and one.severity is Severity.OVERLOADED for one in look.diagnosis.findings)
            if told and score.storm_after is None:
                score.storm_after = max(0, round(seen["polls"] - seen["waited"] - hold_polls))

        def calm(look: Look) -> None:
            _compare(score, look, truth, began)
            bad = (one for one in look.diagnosis.findings if one.severity is Severity.OVERLOADED)
            score.false |= {one.kind for one in bad if one.kind != STORM or look.snapshot.taken_at > quiet_from}

        with _tabs(server, token, 2, tasks=True):
            _watched(app, seconds, crowded)
        _drain(serve)
        with contextlib.redirect_stdout(io.StringIO()):
            run(["set", *(f"{task}=off" for task in TASKS), "--home", str(folder / "home"), "--ollama", serve.url])
        app.observer.poll.look_again()
        quiet_from = time.time() + 2 * POLL_S
        with _tabs(server, token, 1, tasks=False):
            _watched(app, seconds / 2, calm)
        _drain(serve)
    return score


def _drain(serve: Serve) -> None:
    """Until the server has done what was asked: a chat's tasks come one after the other, with pauses."""
    quiet = 0
    while quiet < DRAINED_POLLS:
        busy = any(int(str(value)) for value in serve.get("/truth").values())
        quiet = 0 if busy else quiet + 1
        time.sleep(0.1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--open-webui", nargs="+", default=["0.8.12", "0.9.6", "0.12.4"], metavar="VERSION")
    parser.add_argument("--ollama", nargs="+", default=["0.9.6", "0.12.11", "0.32.15"], metavar="VERSION")
    parser.add_argument("--json", action="store_true", help="every wrong number, too")
    options = parser.parse_args()
    passed = True
    print(f"{'Ollama':9}{'Open WebUI':12}{'polls':>6}{'running':>17}{'waiting':>17}{'kinds':>10}{'storm':>8}  false")
    for ollama in options.ollama:
        for open_webui in options.open_webui:
            with tempfile.TemporaryDirectory() as folder:
                score = pair(ollama, open_webui, options.seconds, Path(folder))
            passed &= score.passed
            shares = "".join(
                f"{score.right[name] / score.polls:>8.1%} +{score.honest[name] / score.polls:>6.1%}" for name in NUMBERS
            )
            storm = "missed" if score.storm_after is None else f"+{score.storm_after}"
            kinds = f"{score.kinds_right}/{score.kinds}"
            false = " ".join(sorted(score.false)) or "-"
            print(f"{ollama:9}{open_webui:12}{score.polls:>6}{shares}{kinds:>10}{storm:>8}  {false}", flush=True)
            if options.json:
                print(json.dumps(score.wrong, indent=1))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
