"""Ollama's log wherever this machine keeps it: its file, else on Linux the journal."""

import sys
from collections.abc import Callable
from pathlib import Path

from tray_app.core.values.reading import Reading, Unknown, Why
from tray_app.core.values.snapshot import OllamaLog
from tray_app.readers.journal_log import JournalFollower
from tray_app.readers.ollama_log import LogFollower, default_log


class ServerLog:
    """Ollama may be started, or write its first log, after us: looked for until there is a file."""

    def __init__(self, find: Callable[[], Path | None] = default_log, system: str = sys.platform) -> None:
        self._find = find
        self._file: LogFollower | None = None
        self._journal = JournalFollower() if system == "linux" else None

    def read(self, taken_at: float) -> Reading[OllamaLog]:
        """Events since the last call; none at the first."""
        if self._file is None and (found := self._find()):
            self._file = LogFollower(found)
            self.close()
        if self._file is not None:
            return self._file.read(taken_at)
        return self._journal.read(taken_at) if self._journal else Unknown(Why.MISSING, "server.log")

    def read_once(self, taken_at: float) -> Reading[OllamaLog]:
        """For a single look: the journal needs a moment for its first word."""
        if self._file is None and self._journal is not None and not self._find():
            return self._journal.read_once(taken_at)
        return self.read(taken_at)

    def close(self) -> None:
        """The journal's child ends; nothing is held open of a file."""
        if self._journal is not None:
            self._journal.close()
