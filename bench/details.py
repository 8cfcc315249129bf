"""What an hour of 10,000 requests costs on the details page: on our side, and drawn in Chromium.

    python bench/details.py [--requests 10000] [--series 5] [--no-browser] [--week 120000]

Beside each figure stands its floor in the same run: reading all rows of the hour with SQLite alone, and a page that
draws as many empty rectangles as there are bars. Then the same hour is drawn over and over, and memory is compared.
`--week`: instead, what all windows of a week with so many requests take when the page is opened, two seconds and five
minutes later, and how long the worker stands still for it.
"""

import argparse
import gc
import http.server
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable
from contextlib import ExitStack, closing
from importlib.resources import files
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.page.chromium import Chromium, Tab, program
from tests.played import Played
from tray_app.app.details.pictures import PicturesBeside, offset
from tray_app.app.language import load
from tray_app.app.session import Session
from tray_app.core.report.details.pictures import Pictures, Seeing, pictures
from tray_app.core.report.details.scale import TimeWindow
from tray_app.core.report.history import Mark, MarkKind, Stretch, Unwritten
from tray_app.core.text import details_pictures as view
from tray_app.core.values.finding import Level
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.storage.drawn.history_window import HistoryWindow
from tray_app.storage.history import HistoryFile

NOW = 1_764_000_001.0
HOUR_S = 3600.0
NEVER = 1e300
REDRAWN = 40
SCRIPTS = ("draw.js", "draw_calls.js", "draw_memory.js", "draw_parts.js", "draw_time.js")
PAGE = (
    b'<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/draw.css"><main id="root"></main>'
    b'<script type="module" src="/bench.js"></script>'
)
BENCH = b"""
import { draw } from "/draw.js";
const told = await (await fetch("/document.json")).json();
const root = document.getElementById("root");
const drawn = (work) => {
  const began = performance.now();
  work();
  root.getBoundingClientRect();
  return performance.now() - began;
};
const hour = () => { root.querySelector("[data-window=hour]").click(); };
window.first = () => drawn(() => { draw(root, told, null); hour(); });
window.again = (number) => {
  const next = structuredClone(told);
  next.times.hour.now += number;
  return drawn(() => draw(root, next, told));
};
window.floor = (count) => {
  const other = document.createElement("div");
  document.body.append(other);
  const made = drawn(() => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (let n = 0; n < count; n += 1) {
      const one = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      one.setAttribute("x", n); one.setAttribute("width", 1); one.setAttribute("height", 9);
      svg.append(one);
    }
    other.append(svg);
    other.getBoundingClientRect();
  });
  other.remove();
  return made;
};
window.ready = true;
"""


def busy_hour(count: int) -> Unwritten:
    """Requests of five kinds on two models, and a state that changes every few seconds."""
    chance = random.Random(1)
    spans, at = [], NOW - HOUR_S
    while at < NOW:
        until = min(NOW, at + chance.uniform(2, 6))
        level, pressure = chance.choice((Level.CALM, Level.TIGHT)), chance.choice((Pressure.NORMAL, Pressure.WARNING))
        spans.append(Stretch(at, until, level, pressure, chance.randint(0, 2), chance.randint(0, 3)))
        at = until
    ended = []
    for _ in range(count):
        end = NOW - chance.random() * HOUR_S
        task = chance.choice((None, "titles", "tags", "follow-ups", "autocomplete"))
        busy, held = chance.expovariate(0.5), chance.choice((0.0, 0.0, 1.0))
        kind = RequestKind.TASK if task else RequestKind.CHAT
        model = chance.choice(("qwen3:32b", "gemma3:1b"))
        ended.append(FinishedRequest(model, kind, "relay", task, end - busy - held, end, None, busy, held))
    marks = (Mark(NOW - 600, MarkKind.CHANGED, None, "change-1", "autocomplete", "off"),)
    ended.sort(key=lambda one: one.ended_at)  # so the app writes them
    return Unwritten(tuple(spans), tuple(ended), marks=marks)


def timed(work: Callable[[], object], series: int) -> float:
    """The shortest of several, in milliseconds of CPU: what others do on this machine is not ours."""
    took = []
    for _ in range(series):
        gc.collect()
        began = time.process_time()
        work()
        took.append(1000 * (time.process_time() - began))
    return min(took)


