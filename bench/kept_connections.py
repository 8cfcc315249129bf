"""How long Open WebUI keeps a connection to Ollama that it does not use.

    python -m bench.kept_connections [--version 0.12.4]

A real Open WebUI before the stand-in for Ollama lists its models again and again, at distances of 0.5 to 20 s, and each
of its connections is watched until it closes. `KEPT_S` must be longer than the longest that is told here.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path

import httpx

from tests.real.servers import ADMIN, RealServer, session
from tray_app.core.values.connections import KEPT_S
from tray_app.readers._proc_net import SocketRow
from tray_app.readers._sock_diag import dump, talks
from tray_app.standins.ollama import DemoOllama

MODEL = "qwen3:32b"
LISTS, EVERY_S, WATCH_S = 30, 0.05, 40.0


class Watch(threading.Thread):
    """How long each connection to a port had carried nothing when it closed: the system tells when data moved last."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.idle_s: list[float] = []
        self.over = False

    def run(self) -> None:
        before: dict[SocketRow, float] = {}
        while not self.over:
            rows = [row for row in dump([self.port]) if row.local_port == self.port]
            now = {
                row: min(talk.sent_s, talk.received_s)
                for row, talk in zip(rows, talks(rows), strict=True)
                if talk is not None
            }
            self.idle_s += [idle for row, idle in before.items() if row not in now]
            before = now
            time.sleep(EVERY_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default="0.12.4")
    version, chance = parser.parse_args().version, random.Random(1)
    with tempfile.TemporaryDirectory() as folder, DemoOllama() as ollama:
        server = RealServer(version, Path(folder), ollama_url=ollama.url)
        server.start()
        try:
            head = {"Authorization": f"Bearer {session(server.url, ADMIN)}"}
            with httpx.Client(base_url=server.url, headers=head, timeout=60, trust_env=False) as client:
                client.get("/api/models").raise_for_status()
                watch = Watch(ollama.port)
                watch.start()
                for _ in range(LISTS):
                    client.get("/api/models?refresh=true").raise_for_status()
                    time.sleep(chance.uniform(0.5, 20.0))
                time.sleep(WATCH_S)
                watch.over = True
        finally:
            server.stop()
    idle = sorted(watch.idle_s)
    print(f"Open WebUI {version}: {len(idle)} closed, after {idle[0]:.1f} to {idle[-1]:.1f} s without use", end="")
    print(f" (median {statistics.median(idle):.1f} s); KEPT_S is {KEPT_S:g} s")


if __name__ == "__main__":
    main()
