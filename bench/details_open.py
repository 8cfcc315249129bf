"""Whether memory stays flat while the details page is open in Chromium and everything on it changes.

    python bench/details_open.py [--minutes 60] [--every 2]

Two workers, each in a process of its own, as the tray has it: one whose page is open in a real tab, and the floor,
which nobody looks at. Both watch the same stand-ins (in the bench's own process), on which somebody chats all the
time, so that every look differs from the one before. `--every` is the time between two looks: 2 s is the app's own
rhythm while somebody looks; with less the same number of looks is played in a shorter time (`--minutes 10 --every
0.333`: the 1,800 of an hour). Printed at the start, at each quarter and at the end: looks, documents that the tab was
sent, resident and private memory of both, what Python has given out, and of the tab its own memory and nodes after a
collection. The start is after the first tenth: until then code is loaded and the charts of the long windows are made.
Memory in MB (10^6).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.page.chromium import Chromium, Tab, program
from tests.page.test_way_in import secret_in
from tray_app.app.details.headless import NoTray
from tray_app.app.session import Session
from tray_app.app.wiring import App, Overrides
from tray_app.app.worker import Worker
from tray_app.core.values.command import OpenDetails, Quit, Refresh
from tray_app.core.values.token import Token, origin_of
from tray_app.demo.person import Person
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.standins.scheduler import Pace
from tray_app.storage.secret import KeptIn

OWN_RHYTHM_S = 2.0
PACE = Pace(token_s=0.07, prompt_token_s=0.002, load_s_per_gib=0.02)
PARTS = 4
SHOWN = "document.querySelector('#switches input') && document.querySelector('.p-chart')"


def work(home: Path, ollama: str, web: str, every_s: float, *, is_open: bool) -> None:
    """The child: it answers each line with what it counts, and ends with its input."""
    ways: list[str] = []
    session = Session(Overrides(home=home, ollama=ollama, open_webui=web, language="en"))

    def note(way: str) -> bool:
        ways.append(way)
        return True

    worker = Worker(session, NoTray(), open_browser=note)
    looks = [0]
    look = session.app.observer.look

    def counted(*given: object) -> object:
        looks[0] += 1
        return look(*given)  # type: ignore[arg-type]

    session.app.observer.look = counted  # type: ignore[method-assign,assignment]
    thread = threading.Thread(target=worker.run)
    thread.start()
    over = threading.Event()
    if is_open:
        worker.send(OpenDetails())
        while not ways:
            time.sleep(0.05)
    print(json.dumps(secret_in(ways[0]) if is_open else ""), flush=True)
    pacer = threading.Thread(target=lambda: pace(worker, every_s, over))
    pacer.start()
    for _line in sys.stdin:
        page = worker._details._page  # noqa: SLF001 - what was sent is counted where it is sent
        sent = page._number if page is not None else 0  # noqa: SLF001
        print(json.dumps({"looks": looks[0], "sent": sent, "blocks": sys.getallocatedblocks()}), flush=True)
    over.set()
    pacer.join()
    worker.send(Quit())
    thread.join()
    session.close()


def pace(worker: Worker, every_s: float, over: threading.Event) -> None:
    """Looks that the app's own rhythm would take later."""
    while every_s < OWN_RHYTHM_S and not over.wait(every_s):
        worker.send(Refresh())


class Child:
    def __init__(self, name: str, home: Path, ollama: str, web: DemoOpenWebUI, every_s: float) -> None:
        self.name = name
        overrides = Overrides(home=home, ollama=ollama, open_webui=web.url)
        with App(overrides) as app:
            app.secrets.store(Token(web.session(), origin_of(web.url)), KeptIn.FILE)
        # Both look as often, whether or not anybody looks at them.
        rhythm = f"poll_s = {OWN_RHYTHM_S:.0f}\npoll_busy_s = {OWN_RHYTHM_S:.0f}\npoll_idle_s = {OWN_RHYTHM_S:.0f}\n"
        (home / "settings.toml").write_text(rhythm, encoding="utf-8")
        argv = (sys.executable, __file__, "--work", str(home), ollama, web.url, name, "--every", str(every_s))
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self._line()
        self._memory = psutil.Process(self._process.pid)

    def _line(self) -> str | dict[str, int]:
        assert self._process.stdout is not None
        told: str | dict[str, int] = json.loads(self._process.stdout.readline())
        return told

    def counts(self) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        told = self._line()
        assert isinstance(told, dict)
        memory = self._memory.memory_full_info()
        return {**told, "resident": memory.rss / 1e6, "private": memory.uss / 1e6}

    def close(self) -> None:
        self._process.communicate()