def made_of(reader: HistoryWindow) -> Pictures:
    return pictures(TimeWindow.HOUR, reader.kept(TimeWindow.HOUR, NOW, NEVER), Seeing(NOW), offset)


def document(made: Pictures) -> view.Document:
    tr = load("en")
    return view.document(made, [(TimeWindow.HOUR, view.time_document(made, offset, tr))], "", offset, tr)


def our_side(path: Path, series: int) -> Pictures:
    """Printed: the first picture of the hour, and each one after it."""

    def first() -> bytes:
        return msgspec.json.encode(document(made_of(HistoryWindow(HistoryFile(path), offset))))

    def opened() -> bytes:
        """All windows, as a page that is opened gets them."""
        reader, tr, times = HistoryWindow(HistoryFile(path), offset), load("en"), []
        for window in TimeWindow:
            made = pictures(window, reader.kept(window, NOW, NEVER), Seeing(NOW), offset)
            times.append((window, view.time_document(made, offset, tr)))
        return msgspec.json.encode(view.document(made, times, "", offset, tr))

    reader = HistoryWindow(HistoryFile(path), offset)
    made = made_of(reader)

    def all_rows() -> None:
        with closing(sqlite3.connect(path)) as database:
            for table in ("spans", "finished"):
                database.execute(f"SELECT * FROM {table}").fetchall()

    floor, whole, page = timed(all_rows, series), timed(first, series), timed(opened, series)
    after = timed(lambda: msgspec.json.encode(document(made_of(reader))), series)
    bars = sum(len(one.bars) for one in made.lanes)
    print(f"floor, all rows by SQLite alone: {floor:.1f} ms")
    print(f"our side, first time: {whole:.1f} ms ({whole / floor:.1f} times); from then on {after:.1f} ms; {bars} bars")
    print(f"our side, all four windows of a page that is opened: {page:.1f} ms ({page / floor:.1f} times)")
    tracemalloc.start()
    before = 0
    for number in range(REDRAWN):
        document(made_of(reader))
        if number == REDRAWN // 4:
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
    gc.collect()
    print(f"our memory after {REDRAWN} pictures: {(tracemalloc.get_traced_memory()[0] - before) / 1024:+.0f} KiB")
    tracemalloc.stop()
    return made


def served(body: bytes) -> http.server.ThreadingHTTPServer:
    parts = {"/": (PAGE, "text/html"), "/bench.js": (BENCH, "text/javascript"), "/document.json": (body, "text/json")}
    for name in SCRIPTS:
        parts[f"/{name}"] = files("tray_app.page").joinpath(name).read_bytes(), "text/javascript"
    parts["/draw.css"] = files("tray_app.page").joinpath("draw.css").read_bytes(), "text/css"

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data, kind = parts.get(self.path, (b"", "text/plain"))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_told: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def heap(tab: Tab) -> float:
    tab.call("HeapProfiler.collectGarbage")
    return float(tab.run("performance.memory.usedJSHeapSize"))


def in_the_page(made: Pictures, series: int) -> None:
    """Printed: the first drawing of a browser that has just begun, in several, and what comes after it."""
    body = json.dumps(document(made)).encode()
    server = served(body)
    bars = sum(len(one.bars) for one in made.lanes)
    first, cpu, floor, again = [], [], [], []
    try:
        for _ in range(series):
            with ExitStack() as stack:
                tab = fresh_tab(stack, f"http://127.0.0.1:{server.server_address[1]}/")
                worked = worked_ms(tab)
                first.append(tab.run("window.first()"))
                cpu.append(worked_ms(tab) - worked)
                floor.append(tab.run(f"window.floor({bars})"))
                again += [tab.run(f"window.again({number + 1})") for number in range(series)]
                before = heap(tab)
                for number in range(REDRAWN):
                    tab.run(f"window.again({number + 100})")
                grown = heap(tab) - before
    finally:
        server.shutdown()
    print(f"document: {len(body) / 1024:.0f} KiB; floor, {bars} rectangles in Chromium: {min(floor):.1f} ms")
    told = f"least {min(first):.1f}, median {statistics.median(first):.1f} ms of {series} browsers"
    print(f"drawn first: {told} ({min(first) / max(min(floor), 0.1):.1f} times)")
    print(f"  CPU of the page's thread: least {min(cpu):.1f}, median {statistics.median(cpu):.1f} ms")
    print(f"drawn anew: {min(again):.1f} ms ({min(again) / max(min(floor), 0.1):.1f} times)")
    print(f"the page's memory after {REDRAWN} drawings: {grown / 1024:+.0f} KiB")


