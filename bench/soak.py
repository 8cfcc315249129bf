"""Whether memory grows with the number of polls while servers come and go, beside the same with steady servers.

    python bench/soak.py [--polls 10000] [--report 1000] [--every 4] [--poll-s 5] [--trace]

Four processes side by side: the tray's worker with its session and a screen that only keeps the last frame, and what
`watch --json` does; each with servers that come or go every `--every` polls (20 s at 5 s a poll), and with servers that
stay: the floor. Each has stand-ins in a process of their own, so that what is measured is ours; the machine is the real
one. The clock goes ahead by `--poll-s` with each poll. Printed for every `--report` polls: resident memory, the blocks
that Python's allocator has given out, the objects that the garbage collector knows, and the kinds of which there are
more than after the first fifth, when what is kept for a while (an hour at most) has filled. `--trace` adds where memory
was asked for (tracemalloc; slower, and it takes memory itself). tests/app/test_soak.py holds that no kind grows.
"""

import argparse
import gc
import io
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.long_journal import Screen
from tray_app.app.session import Session
from tray_app.app.watch import Observer
from tray_app.app.wiring import App, Overrides
from tray_app.app.worker import Worker
from tray_app.cli.status import show
from tray_app.cli.terminal import Terminal
from tray_app.core.values.token import Token, origin_of
from tray_app.readers.machine import Machine
from tray_app.standins.models import BIG
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.standins.scheduler import Pace
from tray_app.standins.upstream import Call
from tray_app.storage.secret import KeptIn

WARM = 5
"""The first of so many parts is not counted."""
KINDS = 6
TRAY, WATCH = "tray", "watch"


class Clock:
    """Moves with every poll, and only then."""

    def __init__(self, poll_s: float) -> None:
        self._poll_s = poll_s
        self._now, self._uptime = time.time(), time.monotonic()

    def jump(self) -> None:
        self._now += self._poll_s
        self._uptime += self._poll_s

    def now(self) -> float:
        return self._now

    def uptime(self) -> float:
        return self._uptime


def serve() -> None:
    """The stand-ins' process: `up` and `down` by standard input, each answered by a line."""
    ollama = DemoOllama(pace=Pace(0, 0, 0))
    ollama.start()
    for _line in Call(ollama.url, "/api/generate", {"model": BIG, "stream": False}).lines():
        pass
    web = DemoOpenWebUI(ollama_url=ollama.url)
    web.start()
    print(json.dumps({"ollama": ollama.url, "web": web.url, "token": web.session()}), flush=True)
    for line in sys.stdin:
        for server in (ollama, web):
            server.start() if line.strip() == "up" else server.stop()
            server.asked.clear()
        print(line.strip(), flush=True)
    web.stop()
    ollama.stop()


class Servers:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            (sys.executable, __file__, "--serve"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.told = json.loads(self._line())
        self._up = True

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def toggle(self) -> None:
        self._up = not self._up
        assert self._process.stdin is not None
        self._process.stdin.write("up\n" if self._up else "down\n")
        self._process.stdin.flush()
        self._line()

    def close(self) -> None:
        self._process.communicate()


def keep_time(observer: Observer, clock: Clock) -> None:
    observer.poll.now, observer.poll.uptime = clock.now, clock.uptime


@contextmanager
def tray_polls(overrides: Overrides, clock: Clock) -> Iterator[Callable[[], None]]:
    """Rounds of the worker, by hand on this thread."""
    session = Session(overrides)
    worker = Worker(session, Screen(), clock.now, clock.uptime)

    def poll() -> None:
        clock.jump()
        keep_time(session.app.observer, clock)
        worker._due = 0.0  # noqa: SLF001 - no waiting for the next poll
        worker._went_well(worker._round)  # noqa: SLF001 - one by hand
        worker._show_whatever_is_there()  # noqa: SLF001

    try:
        yield poll
    finally:
        session.close()


@contextmanager
def watch_polls(overrides: Overrides, clock: Clock) -> Iterator[Callable[[], None]]:
    """What `watch --json` does in each round."""
    with App(overrides) as app:
        terminal = Terminal()
        from tray_app.app import language

        tr = language.load("en")

        def poll() -> None:
            clock.jump()
            keep_time(app.observer, clock)
            app.settings_file.reload()
            with redirect_stdout(io.StringIO()) as out:
                terminal.out = out
                show(app.observer.look(), terminal, tr, as_json=True, over_time=True)

        yield poll


def kinds() -> Counter[str]:
    gc.collect()
    return Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())


