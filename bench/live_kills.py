"""Kills a real Open WebUI and the tray at any instant, with chat first on, and says what a person would see of it.

    python -m bench.live_kills [--trials 200] [--of open-webui tray] [--seed 0]

A real Open WebUI 0.12.4, a stand-in for Ollama whose answers say what was asked, and the whole tray on a private
screen. Chats, titles and autocomplete are asked for all the time, as the browser does; in two of three trials chat
first is switched at the tray, or the tray is told to quit, just before the kill. Nobody may ever get the answer of
another request, or half of one that looks whole. Afterwards, with the victim started again: the tray comes to show
what the journal says, Open WebUI holds just that (its connection led to the relay, or the document of the beginning),
nothing is left open, and everything is answered again. A tray that is killed while it does nothing takes no request
with it. On Linux, with what tests/e2e needs.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.e2e import desk as desks
from tests.e2e.bus import Gone, wait_for
from tests.ports import free_port
from tests.real.relayed import switch_on
from tests.real.servers import ADMIN, RealServer, session
from tray_app.core.values.plan import IN_FORCE, Record
from tray_app.core.values.remedy import is_chat_first
from tray_app.storage.journal import Folded, Journal
from tray_app.storage.relay_file import RelayFile
from tray_app.storage.state import StateFile

VERSION, MODEL = "0.12.4", "qwen3:32b"
VICTIMS = ("open-webui", "tray")
NOTHING, SWITCH, QUIT = "nothing", "a switch", "quit"
ACTIONS = (NOTHING, SWITCH, SWITCH, QUIT, NOTHING, SWITCH)
WITHIN_S = {NOTHING: 2.0, SWITCH: 1.5, QUIT: 1.0}
"""Killed so long after it at most; changes take about half of it."""
LINES, LOOK_S, SETTLED_WITHIN_S = 12, 0.3, 180.0
THINKS_S = {"chat": 2.5, "title": 0.4, "autocomplete": 0.4}
"""At most, between two of a kind. Now and then there is no chat for longer than tasks are kept waiting."""
KINDS = {"chat": "/api/chat/completions", "title": "/api/v1/tasks/title/completions"}
KINDS |= {"autocomplete": "/api/v1/tasks/auto/completions"}
SETTINGS = "[chat_first]\nrelay_port = {port}\nhold_s = 10\nquiet_low_s = 0\nquiet_high_s = 1\n"
DROPPED = json.dumps({"text": ""})
"""What the relay answers an autocomplete that it does not pass on."""
MARK = re.compile(r"mark-[a-z]+-\d+-")


class Fault(Exception):
    """What somebody would see in Open WebUI or at the tray."""


def _lines(mark: str) -> list[str]:
    return [f"{mark}{number} " for number in range(1, LINES + 1)]


def _title(mark: str) -> str:
    return json.dumps({"title": mark, "text": mark})


# --- the stand-in for Ollama ------------------------------------------------------------------------------------------


class Echo:
    """Answers with the mark that is last in what it was asked, over a thread of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", self.port), self._loop).result()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
                body = await reader.readexactly(length)
                path = head.split(" ", 2)[1]
                if path == "/api/chat":
                    await self._answer(writer, json.loads(body))
                else:
                    _whole(writer, self._told(path))
                await writer.drain()

    @staticmethod
    def _told(path: str) -> dict[str, Any]:
        one = {"name": MODEL, "model": MODEL, "modified_at": "2026-08-20T10:00:00Z", "size": 20_000_000_000}
        one |= {"digest": "0" * 64, "details": {"family": "qwen3", "parameter_size": "32B"}}
        told: dict[str, dict[str, Any]] = {"/api/version": {"version": "0.32.15"}, "/api/tags": {"models": [one]}}
        return told.get(path, {"models": []})

    @staticmethod
    async def _answer(writer: asyncio.StreamWriter, asked: dict[str, Any]) -> None:
        mark = MARK.findall(json.dumps(asked["messages"]))[-1]
        task = str(asked["messages"][-1]["content"]).startswith("### Task:")
        words = [_title(mark)] if task else _lines(mark)
        parts: list[dict[str, Any]] = [
            {"message": {"role": "assistant", "content": word}, "done": False} for word in words
        ]
        parts.append({"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"})
        parts = [{"model": MODEL, "created_at": "2026-08-20T10:00:00Z", **part} for part in parts]
        if not asked.get("stream", True):
            await asyncio.sleep(random.uniform(0, 0.1))
            _whole(writer, parts[-1] | {"message": {"role": "assistant", "content": "".join(words)}})
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in parts:
            line = json.dumps(part).encode() + b"\n"
            writer.write(b"%x\r\n%s\r\n" % (len(line), line))
            await asyncio.sleep(random.uniform(0, 0.03))
            if writer.is_closing():
                return
        writer.write(b"0\r\n\r\n")


