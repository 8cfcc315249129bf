"""`doctor`: names every source of this machine and of the servers, asks each once, shows or saves what may go."""

import json
import os
import platform
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tray_app import __version__
from tray_app.core.errors import ServiceError
from tray_app.core.reading import Known, Reading, Unknown, Why, value_of
from tray_app.core.redact import Redactor
from tray_app.core.requests import RequestInputs, RequestState, step
from tray_app.core.runner_slot import RunnerSlot
from tray_app.core.runners import with_models
from tray_app.core.snapshot import Memory, Ollama, OllamaLog, OpenWebUI, Processes, ProcessRole, Requests
from tray_app.core.view import doctor as view
from tray_app.core.view.text import Translator
from tray_app.doctor import Probe, Source, capture
from tray_app.doctor import run as examine
from tray_app.poll import OllamaPoll, OpenWebUIPoll, unknown
from tray_app.readers._raw import sources
from tray_app.readers.connections import ConnectionReader
from tray_app.readers.gpu import GpuReader
from tray_app.readers.host import host
from tray_app.readers.memory import MemoryReader
from tray_app.readers.ollama_log import LogFollower, default_log
from tray_app.readers.processes import ProcessReader
from tray_app.services import runner
from tray_app.terminal import Terminal

if TYPE_CHECKING:
    from tray_app.app import App
    from tray_app.core.connections import Connections

SAMPLE_S = 1.0
"""Between the two samples that a rate needs."""


def run(app: "App", options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Always 0 once the report is there, whatever it says; StorageError where it cannot be saved."""
    found = _Sources(app)
    versions = found.versions()
    if options.capture:
        report = capture(found.all(), options.capture, redactor(app), versions)
    else:
        report = examine(found.all(), redactor(app), versions)
    if options.json:
        terminal.text(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        terminal.show(view.lines(report, tr))
    return 0


def redactor(app: "App") -> Redactor:
    """Knows this user's names and the one secret we hold."""
    token = app.token(app.open_webui_url)
    names = {os.environ.get(name, "") for name in ("USER", "USERNAME", "LOGNAME")} | {Path.home().name}
    return Redactor(str(Path.home()), tuple(sorted(names - {""})), (token.value,) if token else ())


class _Sources:
    """One look, source by source: what a later source needs of an earlier one is kept."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._port = urlsplit(app.ollama_url).port or 11434
        self._memory = MemoryReader(app.limits)
        self._gpu = GpuReader(app.paths.cache_dir / "gpu.json")
        self._process_reader = ProcessReader()
        self._log_path = default_log()
        self._processes: Reading[Processes] = Unknown(Why.NOT_ASKED)
        self._connections: Reading[Connections] = Unknown(Why.NOT_ASKED)
        self._log: Reading[OllamaLog] = Unknown(Why.NOT_ASKED)
        self._ollama: Reading[Ollama] = Unknown(Why.NOT_ASKED)
        self._open_webui: Reading[OpenWebUI] = Unknown(Why.NOT_ASKED)
        self._slots: list[tuple[int, Reading[tuple[RunnerSlot, ...]]]] = []

    def all(self) -> Sequence[Source]:
        """In the order in which they need each other. Rates and processor time get their second sample."""
        self._memory.read(time.time())
        self._process_reader.read(time.time())
        time.sleep(SAMPLE_S)
        runners = [
            Probe(f"runner-slots-{one.port}", partial(self._ask_slots, one.port), from_server=True)
            for one in (value_of(self._read_processes()) or Processes()).watched
            if one.role is ProcessRole.OLLAMA_RUNNER and one.port and one.name.startswith("llama-server")
        ]
        return [
            Probe("machine", host),
            Probe("memory", self._read_memory, lambda: sources(self._memory.collect())),
            Probe("gpu", lambda: self._gpu.read(time.time()), self._raw_gpu),
            Probe("processes", self._read_processes),
            Probe("ollama", self._read_ollama, from_server=True),
            Probe("ollama-log", self._read_log),
            Probe("connections", self._read_connections),
            *runners,
            Probe("open-webui", self._read_open_webui, from_server=True),
            Probe("requests", self._count_requests),
        ]

    def versions(self) -> list[tuple[str, str]]:
        """Programs and their versions; a server that does not answer has none."""
        machine = host()
        system = f"{machine.system} {machine.system_version} {machine.architecture}"
        found = [("Elbowroom", __version__), ("Python", platform.python_version()), ("System", system)]
        for name, client in (("Ollama", self._app.ollama), ("Open WebUI", self._app.open_webui)):
            try:
                found.append((name, client.version()))
            except ServiceError:
                found.append((name, ""))
        return found

    def _read_memory(self) -> Reading[Memory]:
        return self._memory.read(time.time())

    def _raw_gpu(self) -> Mapping[str, bytes | Unknown]:
        return sources(self._gpu.collect())

    def _read_processes(self) -> Reading[Processes]:
        self._processes = self._process_reader.read(time.time(), ask_others=True)
        return self._processes

    def _read_ollama(self) -> Reading[Ollama]:
        seen = any(one.role is ProcessRole.OLLAMA_SERVER for one in (value_of(self._processes) or Processes()).watched)
        poll = OllamaPoll(self._app.ollama, self._app.ollama_url, self._app.ollama_is_local)
        self._ollama = poll.take(time.monotonic(), time.time(), process_seen=seen)
        return self._ollama

    def _read_log(self) -> Reading[OllamaLog]:
        if self._log_path is None:
            self._log = Unknown(Why.MISSING, "server.log" if sys.platform != "linux" else "journald")
        else:
            self._log = LogFollower(self._log_path).read(time.time())
        return self._log

    def _read_connections(self) -> "Reading[Connections]":
        processes = value_of(self._processes) or Processes()
        self._connections = ConnectionReader().read(time.time(), processes, self._port)
        return self._connections

    def _ask_slots(self, port: int) -> Reading[tuple[RunnerSlot, ...]]:
        try:
            answer: Reading[tuple[RunnerSlot, ...]] = Known(runner.slots(port), time.time())
        except ServiceError as error:
            answer = unknown(error)
        self._slots.append((port, answer))
        return answer

    def _read_open_webui(self) -> Reading[OpenWebUI]:
        url = self._app.open_webui_url
        poll = OpenWebUIPoll(self._app.open_webui, url, connected=self._app.token(url) is not None)
        self._open_webui = poll.take(time.monotonic(), time.time(), requests_run=True)
        return self._open_webui

    def _count_requests(self) -> Requests:
        processes, ollama = self._processes, value_of(self._ollama)
        if isinstance(processes, Known) and ollama is not None:
            processes = Known(with_models(processes.value, ollama), processes.taken_at)
        inputs = RequestInputs(
            taken_at=time.time(),
            uptime_s=time.monotonic(),
            processes=processes,
            ollama=self._ollama,
            connections=self._connections,
            slots=tuple(self._slots),
            log=self._log,
            open_webui=self._open_webui,
        )
        return step(RequestState(), inputs)[1]
