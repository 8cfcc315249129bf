"""How many Ollama hosts a team needs: first tokens of 20, 200 and 2,000 people, by a simulation of every request.

    python -m bench.fleet [--people 20 200 2000] [--hosts 2 3 ...] [--minutes 30] [--check] [--json FILE]

Three ways: straight (every host is a connection of Open WebUI, which takes one at random), HAProxy as `gateway haproxy`
sets it up (people first, any free place, the host of the conversation preferred), and the relay of chat first before
that HAProxy (tasks are held and broken off by core/lanes itself, which takes all places for those of one machine). Each
host answers `--slots` requests side by side and still knows `--kept` prompts, tasks' included (llama-server's prompt
cache, which Ollama has used since 0.30): of a conversation that it knows it reads only what is new.

What a call costs comes from its tokens and two speeds. Tokens of tasks are those of Open WebUI 0.12.4's own templates
and of what they quote. The speeds are assumed, for a 32B model at 4 bits on one card of 24 GB: give your own. People
write a conversation's messages about 40 s apart, four of them on average, then do something else for 20 minutes.

`--check`: the same 20 people before a real HAProxy and hosts that only wait, five times as fast. What a call
takes beside its work in the same minutes is taken off. Which host a conversation prefers is drawn anew nine times. Exit
code 1 where p50 or p95 is more than 20 % and 0.3 s outside of what was simulated.
"""

import argparse
import asyncio
import contextlib
import heapq
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
import zlib
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.haproxy.balancer import Balancer
from tests.ports import free_port
from tray_app.core.lanes.event import Arrived, BreakOff, Drop, Ended, Event, FirstByte, Send, Tick
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.lanes.state import begin
from tray_app.core.lanes.step import due, step
from tray_app.core.values.relay import Asking, Lane

GRID = {20: (2, 3, 4), 200: (12, 16, 20, 24), 2000: (80, 100)}
WANTED_P95_S = 5.0
BATCH_S = 0.5
"""A prompt that is being read is given up only after the batch (seen at a real Ollama)."""
SPEED, SHARE, MORE_S = 5.0, 0.2, 0.3
WARM_MINUTES, FLOOR_S, DRAWS = 3.0, 1.0, 9
MODEL = "qwen3:32b"
QUESTION, ANSWER, MESSAGES = 40, 250, 4
PAUSE_S, AWAY_S = 40.0, 1200.0
# Word -> tokens of the template, messages that it quotes, tokens of the answer; in the order in which they come.
TASKS = {"follow_up_generation": (355, 5, 60), "title_generation": (257, 2, 15), "tags_generation": (180, 6, 25)}
CLASSES = {Lane.CHAT: 0, Lane.TASK: 10}


class Way(StrEnum):
    STRAIGHT = "straight"
    PRIORITY = "HAProxy"
    BREAK_OFF = "relay + HAProxy"


@dataclass(eq=False)
class Call:
    """One request. Tokens: the whole prompt, and what is new in it where the conversation is still known."""

    user: int
    chat: str
    word: str
    whole: int
    new: int
    answer: int
    asked: float = 0.0
    first: float | None = None
    ended: float = 0.0
    attempt: int = 0
    read_at: float = 0.0
    """When its prompt has been read."""
    place: "Place | None" = None
    queued: bool = False
    done: Callable[[], None] = lambda: None

    @property
    def lane(self) -> Lane:
        return Lane.TASK if self.word else Lane.CHAT


@dataclass(eq=False)
class Place:
    """What answers one request at a time."""

    host: int
    busy: bool = False
    freed: float = 0.0


class Prompts:
    """What a host still knows: its latest prompts, of whatever kind."""

    def __init__(self, most: int) -> None:
        self._most, self._kept = most, dict[str, None]()

    def read(self, call: Call) -> int:
        """Tokens of this prompt that have to be read; it is known from then on."""
        name = f"{call.chat} {call.word}"
        known = name in self._kept and call.lane is Lane.CHAT
        self._kept.pop(name, None)
        self._kept[name] = None
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return call.new if known else call.whole


Life = Generator["float | Call", None, None]


def life(user: int, chance: random.Random, spawn: Callable[[Life], None]) -> Life:
    """A person: yields seconds to wait, or a call whose end is waited for."""
    yield chance.uniform(0, AWAY_S)
    for conversation in itertools.count():
        chat, said = f"{user}-{conversation}", [0]
        while True:
            new = said[-1] + QUESTION
            answer = max(10, round(chance.lognormvariate(0, 0.6) * ANSWER))
            said += [QUESTION, answer]
            yield Call(user, chat, "", sum(said) - answer, new, answer)
            words = list(TASKS) if len(said) == 3 else list(TASKS)[:1]
            spawn(_tasks(user, chat, tuple(said), words))
            if chance.random() < 1 / MESSAGES:
                break
            yield chance.lognormvariate(0, 0.7) * PAUSE_S
        yield chance.expovariate(1 / AWAY_S)


