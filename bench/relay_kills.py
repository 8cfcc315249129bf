"""Kills the relay, Ollama and clients at any instant, and says whether anybody ever got a wrong or a mixed answer.

    python -m bench.relay_kills [--trials 200] [--seed 0]

Chats and tasks go through a relay to a stand-in for Ollama whose answers say what was asked for, so that the answer of
another request, a piece of one that was broken off, or half an answer that looks whole would be seen. In each trial one
of the three gets SIGKILL at a random moment; a relay and an Ollama are started again on their ports. `--trials` is for
each of the three.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.relay import until_listening
from tests.ports import free_port
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.report.codec import encode
from tray_app.storage.relay_file import RelayDoor, RelayFile

VICTIMS = ("relay", "ollama", "client")
LINES = 12
BRISK = LanesRules(max_hold_s=0.5, quiet_low_s=0.02, quiet_high_s=0.05, evict_idle_s=0.05)
THINKS_S = 0.2
"""So long there is no chat, and tasks have their turn."""
KINDS = {
    "chat": "",
    "chat of another": "",
    "title": "title_generation",
    "autocomplete": "autocomplete_generation",
}
RECOVERED_WITHIN_S = 60.0


class Fault(Exception):
    """What somebody would see in Open WebUI."""


def _lines(asked: str) -> list[dict[str, Any]]:
    """The answer to that request, and to no other."""
    return [{"asked": asked, "line": line, "done": line == LINES} for line in range(1, LINES + 1)]


# --- the stand-in for Ollama ------------------------------------------------------------------------------------------


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A stream is told line by line; an answer in one piece comes in two."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            asked = json.loads(await reader.readexactly(length))
            lines = [
                json.dumps({"asked": asked["n"], "line": line, "done": line == LINES}) for line in range(1, LINES + 1)
            ]
            if asked["stream"]:
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for line in lines:
                    writer.write(b"%x\r\n%s\n\r\n" % (len(line) + 1, line.encode()))
                    await asyncio.sleep(random.uniform(0, 0.01))
                    if writer.is_closing():
                        return
                writer.write(b"0\r\n\r\n")
            else:
                await asyncio.sleep(random.uniform(0, 0.05))
                text = "\n".join(lines).encode() + b"\n"
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text[: len(text) // 2])
                await asyncio.sleep(random.uniform(0, 0.02))
                writer.write(text[len(text) // 2 :])
            await writer.drain()
    writer.close()


async def _ollama(port: int) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", port)
    await server.serve_forever()


# --- clients ----------------------------------------------------------------------------------------------------------


def _ask(link: http.client.HTTPConnection, kind: str, number: str) -> str:
    """How one request ended. Fault where the client would take for an answer what is none."""
    body = json.dumps({"model": "m", "stream": kind.startswith("chat"), "n": number})
    headers = {"X-Elbowroom-Task": KINDS[kind], "X-Elbowroom-User": kind, "Content-Type": "application/json"}
    try:
        link.request("POST", "/api/chat", body, headers)
        answer = link.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException):
        link.close()
        return "broken"
    if answer.status == http.client.BAD_GATEWAY and "error" in json.loads(text):
        return "not there"
    said = [json.loads(line) for line in text.splitlines()]
    if answer.status == http.client.OK and kind == "autocomplete" and said[0].get("message"):
        return "dropped"
    if answer.status != http.client.OK or said != _lines(number):
        raise Fault(f"{kind} {number}: {answer.status} {text[:300]!r}")
    return "answered"


class Client(threading.Thread):
    """Asks one thing after the other, over one connection as long as that lasts."""

    def __init__(self, kind: str, port: int) -> None:
        super().__init__(daemon=True)
        self.kind = kind
        self.ended: Counter[str] = Counter()
        self.fault: BaseException | None = None
        self._port = port
        self._stops = threading.Event()

    def run(self) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=RECOVERED_WITHIN_S)
        number = 0
        try:
            while not self._stops.is_set():
                number += 1
                self.ended[_ask(link, self.kind, f"{self.kind} {number} {os.getpid()}")] += 1
                time.sleep(random.uniform(0, THINKS_S))
        except (Fault, ValueError) as error:  # no JSON: half of an answer that looked whole
            self.fault = error
        finally:
            link.close()

    def stop(self) -> None:
        self._stops.set()
        self.join(RECOVERED_WITHIN_S)


def _clients(port: int) -> None:
    """The client that is killed: all kinds, until then."""
    clients = [Client(kind, port) for kind in KINDS]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    sys.exit(1)


# --- the trials -------------------------------------------------------------------------------------------------------


class Bench:
    """One relay, one Ollama, clients that watch, and one that is killed."""

    def __init__(self, folder: Path) -> None:
        self._file = RelayFile(folder / "relay.json")
        self._ports = {"relay": free_port(), "ollama": free_port()}
        upstream = f"http://127.0.0.1:{self._ports['ollama']}"
        here = [sys.executable, "-m", "bench.relay_kills"]
        ours = [sys.executable, "-m", "tray_app", "--home", str(folder), "relay", "--upstream", upstream]
        self._commands = {
            "relay": [*ours, "--listen", f"127.0.0.1:{self._ports['relay']}"],
            "ollama": [*here, "--ollama", str(self._ports["ollama"])],
            "client": [*here, "--client", str(self._ports["relay"])],
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in VICTIMS:
            self._start(name)
        self.watching = [Client(kind, self._ports["relay"]) for kind in KINDS]
        for client in self.watching:
            client.start()

    def trial(self, victim: str, after_s: float) -> None:
        """Fault where a client was told something wrong, or is told nothing any more."""
        time.sleep(after_s)
        process = self._running[victim]
        if process.poll() is not None:
            raise Fault(f"{victim} ended by itself: {process.returncode}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        self._start(victim)
        before = [client.ended["answered"] for client in self.watching]
        until = time.monotonic() + RECOVERED_WITHIN_S
        for client, answered in zip(self.watching, before, strict=True):
            enough = "dropped" if client.kind == "autocomplete" else "answered"
            while client.ended["answered"] <= answered and not client.ended[enough]:
                if client.fault is not None:
                    raise client.fault
                if time.monotonic() > until:
                    raise Fault(f"{client.kind}: no answer after {victim} was killed")
                time.sleep(0.01)

    def end(self) -> Counter[str]:
        for client in self.watching:
            client.stop()
        for process in self._running.values():
            process.kill()
            process.wait()
        for client in self.watching:
            if client.fault is not None:
                raise client.fault
        return sum((client.ended for client in self.watching), Counter())

    def _start(self, name: str) -> None:
        process = self._running[name] = subprocess.Popen(self._commands[name], stdout=subprocess.DEVNULL)
        if name in self._ports:
            until_listening(self._ports[name])
        if name == "relay":
            self._tell_rules(self._door(process.pid))

    def _door(self, pid: int) -> RelayDoor:
        until = time.monotonic() + RECOVERED_WITHIN_S
        while (door := self._file.read()) is None or door.pid != pid:
            if time.monotonic() > until:
                raise Fault("the relay does not say where it is")
            time.sleep(0.01)
        return door

    def _tell_rules(self, door: RelayDoor) -> None:
        link = http.client.HTTPConnection("127.0.0.1", door.control_port, timeout=RECOVERED_WITHIN_S)
        body: Any = json.dumps(encode(BRISK))
        link.request("POST", "/rules", body, {"Authorization": f"Bearer {door.secret}"})
        assert link.getresponse().read() == b"{}"
        link.close()


@contextlib.contextmanager
def _bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            yield bench
        finally:
            bench.end()


def trials(each: int, seed: int) -> Counter[str]:
    """How the requests of the clients that were not killed ended. Fault at the first that ended wrongly."""
    dice = random.Random(seed)
    victims = list(VICTIMS) * each
    dice.shuffle(victims)
    with _bench() as bench:
        for victim in victims:
            bench.trial(victim, dice.uniform(0, 0.5))
        return bench.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ollama", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--client", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ollama:
        asyncio.run(_ollama(options.ollama))
    elif options.client:
        _clients(options.client)
    else:
        ended = trials(options.trials, options.seed)
        print(f"{options.trials} kills of each of {', '.join(VICTIMS)}: no wrong answer. {dict(ended)}")


if __name__ == "__main__":
    main()
