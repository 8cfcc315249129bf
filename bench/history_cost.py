"""What keeping the history costs, in CPU time: a note at each poll, and a batch once a minute.

    python bench/history_cost.py [--minutes 60] [--series 5]

A busy machine is played: a poll every two seconds of which half find something else, and ten requests a minute. Then an
idle one, a poll every fifteen seconds, of which none does. Shares are of one core. The yardstick is the reading of the
processes of this machine, the dearest part of a poll, in the same minutes.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parents[1]))

from tray_app.core.report.history import Noted, Stretch, Unwritten
from tray_app.core.values.finding import Level
from tray_app.core.values.reading import Moment
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.readers.processes import ProcessReader
from tray_app.storage.history import HistoryFile

NOW = 1.8e9
ENDED = FinishedRequest("qwen3:32b", RequestKind.CHAT, "relay", None, 0.0, 0.0, 0.0, 8.0)


def polls(minutes: int, every_s: float, *, busy: bool) -> Iterator[Noted]:
    """What each poll of so many minutes adds."""
    for number in range(int(minutes * 60 / every_s)):
        at = NOW + number * every_s
        running = number // 2 % 3 if busy else 0
        stretch = Stretch(at, at, Level.CALM, Pressure.NORMAL, running, 0)
        ended = (replace(ENDED, began_at=at - 9, ended_at=at),) if busy and number % 3 == 0 else ()
        yield Noted(Moment(number * every_s, at), stretch, 0.0, ended)


def share(minutes: int, every_s: float, *, busy: bool) -> tuple[float, int, int]:
    """Percent of a core, batches written, and the size of the file."""
    with tempfile.TemporaryDirectory() as folder:
        file, rows, due, batches = HistoryFile(Path(folder) / "history.db", lambda: NOW), Unwritten(), 0.0, 0
        seen = list(polls(minutes, every_s, busy=busy))
        began = time.process_time()
        for one in seen:
            rows = rows.noted(one)
            if one.at.uptime_s >= due and rows.worth:
                due = one.at.uptime_s + 60.0
                batches += 1
                if file.write(rows):
                    rows = rows.done()
        spent = time.process_time() - began
        file.close()
        return 100 * spent / (minutes * 60), batches, (Path(folder) / "history.db").stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--series", type=int, default=5)
    options = parser.parse_args()
    for name, every_s, busy in (("busy", 2.0, True), ("idle", 15.0, False)):
        best = min(share(options.minutes, every_s, busy=busy) for _ in range(options.series))
        print(f"{name}: {best[0]:.4f} % of a core, {best[1]} batches in {options.minutes} min, file {best[2]} bytes")
    reader = ProcessReader()
    reader.read(NOW)
    looks = []
    for _ in range(options.series):
        began = time.process_time()
        for _ in range(20):
            reader.read(NOW)
        looks.append((time.process_time() - began) / 20)
    print(f"one look at the processes of this machine: {1000 * min(looks):.2f} ms")


if __name__ == "__main__":
    main()
