"""`elbowroom metrics` as a process of its own: started, scraped, told to end, never left behind."""

import contextlib
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from tests.ports import free_port
from tray_app.standins.server import wait_until

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
START_S = 150
"""On a machine with eighteen programs waiting for two processors one start took more than a minute."""


def samples(text):
    """(name, {label: value}) of every line -> number, as the text format has them."""
    found = {}
    for line in text.splitlines():
        match = LINE.fullmatch(line) if not line.startswith("#") else None
        if match:
            found[match["name"], frozenset(LABEL.findall(match["labels"] or ""))] = float(match["value"])
    return found


def value(text, name, **labels):
    """Of the one sample with these labels among its own; None where there is none."""
    wanted = set(labels.items())
    return next((number for (one, own), number in samples(text).items() if one == name and wanted <= own), None)


class Exporter:
    """`command`: how it is begun, where it is not this tree's own."""

    def __init__(self, home, *words, command=None, env=None):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/metrics"
        start = command or [sys.executable, "-P", "-m", "tray_app"]
        place = [] if "--textfile" in words else ["--listen", f"127.0.0.1:{self.port}"]
        self.words = [*start, "metrics", *place, *words, "--home", str(home), "--lang", "en"]
        self._env = env
        self.process = None

    def __enter__(self) -> Self:
        self.start()
        up = wait_until(lambda: self.process.poll() is not None or self.answers(), START_S)
        if not up or self.process.poll() is not None:
            self.process.kill()
            raise RuntimeError(self.process.communicate()[1])
        return self

    def start(self):
        self.process = subprocess.Popen(
            self.words,
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def answers(self):
        with contextlib.suppress(OSError, urllib.error.URLError):
            return bool(self.scrape())
        return False

    def scrape(self, **headers):
        asked = urllib.request.Request(self.url, headers=headers)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.read().decode()

    def until(self, told, seconds=60):
        """The text once `told(text)` holds."""
        text = ""

        def holds():
            nonlocal text
            text = self.scrape()
            return told(text)

        assert wait_until(holds, seconds), text
        return text

    def end(self, sign=signal.SIGTERM):
        """Its exit code and what it said on stderr."""
        self.process.send_signal(sign)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said

    def __exit__(self, *_):
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.communicate()
