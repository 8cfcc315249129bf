"""How evenly the worker processes of a real Open WebUI answer reads, one by one and several at once.

    python bench/workers.py [--version 0.9.6] [--workers 4] [--reads 400]

To 0.9 every worker keeps settings of its own where there is no Redis. Each is given another text, so that an answer
tells whose it is. Printed for each number of connections at once: the share of the worker that is asked least, the
longest row of reads without one of them, and how often as many reads as verify a change would miss that worker.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count, pairwise
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.real.install import install
from tests.real.servers import ADMIN, RealServer, session
from tray_app.app.doing.read_backs import AT_ONCE, ROUNDS
from tray_app.standins.ollama import DemoOllama

NAMED_BY = "TITLE_GENERATION_PROMPT_TEMPLATE"
"""Any text of the settings."""
MOST_WRITES = 500


class Workers:
    """A server that has begun; `read` tells which worker has answered."""

    def __init__(self, server: RealServer, token: str) -> None:
        self._url = f"{server.url}/api/v1/tasks/config"
        self._as = {"Authorization": f"Bearer {token}"}

    def _document(self) -> dict[str, object]:
        answer = httpx.get(self._url, headers=self._as, trust_env=False, timeout=60)
        answer.raise_for_status()
        document: dict[str, object] = answer.json()
        return document

    def read(self, _number: int = 0) -> str:
        return str(self._document()[NAMED_BY])

    def name(self, workers: int) -> None:
        """Writes until each has a text of its own. A write goes to one of them, which nobody can choose."""
        document = self._document()
        for number in count():
            assert number < MOST_WRITES, "one worker never takes a write"
            document[NAMED_BY] = f"worker {number}"
            answer = httpx.post(f"{self._url}/update", json=document, headers=self._as, trust_env=False, timeout=60)
            answer.raise_for_status()
            if number % 10 == 0 and len({*asked(self.read, 8, 100)}) == workers:
                return


def asked(read: Callable[[int], str], at_once: int, reads: int) -> list[str]:
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(read, range(reads)))


def longest_without(answers: list[str], who: str) -> int:
    at = [-1, *(number for number, one in enumerate(answers) if one == who), len(answers)]
    return max(after - before - 1 for before, after in pairwise(at))


def row(at_once: int, answers: list[str]) -> str:
    seen = Counter(answers)
    least = min(seen.values()) / len(answers)
    longest = max(longest_without(answers, who) for who in seen)
    missed = (1 - least) ** (AT_ONCE * ROUNDS)
    told = f"{at_once:>2} at once: least {least:4.0%}, longest without one {longest:>3}"
    return f"{told}, missed by {AT_ONCE * ROUNDS} {missed:.1e}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default="0.9.6")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--reads", type=int, default=400)
    options = parser.parse_args()
    install(options.version)
    with DemoOllama() as ollama, tempfile.TemporaryDirectory() as folder:
        server = RealServer(options.version, Path(folder) / "server", ollama_url=ollama.url)
        try:
            server.start()  # alone: several at once would all make the database
            token = session(server.url, ADMIN)
            server.stop()
            server.workers = options.workers
            server.start()
            workers = Workers(server, token)
            workers.name(options.workers)
            print(
                f"Open WebUI {options.version}, {options.workers} workers, {options.reads} reads; "
                f"even would be {1 / options.workers:.0%}"
            )
            for at_once in (1, 4, 8, 16):
                print(row(at_once, asked(workers.read, at_once, options.reads)), flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
