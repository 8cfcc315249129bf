"""The log of the Ollama that is watched, wherever it goes: its file, on Linux the journal; never another server's."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

from tray_app.core.values.reading import Reading, Unknown, Unseen, Why
from tray_app.core.values.snapshot import OllamaLog, Processes, ProcessRole, WatchedProcess
from tray_app.readers.journal_log import JournalFollower
from tray_app.readers.odd import NO_ANSWER
from tray_app.readers.ollama_log import LogFollower, log_places, newest_log
from tray_app.readers.server_output import Goes, output_of

NOWHERE = Unknown(Why.MISSING, "server.log")


class ServerLog:
    """Ollama may be started, or write its first log, after us: looked for until there is a file."""

    def __init__(
        self,
        find: Callable[[], Path | None] | None = None,
        system: str = sys.platform,
        output: Callable[[int], Path | Goes] = output_of,
        process: Callable[[int], psutil.Process] = psutil.Process,
    ) -> None:
        self._find = find or partial(newest_log, log_places())
        self._system = system
        self._output = output
        self._process = process
        self._server: tuple[int, float] | None = None
        self._goes: Path | Goes = Goes.ELSEWHERE
        self._file: LogFollower | None = None
        self._path: Path | None = None
        self._journal = JournalFollower() if system == "linux" else None

    def read(self, taken_at: float, processes: Processes | None = None) -> Reading[OllamaLog]:
        """Events since the last call; none at the first. `processes` carry their owners."""
        where = self._where(processes)
        if isinstance(where, Unknown):
            return where
        if where is not None and where != self._path:
            self._file, self._path = LogFollower(where), where
            self.close()
        if where is not None and self._file is not None:
            return self._file.read(taken_at)
        return self._journal.read(taken_at) if self._journal else NOWHERE

    def read_once(self, taken_at: float, processes: Processes | None = None) -> Reading[OllamaLog]:
        """For a single look: the journal needs a moment for its first word."""
        if self._journal is not None and self._where(processes) is None:
            return self._journal.read_once(taken_at)
        return self.read(taken_at, processes)

    def close(self) -> None:
        """The journal's child ends; nothing is held open of a file."""
        if self._journal is not None:
            self._journal.close()

    def _where(self, processes: Processes | None) -> Path | Unknown | None:
        """The file; None: the journal, where there is one."""
        watched = processes.watched if processes is not None else ()
        servers = [one for one in watched if one.role is ProcessRole.OLLAMA_SERVER]
        ours = [one for one in servers if one.owner.is_ours]
        if not servers:
            return self._path or self._find()
        if len(ours) != 1:
            return Unknown(Why.UNSUPPORTED, Unseen.SEVERAL_SERVERS) if ours else NOWHERE
        return self._of_linux(ours[0]) if self._system == "linux" else self._of_app(ours[0], alone=len(servers) == 1)

    def _of_linux(self, server: WatchedProcess) -> Path | Unknown | None:
        if self._server != (server.pid, server.started_at):
            self._server = server.pid, server.started_at
            self._goes = self._output(server.pid)
        match self._goes:
            case Goes.JOURNAL:
                return None
            case Goes.HIDDEN:
                return Unknown(Why.DENIED, "server.log")
            case Goes():
                return NOWHERE
        return self._goes

    def _of_app(self, server: WatchedProcess, *, alone: bool) -> Path | Unknown | None:
        """The apps write one file; beside another server it is ours only where ours holds it open."""
        found = self._find()
        if found is None or alone:
            return found
        try:
            held = {Path(one.path) for one in self._process(server.pid).open_files()}
        except NO_ANSWER:
            held = set()
        return found if found in held else Unknown(Why.UNSUPPORTED, Unseen.SEVERAL_SERVERS)