@contextmanager
def connected(what: str, poll_s: float, machine: Machine | None = None) -> Iterator[tuple[Callable[[], None], Servers]]:
    """One poll at a call, on servers of its own, signed in."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = Servers()
        stack.callback(servers.close)
        told = servers.told
        overrides = Overrides(home=home, ollama=told["ollama"], open_webui=told["web"], language="en", machine=machine)
        with App(overrides) as app:
            app.secrets.store(Token(told["token"], origin_of(told["web"])), KeptIn.FILE)
        yield stack.enter_context((tray_polls if what == TRAY else watch_polls)(overrides, Clock(poll_s))), servers


def soak(what: str, polls: int, report: int, every: int, poll_s: float, *, trace: bool) -> None:
    """One JSON line for every `report` polls."""
    with connected(what, poll_s) as (poll, servers):
        first: Counter[str] = Counter()
        earlier: tracemalloc.Snapshot | None = None
        for number in range(1, polls + 1):
            if every and number % every == 0:
                servers.toggle()
            poll()
            if trace and number == polls // WARM:
                tracemalloc.start(12)
            if trace and number == polls * 2 // WARM:
                earlier = tracemalloc.take_snapshot()
            if number % report and number != polls // WARM:
                continue
            found = kinds()
            if number <= polls // WARM:
                first = found
            line = {
                "polls": number,
                "rss": psutil.Process().memory_info().rss,
                "blocks": sys.getallocatedblocks(),
                "objects": found.total(),
                "more": dict((found - first).most_common(KINDS)),
            }
            del found
            print(json.dumps(line), flush=True)
        if earlier is not None:
            grown = tracemalloc.take_snapshot().compare_to(earlier, "traceback")
            for one in grown[:KINDS]:
                print(
                    f"{one.size_diff / 1024:.1f} KiB in {one.count_diff}",
                    *one.traceback.format(),
                    sep="\n",
                    file=sys.stderr,
                )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polls", type=int, default=10_000)
    parser.add_argument("--report", type=int, default=1_000)
    parser.add_argument("--every", type=int, default=4)
    parser.add_argument("--poll-s", type=float, default=5.0)
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--only", choices=(TRAY, WATCH), help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
    elif options.only:
        soak(options.only, options.polls, options.report, options.every, options.poll_s, trace=options.trace)
    else:
        side_by_side(options)
    return 0


def side_by_side(options: argparse.Namespace) -> None:
    common = [f"--polls={options.polls}", f"--report={options.report}", f"--poll-s={options.poll_s}"]
    common += ["--trace"] if options.trace else []
    runs = {
        (what, every): subprocess.Popen(
            (sys.executable, __file__, "--only", what, "--every", str(every), *common),
            stdout=subprocess.PIPE,
            text=True,
        )
        for what in (TRAY, WATCH)
        for every in (options.every, 0)
    }
    for (what, every), process in runs.items():
        out, _ = process.communicate()
        print(f"{what}, {f'servers come or go every {every} polls' if every else 'servers stay'}")
        print(f"{'polls':>8}  {'resident':>10}  {'bytes a poll':>12}  {'blocks':>8}  {'objects':>8}  more")
        lines = [json.loads(line) for line in out.splitlines()]
        base = next((one for one in lines if one["polls"] >= options.polls // WARM), None)
        for one in lines:
            past = one["polls"] - base["polls"] if base else 0
            growth = f"{(one['rss'] - base['rss']) / past:.0f}" if base and past > 0 else ""
            more = ", ".join(f"{name} {count:+}" for name, count in one["more"].items())
            counts = f"{one['blocks']:>8}  {one['objects']:>8}"
            print(f"{one['polls']:>8}  {one['rss'] / 1e6:>7.1f} MB  {growth:>12}  {counts}  {more}")


if __name__ == "__main__":
    sys.exit(main())