def worked_ms(tab: Tab) -> float:
    """CPU of the thread that runs and lays out the page, since it began."""
    metrics = tab.call("Performance.getMetrics")["metrics"]
    return 1000 * next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def fresh_tab(stack: ExitStack, url: str) -> Tab:
    profile = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
    browser = Chromium(Path(profile))
    stack.callback(browser.close)
    tab = browser.tab()
    tab.look(width=1280, height=900)
    tab.call("Performance.enable", timeDomain="threadTicks")
    tab.go(url)
    tab.wait_for("window.ready")
    return tab


def full_week(path: Path, count: int, now: float) -> None:
    """As many spans as requests are half, evenly over the week."""
    chance, week_s = random.Random(2), 7 * 24 * HOUR_S
    file = HistoryFile(path)
    for day in range(7):
        since, each = now - week_s + day * week_s / 7 + 1, week_s / (count / 2)
        begins = [since + each * number for number in range(int(week_s / 7 / each))]
        levels = (Level.CALM, Level.TIGHT)
        spans = tuple(
            Stretch(at, at + each, chance.choice(levels), Pressure.NORMAL, chance.randint(0, 2)) for at in begins
        )
        ended = []
        for number in range(count // 7):
            end = since + (number + 1) * week_s / count
            task = chance.choice((None, "titles", "tags", "follow-ups", "autocomplete"))
            kind = RequestKind.TASK if task else RequestKind.CHAT
            ended.append(FinishedRequest("qwen3:32b", kind, "relay", task, end - 2, end, None, 2.0))
        file.write(Unwritten(spans, tuple(ended)))
    file.close()


def a_week(path: Path, now: float) -> None:
    """Printed: CPU of all four windows at three moments, and how long the worker waited in each."""
    print(f"{path.stat().st_size / 2**20:.1f} MB of history")
    reader = HistoryWindow(HistoryFile(path), offset)
    for when, later in (("opened", 0), ("2 s later", 2), ("5 minutes later", 302), ("30 minutes later", 1802)):
        told = []
        for window in TimeWindow:
            began = time.process_time()
            made = pictures(window, reader.kept(window, now + later, NEVER), Seeing(now + later), offset)
            view.time_document(made, offset, load("en"))
            told.append(f"{window.value} {1000 * (time.process_time() - began):.0f} ms")
        print(f"{when}: {', '.join(told)}")
    stands_still(path)


def stands_still(path: Path) -> None:
    """The worker's own share, with a look of the played machine."""
    with tempfile.TemporaryDirectory() as folder, Played(Path(folder) / "home") as played:
        session = Session(played.overrides)
        look = session.look()
        session.history.file = HistoryFile(path)
        there = threading.Event()
        beside = PicturesBeside(session.history, there.set)
        began = time.perf_counter()
        at_once = beside.document(look, session.translator(), "en")
        waited = time.perf_counter() - began
        there.wait(60)
        whole = time.perf_counter() - began
        told = "with it" if at_once else f"after {1000 * whole:.0f} ms"
        print(f"the worker waited {1000 * waited:.0f} ms; pictures were there {told}")
        beside.forget()
        session.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--series", type=int, default=5)
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--week", type=int, default=0, metavar="REQUESTS")
    options = parser.parse_args()
    if options.week:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "history.db"
            now = time.time()
            full_week(path, options.week, now)
            a_week(path, now)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        file = HistoryFile(path, lambda: NOW)
        file.write(busy_hour(options.requests))
        file.close()
        made = our_side(path, options.series)
    if not options.no_browser and program() is not None:
        in_the_page(made, options.series)


if __name__ == "__main__":
    main()
