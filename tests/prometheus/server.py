"""A real Prometheus over a folder of its own: started, asked, ended by its id."""

import contextlib
import json
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Self

from tests.ports import free_port
from tests.requirements import require
from tray_app.standins.server import wait_until

MONITORING = Path(__file__).parents[2] / "packaging" / "monitoring"
RULES, RULE_TESTS = MONITORING / "elbowroom.rules.yml", MONITORING / "elbowroom.test.yml"
BOARD = MONITORING / "elbowroom-grafana.json"
START_S = 60


def program(name="prometheus"):
    found = shutil.which(name)
    if found is None:
        require("prometheus", f"{name} is not installed")
    return found


def promtool(*words, given=None):
    return subprocess.run(
        [program("promtool"), *words], input=given, capture_output=True, text=True, timeout=60, check=False
    )


class Prometheus:
    """Looks every second at `targets` (job -> ports). Alerts need not hold: how long they do is promtool's test."""

    def __init__(self, folder, targets):
        self.port = free_port()
        rules = folder / "rules.yml"
        rules.write_text(re.sub(r"(?m)^( +for: ).*$", r"\g<1>0s", RULES.read_text("utf-8")), encoding="utf-8")
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}]}
            for job, ports in targets.items()
        ]
        every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        config = folder / "prometheus.yml"
        config.write_text(json.dumps({"global": every, "rule_files": [str(rules)], "scrape_configs": jobs}))
        self._words = [
            program(),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        self._log = folder / "prometheus.log"
        self._process = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        ready = wait_until(lambda: self._process.poll() is not None or self._is_ready(), START_S)
        if not ready or self._process.poll() is not None:
            self.__exit__()
            raise RuntimeError(self._log.read_text("utf-8"))
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def _is_ready(self):
        with contextlib.suppress(OSError, RuntimeError):  # 503 while it reads its own log
            return bool(self.ask("query", query="1"))
        return False

    def ask(self, what, **words):
        """Its answer's `data`; RuntimeError with its own words where it refuses."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(words)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise RuntimeError(error.read().decode()) from error

    def query(self, expression):
        """[({label: value}, number)] now."""
        return [(one["metric"], float(one["value"][1])) for one in self.ask("query", query=expression)["result"]]

    def firing(self):
        """{name: [labels]} of the alerts that fire."""
        found = {}
        for one in self.ask("alerts")["alerts"]:
            if one["state"] == "firing":
                found.setdefault(one["labels"]["alertname"], []).append(one["labels"])
        return found

    def scrapes(self):
        """job -> the error of its newest scrape, empty where there is none."""
        return {one["labels"]["job"]: one["lastError"] for one in self.ask("targets")["activeTargets"]}


class NodeExporter:
    """Debian's, with the textfile collector alone."""

    def __init__(self, folder):
        self.port = free_port()
        self._log = folder.parent / "node-exporter.log"
        self._words = [
            program("prometheus-node-exporter"),
            "--collector.disable-defaults",
            "--collector.textfile",
            f"--collector.textfile.directory={folder}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        self._process = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        assert wait_until(self._answers, START_S), self.said()
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def _answers(self):
        with contextlib.suppress(OSError):
            return bool(self.scrape())
        return False

    def scrape(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def said(self):
        return self._log.read_text("utf-8")