def _tasks(user: int, chat: str, said: tuple[int, ...], words: list[str]) -> Life:
    """One after the other, as Open WebUI asks for them."""
    for word in words:
        template, quoted, answer = TASKS[word]
        prompt = template + sum(said[-quoted:])
        yield Call(user, chat, word, prompt, prompt, answer)


class Hosts:
    """Places in simulated time, and a queue for each host (`straight`) or one for all."""

    def __init__(self, hosts: int, options: argparse.Namespace, chance: random.Random, *, straight: bool) -> None:
        self.now = 0.0
        self.calls: list[Call] = []
        self._options, self._chance, self._straight = options, chance, straight
        self._places = [Place(host) for host in range(hosts) for _ in range(options.slots)]
        self._hosts = hosts
        self._prompts = [Prompts(options.kept) for _ in range(hosts)]
        self._queues: list[deque[Call]] = [deque() for _ in range(hosts)]
        self._waiting: list[tuple[int, int, Call]] = []
        self._seq = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._seq), what))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, what = heapq.heappop(self._events)
            what()

    def live(self, one: Life) -> None:
        """Goes on with a person until they wait again."""
        try:
            wanted = next(one)
        except StopIteration:
            return
        if isinstance(wanted, Call):
            wanted.asked, wanted.done = self.now, lambda: self.live(one)
            self.calls.append(wanted)
            self.arrive(wanted)
        else:
            self.at(self.now + wanted, lambda: self.live(one))

    def arrive(self, call: Call) -> None:
        self.send(call)

    def first_byte(self, call: Call) -> None:
        """An answer begins."""

    def end(self, call: Call) -> None:
        call.done()

    # --- places ---------------------------------------------------------------------------------------------------

    def send(self, call: Call) -> None:
        call.queued = True
        if self._straight:
            host = self._chance.randrange(self._hosts)
            self._queues[host].append(call)
            self._next_of(host)
        else:
            heapq.heappush(self._waiting, (CLASSES[call.lane], next(self._seq), call))
            self._next()

    def give_up(self, call: Call) -> None:
        """The client hangs up."""
        call.queued = False
        call.attempt += 1
        if (place := call.place) is not None:
            call.place = None
            batch = min(BATCH_S, max(0.0, call.read_at - self.now))
            self.at(self.now + batch, lambda: self._free(place))

    def _next_of(self, host: int) -> None:
        free = [place for place in self._places if place.host == host and not place.busy]
        while free and self._queues[host]:
            self._begin(self._queues[host].popleft(), free)

    def _next(self) -> None:
        free = [place for place in self._places if not place.busy] if self._waiting else []
        while free and self._waiting:
            call = heapq.heappop(self._waiting)[2]
            if call.queued:
                self._begin(call, free)

    def _begin(self, call: Call, free: list[Place]) -> None:
        own = (
            zlib.crc32(f"{self._options.seed} {call.chat}".encode()) % self._hosts
            if call.lane is Lane.CHAT and not self._straight
            else -1
        )
        # Of equals HAProxy takes the one that was done last.
        place = max(free, key=lambda one: (one.host == own, one.freed))
        free.remove(place)
        place.busy = True
        read = self._prompts[place.host].read(call)
        call.place, call.queued = place, False
        attempt, first = call.attempt, self.now + read / self._options.prompt_tokens_per_s
        call.read_at = first
        if call.lane is Lane.CHAT:
            self.at(first, lambda: self._begins(call, attempt))
        self.at(first + call.answer / self._options.tokens_per_s, lambda: self._ends(call, attempt))

    def _begins(self, call: Call, attempt: int) -> None:
        if call.attempt == attempt:
            call.first = self.now
            self.first_byte(call)

    def _ends(self, call: Call, attempt: int) -> None:
        if call.attempt != attempt or call.place is None:
            return
        place, call.place, call.ended = call.place, None, self.now
        self._free(place)
        self.end(call)

    def _free(self, place: Place) -> None:
        place.busy, place.freed = False, self.now
        if self._straight:
            self._next_of(place.host)
        else:
            self._next()


