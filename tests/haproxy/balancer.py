"""A real HAProxy with the configuration that our own command prints: started, asked for its numbers, ended by id."""

import contextlib
import io
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Self

from tests.ports import free_port
from tests.requirements import require
from tray_app.cli.main import run
from tray_app.standins.server import wait_until

PROGRAM = "haproxy"
START_TRIES = 5
SESSIONS, GENERATIONS = "haproxy_server_current_sessions", 'proxy="elbowroom_generations"'
LINE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")


def program() -> str:
    found = shutil.which(PROGRAM) or shutil.which(PROGRAM, path="/usr/sbin")
    if found is None:
        require("haproxy", f"{PROGRAM} is not installed")
    return found


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    """`haproxy -c`."""
    return subprocess.run(
        [program(), "-c", "-f", path], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    )


class Balancer:
    """One HAProxy before the hosts. `more`: further words of our command."""

    def __init__(self, folder: Path, *hosts: str, more: tuple[str, ...] = ()):
        self.port, self.stats_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.file, self.log = folder / "haproxy.cfg", folder / "haproxy.log"
        named = [word for host in hosts for word in ("--ollama", host)]
        places = ["--listen", f"127.0.0.1:{self.port}", "--stats", f"127.0.0.1:{self.stats_port}"]
        with contextlib.redirect_stderr(io.StringIO()) as said:
            code = run(
                [
                    "gateway",
                    "haproxy",
                    *named,
                    *places,
                    *more,
                    "--output",
                    str(self.file),
                    "--home",
                    str(folder / "home"),
                ]
            )
        assert code == 0, said.getvalue()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Its port was free a moment ago; what took it meanwhile, some test's own connection, soon gives it back."""
        for _ in range(START_TRIES):
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [program(), "-f", self.file], stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            if wait_until(lambda: self._ended() or self._answers(), 20) and not self._ended():
                return
            self.stop()
            time.sleep(1)
        raise RuntimeError(self.log.read_text("utf-8"))

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(self.metrics())
        return False

    def metrics(self) -> dict[tuple[str, str], float]:
        """(name, labels) -> value, as its exporter tells Prometheus."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.stats_port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        found = filter(None, (LINE.fullmatch(line) for line in lines if not line.startswith("#")))
        return {(one["name"], one["labels"] or ""): float(one["value"]) for one in found}

    def waiting(self) -> int:
        return int(self.metrics()["haproxy_backend_current_queue", GENERATIONS])

    def running(self) -> int:
        """At the hosts, as HAProxy counts them: it sees an answer's end a moment after its client."""
        metrics = self.metrics()
        return int(
            sum(value for (name, labels), value in metrics.items() if name == SESSIONS and GENERATIONS in labels)
        )

    def up(self, host: str) -> bool:
        """By its checks. `host`: a base URL."""
        labels = f'{GENERATIONS},server="{host.partition("://")[2]}",state="UP"'
        return self.metrics()["haproxy_server_status", labels] == 1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
