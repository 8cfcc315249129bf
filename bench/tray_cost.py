"""What the tray costs: start to icon, memory, CPU while nothing happens and while people chat, beside a bare icon.

    python bench/tray_cost.py [--minutes 5] [--starts 5] [--peer NAME=COMMAND ...] [--before FOLDER]

Everything runs at the same time on one private screen and bus, so that a noisy minute is everyone's. The floor is a
bare pystray icon with the same imports and no work. Ours runs against stand-ins for Ollama and Open WebUI in the
bench's own process: once with no model loaded (idle), once with two people chatting on a 32B model (busy), each over
the session bus alone and as an AppIndicator with GTK, which older panels need. A peer runs on a terminal, with
OLLAMA_HOST set to the busy Ollama. `--before` is the source tree of an earlier version (`git worktree add FOLDER
COMMIT`), which runs beside ours at the same servers. "Least" is the CPU of the least minute, as others make
everything dearer who share the caches. Other people's processes are looked at, too: on a machine where they come by the
dozen, put `unshare --pid --fork --mount-proc` before it. Memory is resident and private (USS), in MB (10^6 bytes);
wake-ups are voluntary context switches of all threads. Needs Linux with what tests/e2e needs.
"""

import argparse
import fcntl
import itertools
import os
import shlex
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.e2e import desk as desks
from tests.e2e.bus import wait_for
from tray_app.demo.person import Person
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.standins.scheduler import Pace

CHAT_MODEL = "qwen3:32b"
PACE = Pace(token_s=0.07, prompt_token_s=0.002, load_s_per_gib=0.02)
SETTLE_S = 15.0
FLOOR = """
import httpx, keyring, psutil, PIL.Image, PIL.ImageDraw, platformdirs, filelock, truststore, jeepney, sqlite3, tomllib
import pystray
picture = PIL.Image.new("RGBA", (24, 24), "red")
icon = pystray.Icon("floor", picture, "floor", pystray.Menu(pystray.MenuItem("Quit", lambda icon: icon.stop())))
icon.run()
"""


WITH_GTK = """
import sys
from tray_app.__main__ import main
from tray_app.tray.base import TrayHost
from tray_app.tray.linux import tray
tray.find_host = lambda _environment: TrayHost.XEMBED
sys.exit(main())
"""