class Relayed(Hosts):
    """The policy of the relay before the same places."""

    def __init__(self, hosts: int, options: argparse.Namespace, chance: random.Random) -> None:
        super().__init__(hosts, options, chance, straight=False)
        self._lanes = begin(LanesRules(num_parallel=hosts * options.slots))
        self._ids: dict[int, Call] = {}
        self._numbers: dict[int, int] = {}
        self._tick_at = float("inf")

    def arrive(self, call: Call) -> None:
        number = len(self._numbers) + 1
        self._numbers[id(call)], self._ids[number] = number, call
        asked = Asking(number, call.lane, call.word, MODEL, str(call.user), call.chat)
        self._happens(Arrived(asked))

    def first_byte(self, call: Call) -> None:
        self._happens(FirstByte(self._numbers[id(call)]))

    def end(self, call: Call) -> None:
        self._happens(Ended(self._numbers[id(call)]))
        call.done()

    def _happens(self, event: Event) -> None:
        self._lanes, orders = step(self._lanes, event, self.now)
        for order in orders:
            call = self._ids[order.id]
            if isinstance(order, Send):
                self.send(call)
            elif isinstance(order, BreakOff | Drop):
                self.give_up(call)
        at = due(self._lanes)
        if at is not None and (at < self._tick_at or self._tick_at <= self.now):
            self._tick_at = max(at, self.now)
            self.at(self._tick_at, self._tick)

    def _tick(self) -> None:
        if self.now >= self._tick_at:
            self._tick_at = float("inf")
            self._happens(Tick())


@dataclass
class Told:
    """Seconds: to a chat's first token, to a task's end, and the share of the time that places are busy."""

    chats: list[float] = field(default_factory=list)
    tasks: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, calls: list[Call], since: float) -> "Told":
        made = cls()
        for call in calls:
            if call.asked >= since and call.lane is Lane.CHAT and call.first is not None:
                made.chats.append(call.first - call.asked)
            elif call.asked >= since and call.lane is Lane.TASK and call.ended:
                made.tasks.append(call.ended - call.asked)
        return made

    @staticmethod
    def share(values: list[float], part: float) -> float:
        return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


def simulated(way: Way, people: int, hosts: int, options: argparse.Namespace) -> Told:
    """The first minutes are not counted: everybody has just come."""
    chance = random.Random(options.seed)
    if way is Way.BREAK_OFF:
        fleet: Hosts = Relayed(hosts, options, chance)
    else:
        fleet = Hosts(hosts, options, chance, straight=way is Way.STRAIGHT)
    for user in range(people):
        fleet.at(0, lambda user=user: fleet.live(life(user, random.Random(user), fleet.live)))  # type: ignore[misc]
    fleet.run((options.minutes + WARM_MINUTES) * 60)
    return Told.of(fleet.calls, WARM_MINUTES * 60)


# --- the check --------------------------------------------------------------------------------------------------------


ENDS = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)


