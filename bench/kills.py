"""Kills our own commands at any instant and says whether anything was lost, left silent or leaked.

    python -m bench.kills [--trials 1000] [--seed 0] [--only chat-first]

Each trial runs one command (set, fix, undo, connect, disconnect, chat-first, hosted) in a child of its own on stand-ins
and sends it SIGKILL after a random part of the time that it usually takes. Then, as a person would, the next look:
the server holds the old or the new value and nothing else changed; the journal is readable and knows of whatever the
server holds; `undo --all` brings the first settings and connections back, and no relay stays; `disconnect` leaves no
token in any file.
"""

import argparse
import contextlib
import copy
import io
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from msgspec import Struct

from tests.ports import free_port
from tray_app.cli.main import run
from tray_app.standins import webui_hosted
from tray_app.standins.endpoint import DemoEndpoint
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI
from tray_app.standins.scheduler import Pace
from tray_app.standins.upstream import Call
from tray_app.standins.webui_models import Hosted

COMMANDS = ("set", "fix", "undo", "connect", "disconnect", "chat-first", "hosted")
SETTINGS = ("titles", "tags", "follow-ups", "autocomplete")
FAILED, NOTHING_TO_DO = 1, 3
CHAT_MODEL = "qwen3:32b"
HOSTED_MODEL = "meta-llama/llama-3.2-3b-instruct"
RELAY_BEGINS_S = 3.0
CRASHED = 70
"""Exit code of a child that ended by an exception, which no command of ours does."""


class Fault(Exception):
    """What a person would lose or not be told."""


class Trial(Struct, frozen=True):
    command: str
    killed: bool
    left_open: bool