def _whole(writer: asyncio.StreamWriter, told: dict[str, Any]) -> None:
    data = json.dumps(told).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(data) + data)


# --- who asks ---------------------------------------------------------------------------------------------------------


class Client(threading.Thread):
    """Asks for one thing after the other at Open WebUI."""

    def __init__(self, kind: str, url: str, token: str) -> None:
        super().__init__(daemon=True)
        self.kind, self.ended = kind, Counter[str]()
        self.fault: Fault | None = None
        self.said = ""
        """The last refusal."""
        head = {"Authorization": f"Bearer {token}"}
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=url, headers=head, trust_env=False, timeout=120, limits=limits)
        self._stops = threading.Event()

    def run(self) -> None:
        number = 0
        with self._http:
            while not self._stops.is_set() and self.fault is None:
                number += 1
                try:
                    self.ended[self._ask(f"mark-{self.kind}-{number}-")] += 1
                except Fault as fault:
                    self.fault = fault
                time.sleep(random.uniform(0, THINKS_S[self.kind]))

    def stop(self) -> None:
        self._stops.set()
        self.join(120)

    def _ask(self, mark: str) -> str:
        """How it ended. Fault where somebody would take for the answer what is none."""
        body = {"model": MODEL, "messages": [{"role": "user", "content": mark}], "stream": self.kind == "chat"}
        if self.kind == "autocomplete":
            body |= {"prompt": mark, "type": "general"}
        try:
            answer = self._http.post(KINDS[self.kind], json=body)
            if answer.status_code != 200:
                self.said = f"{answer.status_code} {answer.text[:300]}"
                self._http.get("/api/models")  # a server that was just started knows no model before it is asked
                return "refused"
        except httpx.HTTPError:
            return "broken"
        return self._chat(mark, answer.text) if self.kind == "chat" else self._task(mark, answer)

    def _chat(self, mark: str, text: str) -> str:
        said, done = "", False
        for line in text.splitlines():
            if line == "data: [DONE]":
                done = True
            elif line.startswith("data: {"):
                part = json.loads(line[6:])
                if "error" in part:
                    self.said = line[:300]
                    return "refused"
                choices = part.get("choices") or [{}]
                said += (choices[0].get("delta") or {}).get("content") or ""
        whole = "".join(_lines(mark))
        if not whole.startswith(said) or (done and said != whole):
            raise Fault(f"{mark}: {text[-600:]!r}")
        return "answered" if done else "cut short"

    def _task(self, mark: str, answer: httpx.Response) -> str:
        try:
            told = answer.json()
            said = told["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError) as error:
            raise Fault(f"{mark}: {answer.text[:600]!r}") from error
        if self.kind == "autocomplete" and said == DROPPED:
            return "dropped"
        if said != _title(mark):
            raise Fault(f"{mark}: {answer.text[:600]!r}")
        return "answered"


# --- the trials -------------------------------------------------------------------------------------------------------


class Bench:
    """One Ollama, one Open WebUI, one tray and its relay, and clients that ask all the time."""

    def __init__(self, folder: Path, desk: desks.Desk, ends: contextlib.ExitStack) -> None:
        self._ollama, self._desk = Echo(), desk
        self._home = folder / "home"
        self._home.mkdir()
        (self._home / "settings.toml").write_text(SETTINGS.format(port=free_port()), encoding="utf-8")
        self._journal = Journal(self._home / "journal.jsonl")
        self._relay = RelayFile(self._home / "relay.json")
        (folder / "open-webui").mkdir()
        self._server = RealServer(VERSION, folder / "open-webui", ollama_url=self._ollama.url)
        self._server.start()
        ends.callback(self._server.stop)
        self._token = session(self._server.url, ADMIN)
        head = {"Authorization": f"Bearer {self._token}"}
        self._http = ends.enter_context(
            httpx.Client(base_url=self._server.url, headers=head, trust_env=False, timeout=60)
        )
        switch_on(self._http, ENABLE_AUTOCOMPLETE_GENERATION=True)
        self._http.get("/api/models").raise_for_status()
        self._original = self._document()
        self._led: dict[str, Any] = {}
        self._start_tray()
        ends.callback(self._end_relay)
        ends.callback(lambda: self._tray.process.kill())  # noqa: PLW0108 - another tray by then
        self.clients = [Client(kind, self._server.url, self._token) for kind in KINDS]
        for client in self.clients:
            client.start()
        self._click("Chat first")
        self._settle("the beginning", on=True)
        self._led = self._document()

    # --- what is there

    def _document(self) -> dict[str, Any]:
        found: dict[str, Any] = self._http.get("/ollama/config").raise_for_status().json()
        return found

    def _changes(self) -> Folded:
        return self._journal.changes()

    def _in_force(self) -> Record | None:
        """What the journal says of chat first."""
        records = [one for one in self._changes().undoable(self._server.url) if is_chat_first(one.remedy)]
        return next((one for one in records if one.event in IN_FORCE), None)

    def _paused(self) -> bool:
        return StateFile(self._home / "state.json").read().chat_first_paused

    def _start_tray(self) -> None:
        argv = [sys.executable, "-m", "tray_app", "--home", str(self._home), "--lang", "en"]
        argv += ["--ollama", self._ollama.url, "--open-webui", self._server.url]
        self._tray = desks.App(self._desk, argv, {"ELBOWROOM_API_KEY": self._token})

    def _row(self, text: str) -> Any:
        """The row of just this text: a sentence may begin with it, too."""
        found = [row for row in self._desk.person.menu().rows if row.text == text]
        if not found:
            raise LookupError(f"no row {text!r}")
        return found[0]

    def _click(self, text: str) -> None:
        def once() -> bool:
            row = self._row(text)
            if not row.enabled:
                raise LookupError(f"{text!r} cannot be clicked")
            self._desk.person.send(row.number, "clicked")
            return True

        try:
            wait_for(once, f"the row {text!r}", SETTLED_WITHIN_S)
        except Gone as gone:
            raise Fault(str(gone)) from gone

    def _end_relay(self) -> None:
        door = self._relay.read()
        if door is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(door.pid, signal.SIGKILL)

    # --- one trial

    def trial(self, victim: str, action: str, after_s: float) -> None:
        before = {client.kind: client.ended.copy() for client in self.clients}
        if action == SWITCH:
            self._click("Chat first")
        elif action == QUIT:
            self._click("Quit")
        time.sleep(after_s)
        if victim == "tray":
            self._tray.process.kill()
            self._tray.process.wait()
            self._check_at_once()
            self._start_tray()
        else:
            process = self._server.process
            assert process is not None
            process.kill()
            process.wait()
            self._server.start()
            if action == QUIT and self._quits():
                self._start_tray()
        self._settle(f"{victim}, {action} {after_s:.2f} s before")
        self._answered_again()
        if victim == "tray" and action == NOTHING:
            for client in self.clients:
                lost = client.ended - before[client.kind]
                if lost["broken"] + lost["cut short"] + lost["refused"]:
                    raise Fault(f"{client.kind}: {dict(lost)} though the tray did nothing; {client.said}")

    def _quits(self) -> bool:
        """A tray that was told to quit while Open WebUI was away; it may also have had no time for it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._tray.process.wait(15)
        return self._tray.process.poll() is not None

    def _check_at_once(self) -> None:
        """With the tray gone and nobody to mend it: what Open WebUI holds is what the journal allows."""
        now, folded = self._document(), self._changes()
        allowed = [self._led if self._in_force() else self._original]
        if folded.open(self._server.url):
            allowed = [self._led, self._original]
        if now not in allowed:
            raise Fault(f"the journal says {allowed}, Open WebUI holds {now}")

    def _settle(self, after: str, *, on: bool | None = None) -> None:
        seen: list[str] = []

        def look() -> bool:
            time.sleep(LOOK_S)
            try:
                row = self._row("Chat first")
                document = self._document()
            except httpx.HTTPError as error:
                raise LookupError(str(error)) from error
            force = self._in_force() is not None
            wrong = {
                "the row is busy": not row.enabled,
                "a change is open": bool(self._changes().open(self._server.url)),
                "paused": self._paused(),
                f"shown {row.checked}, in force {force}": row.checked != force,
                "the relay is not there": force and self._relay.read() is None,
                f"Open WebUI holds {document}": bool(self._led)
                and document != (self._led if force else self._original),
                "not yet": on is not None and force != on,
            }
            seen[:] = [what for what, is_so in wrong.items() if is_so]
            return not seen

        try:
            wait_for(look, "the tray, the journal and Open WebUI to agree", SETTLED_WITHIN_S)
        except Gone as gone:
            raise Fault(f"after {after}: {seen}; {gone}") from gone

    def _answered_again(self) -> None:
        before = {client.kind: client.ended["answered"] + client.ended["dropped"] for client in self.clients}
        until = time.monotonic() + SETTLED_WITHIN_S
        for client in self.clients:
            while client.ended["answered"] + client.ended["dropped"] <= before[client.kind]:
                if client.fault is not None:
                    raise client.fault
                if time.monotonic() > until:
                    raise Fault(f"{client.kind}: nothing is answered any more; {client.said}")
                time.sleep(0.02)

    def always_on(self) -> None:
        """Each trial but those that switch it off begins with chat first on."""
        if self._in_force() is None:
            self._click("Chat first")
            self._settle("a switch", on=True)


def _each(victims: list[str], trials: int, dice: random.Random) -> Iterator[tuple[str, str, float]]:
    turns = [(victim, ACTIONS[number % len(ACTIONS)]) for victim in victims for number in range(trials)]
    dice.shuffle(turns)
    for victim, action in turns:
        yield victim, action, dice.uniform(0, WITHIN_S[action])


def run(victims: list[str], trials: int, seed: int, tell: Callable[[str], None]) -> int:
    """How many faults there were."""
    dice, faults, done = random.Random(seed), 0, Counter[str]()
    with contextlib.ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory()))
        bench = Bench(folder, ends.enter_context(desks.Desk()), ends)
        for number, (victim, action, after_s) in enumerate(_each(victims, trials, dice)):
            try:
                if dice.random() < 0.8:
                    bench.always_on()
                bench.trial(victim, action, after_s)
            except Fault as fault:
                faults += 1
                tell(f"trial {number}, {victim}, {action}: {fault}")
            done[victim] += 1
            if not sum(done.values()) % 20:
                tell(f"{dict(done)} kills, {faults} faults")
        for client in bench.clients:
            client.stop()
            tell(f"{client.kind}: {dict(client.ended)}")
            faults += client.fault is not None
    tell(f"{dict(done)} kills, {faults} faults")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200, help="of each victim")
    parser.add_argument("--of", nargs="+", choices=VICTIMS, default=list(VICTIMS))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    reason = desks.missing()
    if reason:
        raise SystemExit(f"live_kills: {reason}")
    return 1 if run(options.of, options.trials, options.seed, lambda line: print(line, flush=True)) else 0


if __name__ == "__main__":
    sys.exit(main())