class Measured:
    """A process and what it has used since `begin`."""

    def __init__(self, name: str, pid: int) -> None:
        self.name = name
        self.process = psutil.Process(pid)
        self.cpu_at = self.began = 0.0
        self.woke_at = 0
        self.marks: list[tuple[float, float]] = []

    def cpu_s(self) -> float:
        """Its children's included: a program that starts others pays for them."""
        total = 0.0
        for one in (self.process, *self.process.children(recursive=True)):
            try:
                times = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        own = self.process.cpu_times()
        return total + own.children_user + own.children_system

    def woke(self) -> int:
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/status")
        return sum(int(one.read_text().partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for one in tasks)

    def begin(self) -> None:
        self.cpu_at, self.woke_at, self.began = self.cpu_s(), self.woke(), time.monotonic()

    def mark(self) -> None:
        self.marks.append((time.monotonic(), self.cpu_s()))

    def line(self) -> tuple[float, float, float, float, float]:
        """CPU percent of one core, of its least minute, wake-ups a second, resident and private MB."""
        took = time.monotonic() - self.began
        memory = self.process.memory_full_info()
        parts = itertools.pairwise([(self.began, self.cpu_at), *self.marks])
        least = min((cpu - before) / (at - then) * 100 for (then, before), (at, cpu) in parts)
        percent, woke = (self.cpu_s() - self.cpu_at) / took * 100, (self.woke() - self.woke_at) / took
        return percent, least, woke, memory.rss / 1e6, memory.uss / 1e6


def ours(
    desk: desks.Desk,
    name: str,
    ollama: DemoOllama,
    web: DemoOpenWebUI,
    *,
    gtk: bool = False,
    tree: Path = desks.ROOT,
) -> subprocess.Popen[bytes]:
    """`tree`: the sources that are run."""
    how = ["-c", WITH_GTK] if gtk else ["-m", "tray_app"]
    argv = [sys.executable, *how, "--home", str(desk.folder / name), "--ollama", ollama.url]
    env = {"ELBOWROOM_API_KEY": web.session()}
    process: subprocess.Popen[bytes] = desk.start([*argv, "--open-webui", web.url], env, cwd=tree)
    return process


def start_to_icon(starts: int) -> dict[str, float]:
    """Median seconds from the start of the process to its icon on the bus; the two take turns."""
    seconds: dict[str, list[float]] = {"floor": [], "elbowroom": [], "elbowroom with GTK": []}
    with ExitStack() as stack:
        ollama, web = stand_ins(stack)
        for _ in range(starts):
            for name, runs in seconds.items():
                with desks.Desk() as desk:
                    began = time.monotonic()
                    if name == "floor":
                        desk.start([sys.executable, "-c", FLOOR], {"PYSTRAY_BACKEND": "appindicator"})
                    else:
                        ours(desk, "start", ollama, web, gtk=name.endswith("GTK"))
                    wait_for(lambda desk=desk: desk.watcher.items, "the icon", 60)
                    runs.append(time.monotonic() - began)
    return {name: statistics.median(runs) for name, runs in seconds.items()}


def stand_ins(stack: ExitStack) -> tuple[DemoOllama, DemoOpenWebUI]:
    ollama = DemoOllama(pace=PACE)
    ollama.start()
    stack.callback(ollama.stop)
    web = DemoOpenWebUI("0.12.4", ollama_url=ollama.url)
    web.start()
    stack.callback(web.stop)
    return ollama, web


def in_terminal(desk: desks.Desk, command: list[str], ollama_url: str) -> subprocess.Popen[bytes]:
    """A program on a terminal of 120 by 40 that somebody reads, so that it draws as for a person."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    env = {"TERM": "xterm-256color", "OLLAMA_HOST": ollama_url}
    process: subprocess.Popen[bytes] = desk.start(command, env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    threading.Thread(target=_drain, args=(ours,), daemon=True).start()
    return process


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:  # its program ended
        os.close(terminal)


def over_time(minutes: int, peers: list[tuple[str, str]], before: Path | None) -> None:
    with desks.Desk() as desk, ExitStack() as stack:
        quiet, crowded = stand_ins(stack), stand_ins(stack)
        floor = desk.start([sys.executable, "-c", FLOOR], {"PYSTRAY_BACKEND": "appindicator"})
        measured = [
            Measured("floor: bare icon, same imports", floor.pid),
            Measured("elbowroom, idle", ours(desk, "idle", *quiet).pid),
            Measured("elbowroom, busy", ours(desk, "busy", *crowded).pid),
            Measured("elbowroom with GTK, idle", ours(desk, "idle-gtk", *quiet, gtk=True).pid),
            Measured("elbowroom with GTK, busy", ours(desk, "busy-gtk", *crowded, gtk=True).pid),
        ]
        if before is not None:
            measured.append(Measured("before, idle", ours(desk, "idle-before", *quiet, tree=before).pid))
            measured.append(Measured("before, busy", ours(desk, "busy-before", *crowded, tree=before).pid))
        for name, command in peers:
            measured.append(Measured(name, in_terminal(desk, shlex.split(command), crowded[0].url).pid))
        people = [Person(crowded[1], model=CHAT_MODEL, pause_s=1.0) for _ in range(2)]
        for person in people:
            stack.callback(person.stop)
            person.start()
        time.sleep(SETTLE_S)
        for one in measured:
            one.begin()
        for number in range(1, minutes + 1):
            time.sleep(max(0.0, measured[0].began + 60 * number - time.monotonic()))
            for one in measured:
                one.mark()
        lines = [(one.name, *one.line()) for one in measured]
    base = lines[0]
    print(
        f"{'':30} {'CPU %':>6} {'least':>6} {'wakes/s':>8} {'resident MB':>12} {'private MB':>11} {'of the floor':>13}"
    )
    for name, cpu, least, woke, resident, private in lines:
        shares = f"{resident / base[4]:6.2f} {private / base[5]:6.2f}"
        print(f"{name:30} {cpu:6.2f} {least:6.2f} {woke:8.1f} {resident:12.1f} {private:11.1f} {shares}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=5)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--before", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    reason = desks.missing()
    if reason:
        raise SystemExit(f"tray_cost: {reason}")
    for name, seconds in start_to_icon(options.starts).items():
        print(f"start to icon, {name}: {seconds:.2f} s (median of {options.starts})")
    peers = [(name, command) for name, _, command in (one.partition("=") for one in options.peer)]
    over_time(options.minutes, peers, options.before)


if __name__ == "__main__":
    main()