class Bench:
    """One server and one home; every trial starts from the settings of the first."""

    def __init__(self, folder: Path, commands: tuple[str, ...] = COMMANDS) -> None:
        self._commands = commands
        self._ollama = DemoOllama(pace=Pace(0, 0, 0))
        self._ollama.start()
        self.server = DemoOpenWebUI("0.12.4", ollama_url=self._ollama.url)
        self.server.start()
        for _line in Call(self._ollama.url, "/api/generate", {"model": CHAT_MODEL, "stream": False}).lines():
            pass  # a large model is loaded, so that there is something to fix
        self._endpoint = DemoEndpoint()
        self._endpoint.start()
        self.server.registry.hosted.append(Hosted("http://127.0.0.1:9/v1", "sk-of-somebody-else"))
        self._hosted = webui_hosted.told(self.server.version, self.server.registry)
        self._folder = folder
        self._first = copy.deepcopy(self.server.settings)
        self._connections = copy.deepcopy(self.server.registry.ollama.told())
        self._relay_port = free_port()
        self._usual: dict[str, float] = {}
        self._count = 0

    def close(self) -> None:
        self.server.stop()
        self._endpoint.stop()
        self._ollama.stop()

    def trial(self, chance: random.Random) -> Trial:
        """One command, killed; raises Fault where the promise was broken."""
        self._count += 1
        home = self._folder / f"home-{self._count}"
        command = self._commands[self._count % len(self._commands)]
        self._reset()
        home.mkdir()
        (home / "settings.toml").write_text(
            f"request_limit_s = 20\n[chat_first]\nrelay_port = {self._relay_port}\n", encoding="utf-8"
        )
        token = self.server.session(ADMIN[0])
        if command != "connect":
            self._quietly(home, *self._connect(), text=token)
        if command == "undo":
            self._quietly(home, "set", "tags=off")
        before = copy.deepcopy(self.server.settings)
        argv = self._argv(command, chance)
        typed = self._endpoint.key if command == "hosted" else token
        killed = self._killed(home, argv, command, chance, typed)
        self._look(home, command, before)
        left_open = self._settle(home, command, token)
        self._forget(home, token)
        return Trial(command, killed, left_open)

    def _reset(self) -> None:
        self.server.settings.clear()
        self.server.settings.update(copy.deepcopy(self._first))
        self.server.registry.ollama.accept(copy.deepcopy(self._connections))
        webui_hosted.accept(self.server.version, self.server.registry, copy.deepcopy(self._hosted))

    def _connect(self) -> tuple[str, ...]:
        return ("connect", self.server.url, "--token-stdin", "--insecure-file-secret")

    def _argv(self, command: str, chance: random.Random) -> tuple[str, ...]:
        match command:
            case "set":
                return ("set", *(f"{name}=off" for name in chance.sample(SETTINGS, chance.randint(1, 3))))
            case "fix":
                return ("fix", "follow-ups-off", "--yes")
            case "chat-first":
                return ("chat-first", "on", "--yes")
            case "hosted":
                named = ("--model", HOSTED_MODEL, "--key-stdin", "--yes")
                return ("hosted", "add", self._endpoint.base, *named)
            case "connect":
                return self._connect()
            case _:
                return (command,)

    def _full(self, home: Path, argv: tuple[str, ...]) -> list[str]:
        servers = ("--ollama", self._ollama.url, "--open-webui", self.server.url)
        return [*argv, "--home", str(home), "--lang", "en", *servers]

    def _child(self, home: Path, argv: tuple[str, ...], text: str) -> int:
        """The process id of a child that runs the command; its words go nowhere."""
        pid = os.fork()
        if pid:
            return pid
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            sys.stdout = sys.stderr = nowhere
            sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode() + b"\n"), encoding="utf-8")
            code = CRASHED
            try:
                code = run(self._full(home, argv))
            finally:  # whatever happens, it does not go on as a second bench
                os._exit(code)

    def _quietly(self, home: Path, *argv: str, text: str = "") -> int:
        """A command to its end: its exit code."""
        _, status = os.waitpid(self._child(home, argv, text), 0)
        return os.waitstatus_to_exitcode(status)

    def _killed(self, home: Path, argv: tuple[str, ...], command: str, chance: random.Random, token: str) -> bool:
        """Whether the command was still running when it was killed."""
        if command not in self._usual:  # the first one of its kind shows how long it takes
            started = time.monotonic()
            code = self._quietly(home, *argv, text=token)
            self._usual[command] = time.monotonic() - started
            if code:
                raise Fault(f"{command} ends with {code} by itself")
            return False
        pid = self._child(home, argv, token)
        time.sleep(chance.uniform(0.0, self._usual[command]))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        return os.WIFSIGNALED(status)

    def _look(self, home: Path, command: str, before: dict[str, object]) -> None:
        now = self.server.settings
        changed = {key for key in before if before[key] != now[key]}
        if before.keys() != now.keys() or len(changed) > len(SETTINGS):
            raise Fault(f"{command}: the document is neither old nor new: {sorted(changed)}")
        told = self.server.registry.ollama.told()
        led = told != self._connections
        if led and (told["OLLAMA_BASE_URLS"], len(told["OLLAMA_API_CONFIGS"])) != (
            [f"http://127.0.0.1:{self._relay_port}"],
            1,
        ):
            raise Fault(f"{command}: the connections are neither old nor new")
        hosted = webui_hosted.told(self.server.version, self.server.registry)
        added = hosted != self._hosted
        urls, keys = hosted["OPENAI_API_BASE_URLS"], hosted["OPENAI_API_KEYS"]
        if added and (urls[1:], keys) != ([self._endpoint.base], ["sk-of-somebody-else", self._endpoint.key]):
            raise Fault(f"{command}: the hosted connections are neither old nor new")
        journal = home / "journal.jsonl"
        lines = journal.read_text("utf-8").splitlines() if journal.exists() else []
        whole = [line for line in lines if _is_json(line)]
        if len(lines) - len(whole) > 1:
            raise Fault(f"{command}: more than the last line of the journal is broken")
        if (changed or led or added) and not whole:
            raise Fault(f"{command}: the server was changed and the journal knows nothing")

    def _settle(self, home: Path, command: str, token: str) -> bool:
        """The next commands find out what is true and bring the first settings back."""
        code = self._quietly(home, "undo", "--all")
        if code == FAILED and command in {"connect", "disconnect"}:  # cut short: "Connect first", as the answer says
            if self._quietly(home, *self._connect(), text=token):
                raise Fault(f"connect does not work after a {command} that was killed")
            code = self._quietly(home, "undo", "--all")
        if code not in {0, NOTHING_TO_DO}:
            raise Fault(f"undo --all ends with {code}")
        if self.server.settings != self._first:
            raise Fault("undo --all did not bring the first settings back")
        if self.server.registry.ollama.told() != self._connections:
            raise Fault("undo --all did not bring the first connections back")
        if webui_hosted.told(self.server.version, self.server.registry) != self._hosted:
            raise Fault("undo --all did not bring the first hosted connections back")
        if command == "chat-first":  # a relay that was started for nothing, and one that was about to begin
            time.sleep(RELAY_BEGINS_S)
            self._quietly(home, "chat-first", "off")
            if (home / "relay.json").exists():
                raise Fault("a relay stays that nothing leads to")
        return code == 0

    def _forget(self, home: Path, token: str) -> None:
        if self._quietly(home, "disconnect") not in {0, NOTHING_TO_DO}:
            raise Fault("disconnect failed")
        for path in home.rglob("*"):
            if path.is_file() and self._endpoint.key.encode() in path.read_bytes():
                raise Fault(f"the endpoint's key is in {path.name}")
            if path.is_file() and token.encode() in path.read_bytes():
                raise Fault(f"a token is left in {path.name}")


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=COMMANDS)
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])  # the relay runs this tree, too
    chance = random.Random(options.seed)
    done: Counter[tuple[str, str]] = Counter()
    faults: Counter[str] = Counter()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        bench = stack.enter_context(
            contextlib.closing(Bench(Path(folder), (options.only,) if options.only else COMMANDS))
        )
        for number in range(options.trials):
            try:
                trial = bench.trial(chance)
            except Fault as fault:
                faults[str(fault)] += 1
                print(f"trial {number}: {fault}")
                continue
            done[trial.command, "killed" if trial.killed else "ended first"] += 1
    for (command, end), count in sorted(done.items()):
        print(f"{command:12}{end:12}{count:6}")
    print(f"{options.trials} trials, {faults.total()} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
