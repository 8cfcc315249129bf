"""What a quiet round of the tray costs with a short and with a long journal, in CPU time of the worker's thread.

    python bench/long_journal.py [--lines 0 1000 10000 50000] [--rounds 40] [--series 7]

The real session and worker, on the demo's stand-ins; nothing happens and nothing is asked that is not due. Half of the
journal's changes were taken back; the newest of each setting is in force, as the server holds it: undo and drift have
their work, and nothing else differs.
Journals as long as these are no longer made: the next change carries most of it to an archive. What reading such a
file costs once is told beside it. Numbers are the least of several series: other programs only add. About a minute.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tray_app.app.session import Session
from tray_app.app.worker import Worker
from tray_app.cli.demo import FAST_PACE, stage
from tray_app.core.menu.screen import NoticeView, View
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.task_settings import TASKS
from tray_app.storage.archive import compact
from tray_app.storage.journal import Journal, document_of

MOST = 1.2
"""A quiet round with the longest journal may cost so many times what one with the shortest costs."""


class Screen:
    """Takes frames and shows none."""

    def show(self, view: View) -> None:
        self.view = view

    def notify(self, notice: NoticeView) -> None:
        self.notice = notice

    def copy(self, text: str) -> None:
        raise NotImplementedError

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError


def journal_lines(count: int, origin: str) -> Iterator[bytes]:
    """Changes of two lines, every second one taken back by two more."""
    number = lines = 0
    while lines < count:
        number += 1
        change = (Change(TASKS[number % len(TASKS)], before=False, after=True),)
        events = [Event.INTENDED, Event.APPLIED]
        if number % 2:
            events += [Event.UNDO_INTENDED, Event.UNDONE]
        for event in events[: count - lines]:
            record = Record(f"{number:016x}", 1.7e9 + number, event, origin, "0.12.4", "menu", change)
            yield json.dumps(document_of(record), separators=(",", ":")).encode() + b"\n"
            lines += 1


@contextmanager
def worker_with(lines: int) -> Iterator[tuple[Worker, Path]]:
    """A worker after its first rounds."""
    with stage(FAST_PACE) as played:
        path = played.app.paths.journal_file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(journal_lines(lines, played.open_webui.url)))
        session = Session(played.app.overrides)
        worker = Worker(session, Screen())
        try:
            for _ in range(10):
                one_round(worker)
            yield worker, path
        finally:
            session.close()


def one_round(worker: Worker) -> float:
    """CPU seconds of this thread, on which all of a round runs; the stand-ins answer on threads of their own."""
    worker._due = 0.0  # noqa: SLF001 - no waiting for the next poll
    began = time.thread_time()
    worker._round()  # noqa: SLF001 - one by hand, on this thread
    return time.thread_time() - began


def quiet_rounds(workers: list[Worker], rounds: int, series: int) -> list[float]:
    """Milliseconds of a round: the median of the best series. The workers take turns: a noisy minute is everyone's."""
    best = [float("inf")] * len(workers)
    for _ in range(series):
        for index, worker in enumerate(workers):
            found = sorted(one_round(worker) for _ in range(rounds))
            best[index] = min(best[index], found[len(found) // 2] * 1000)
    return best


def once(path: Path) -> tuple[float, float]:
    """Milliseconds: reading the journal, and carrying what is over to an archive."""
    began = time.thread_time()
    Journal(path).changes()
    read = time.thread_time() - began
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "journal.jsonl")
        copy.write_bytes(path.read_bytes())
        began = time.thread_time()
        compact(Journal(copy), time.time())
        shortened = time.thread_time() - began
    return read * 1000, shortened * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description="What a quiet round costs with a long journal.")
    parser.add_argument("--lines", type=int, nargs="+", default=[0, 1000, 10_000, 50_000])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--series", type=int, default=7)
    options = parser.parse_args()
    with ExitStack() as stack:
        opened = [stack.enter_context(worker_with(lines)) for lines in options.lines]
        quiet = quiet_rounds([worker for worker, _ in opened], options.rounds, options.series)
        other = [once(path) for _, path in opened]
    print(f"{'lines':>7}  {'quiet round':>12}  {'ratio':>6}  {'read once':>10}  {'shorten':>9}")
    for lines, round_ms, (read_ms, shorten_ms) in zip(options.lines, quiet, other, strict=True):
        ratio = round_ms / quiet[0]
        print(f"{lines:>7}  {round_ms:>9.2f} ms  {ratio:>6.2f}  {read_ms:>7.1f} ms  {shorten_ms:>6.0f} ms")
    last = quiet[-1] / quiet[0]
    print(f"the longest costs {last:.2f} times the shortest (at most {MOST})")
    return 0 if last <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