class WaitingHost:
    """Answers over HTTP after the time that a host would take, `SPEED` times as fast."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._options, self._prompts = options, Prompts(options.kept)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (
            contextlib.closing(writer),
            contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError),
        ):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next((line for line in head.lower().splitlines() if line.startswith(b"content-length")), b":0")
                asked = json.loads(await reader.readexactly(int(length.partition(b":")[2])) or "{}")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
                if asked:
                    await self._work(asked, writer)
                writer.write(b"2\r\n{}\r\n0\r\n\r\n")
                await writer.drain()

    async def _work(self, asked: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if "wait_s" in asked:
            await asyncio.sleep(asked["wait_s"] / SPEED)
            return
        read = self._prompts.read(Call(0, asked["chat"], asked["word"], asked["whole"], asked["new"], asked["answer"]))
        await asyncio.sleep(read / self._options.prompt_tokens_per_s / SPEED)
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(asked["answer"] / self._options.tokens_per_s / SPEED)


async def _ask(port: int, call: Call, since: float) -> None:
    call.asked = (time.monotonic() - since) * SPEED
    told = {"chat": call.chat, "word": call.word, "whole": call.whole, "new": call.new, "answer": call.answer}
    body = json.dumps(told).encode()
    head = f"POST /api/chat HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    head += f"X-Elbowroom-Task: {call.word}\r\nX-Elbowroom-Chat: {call.chat}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.closing(writer):
        writer.write(head.encode() + body)
        await reader.readuntil(b"\r\n\r\n")
        await reader.read(1)
        call.first = (time.monotonic() - since) * SPEED
        await reader.read()
        call.ended = (time.monotonic() - since) * SPEED


async def _floor(port: int, found: list[float]) -> None:
    """What a call takes beside its work, again and again: one that does not wait for a place and has a known time."""
    body = json.dumps({"wait_s": FLOOR_S}).encode()
    head = "POST /api/show HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n"
    while True:
        since = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.closing(writer):
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await reader.readuntil(b"\r\n\r\n")
            await reader.read(1)
        found.append((time.monotonic() - since) * SPEED - FLOOR_S)
        await asyncio.sleep(0.25)


async def _really(port: int, people: int, minutes: float, servers: list[WaitingHost]) -> tuple[list[Call], float]:
    """The same lives in real time, and the floor."""
    for server in servers:
        await asyncio.start_server(server.answer, "127.0.0.1", server.port)
    calls: list[Call] = []
    floor: list[float] = []
    running: set[asyncio.Task[None]] = set()
    await asyncio.sleep(8)  # until two checks have passed
    since = time.monotonic()

    async def live(one: Life) -> None:
        for wanted in one:
            if isinstance(wanted, Call):
                calls.append(wanted)
                await _ask(port, wanted, since)
            else:
                await asyncio.sleep(wanted / SPEED)

    def spawn(one: Life) -> None:
        running.add(asyncio.get_running_loop().create_task(live(one)))

    for user in range(people):
        spawn(life(user, random.Random(user), spawn))
    running.add(asyncio.get_running_loop().create_task(_floor(port, floor)))
    await asyncio.sleep((minutes + WARM_MINUTES) * 60 / SPEED)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return calls, statistics.median(floor)


def check(people: int, hosts: int, options: argparse.Namespace) -> bool:
    """The simulation against a real HAProxy."""
    servers = [WaitingHost(options) for _ in range(hosts)]
    with tempfile.TemporaryDirectory() as folder:
        more = ("--slots", str(options.slots))
        with Balancer(Path(folder), *(one.url for one in servers), more=more) as balancer:
            calls, floor = asyncio.run(_really(balancer.port, people, options.minutes, servers))
    real = Told.of(calls, WARM_MINUTES * 60)
    draws = []
    for seed in range(DRAWS):
        one = argparse.Namespace(**{**vars(options), "seed": seed})
        draws.append(simulated(Way.PRIORITY, people, hosts, one).chats)
    print(f"{people} people, {hosts} hosts: {len(real.chats)} chats at the real HAProxy, {len(draws[0])} simulated "
          f"{DRAWS} times; beside its work a call took {floor:.2f} s")  # fmt: skip
    fine = True
    for name, part in (("p50", 0.5), ("p95", 0.95)):
        seen, played = Told.share(real.chats, part) - floor, sorted(Told.share(chats, part) for chats in draws)
        close = played[0] * (1 - SHARE) - MORE_S <= seen <= played[-1] * (1 + SHARE) + MORE_S
        fine &= close
        told = f"{played[0]:.2f} to {played[-1]:.2f} s"
        print(f"{name}: real {seen:.2f} s, simulated {told}{'' if close else ': too far apart'}", flush=True)
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[20, 200, 2000])
    parser.add_argument("--hosts", type=int, nargs="+", help="instead of a grid for each number of people")
    parser.add_argument("--minutes", type=float, default=30, help="that are counted (30)")
    parser.add_argument("--slots", type=int, default=1, help="what a host answers side by side (1)")
    parser.add_argument("--tokens-per-s", type=float, default=30, help="that a place writes (30)")
    parser.add_argument("--prompt-tokens-per-s", type=float, default=600, help="that a place reads (600)")
    parser.add_argument("--kept", type=int, default=8, help="prompts that a host still knows (8)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="20 people before a real HAProxy, too")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    print(f"{'people':>7}{'hosts':>6}  {'way':16}{'chats':>8}{'p50':>8}{'p95':>8}{'tasks p50':>11}{'tasks p95':>11}")
    everything = []
    for people in options.people:
        for hosts in options.hosts or GRID.get(people, (max(1, people // 25),)):
            for way in Way:
                told = simulated(way, people, hosts, options)
                numbers = [Told.share(told.chats, part) for part in (0.5, 0.95)]
                numbers += [Told.share(told.tasks, part) for part in (0.5, 0.95)]
                mark = " *" if numbers[1] <= WANTED_P95_S else ""
                cells = "".join(f"{one:>{size}.1f}" for one, size in zip(numbers, (8, 8, 11, 11), strict=True))
                cells = cells.replace("nan", "  -")
                print(f"{people:>7}{hosts:>6}  {way:16}{len(told.chats):>8}{cells}{mark}", flush=True)
                named = dict(zip(("p50", "p95", "tasks_p50", "tasks_p95"), numbers, strict=True))
                everything.append({"people": people, "hosts": hosts, "way": way, **named})
    print(f"* a chat's first token within {WANTED_P95_S:g} s for 95 of 100")
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    return 0 if not options.check or check(20, 3, options) else 1


if __name__ == "__main__":
    sys.exit(main())