def of_the_tab(tab: Tab) -> str:
    tab.call("HeapProfiler.collectGarbage")
    counters = tab.call("Memory.getDOMCounters")
    heap = tab.run("performance.memory.usedJSHeapSize")
    gone = tab.run("!document.querySelector('#gone').hidden")
    alive = "" if not gone else "  THE PAGE SAYS THAT IT IS OVER"
    return f"{heap / 1e6:6.1f} MB {counters['nodes']:6} nodes {counters['jsEventListeners']:5} listeners{alive}"


def row(when: str, counts: dict[str, float]) -> str:
    numbers = f"{counts['looks']:6.0f} {counts['sent']:6.0f} {counts['resident']:9.1f} {counts['private']:9.1f}"
    return f"{when:22} {numbers} {counts['blocks']:9.0f}"


def hold_open(minutes: float, every_s: float) -> None:
    with ExitStack() as stack:
        homes = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        profile = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        ollama = DemoOllama(installed=(BIG, SMALL), pace=PACE)
        ollama.start()
        stack.callback(ollama.stop)
        web = DemoOpenWebUI("0.12.4", ollama_url=ollama.url)
        web.start()
        stack.callback(web.stop)
        person = Person(web, model=BIG, pause_s=1.0)
        stack.callback(person.stop)
        person.start()
        children = [Child(*one, ollama.url, web, every_s) for one in zip(("open", "floor"), homes, strict=True)]
        for one in children:
            stack.callback(one.close)
        browser = Chromium(Path(profile))
        stack.callback(browser.close)
        tab = browser.tab()
        tab.look(width=1280, height=900)
        tab.go(str(children[0].address))
        tab.wait_for(SHOWN)
        watch(tab, children, (ollama, web), minutes)


def watch(tab: Tab, children: list[Child], servers: tuple[DemoOllama, DemoOpenWebUI], minutes: float) -> None:
    print(f"{'':22} {'looks':>6} {'sent':>6} {'resident':>9} {'private':>9} {'blocks':>9}  the tab", flush=True)
    began, found = time.monotonic(), []
    for part in range(PARTS + 1):
        until = began + 60 * minutes * max(part / PARTS, 0.1)
        while time.monotonic() < until:
            time.sleep(min(1.0, max(0.01, until - time.monotonic())))
            for server in servers:
                server.asked.clear()  # a stand-in remembers what it was asked
        now = [one.counts() for one in children]
        when = f"after {60 * minutes * max(part / PARTS, 0.1):.0f} s"
        print(row(f"{when}, open", now[0]), "", of_the_tab(tab), flush=True)
        print(row(f"{when}, floor", now[1]), flush=True)
        found.append(now)
    start, end = found[0], found[-1]
    for number, one in enumerate(children):
        grown = end[number]["private"] - start[number]["private"]
        print(f"{one.name}: private {grown:+.1f} MB from the start to the end")
    ratios = [end[0][kind] / end[1][kind] for kind in ("resident", "private")]
    print(f"open, of the floor at the end: resident {ratios[0]:.2f}, private {ratios[1]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=OWN_RHYTHM_S)
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        home, ollama, web, name = options.work
        work(Path(home), ollama, web, options.every, is_open=name == "open")
    elif program() is None:
        raise SystemExit("details_open: no Chromium is installed")
    else:
        hold_open(options.minutes, options.every)


if __name__ == "__main__":
    main()
