"""Follows Ollama's server log across rotation: what happened since the last poll, and the server's own settings.

The file is opened anew for each poll: on Windows an open file could not be renamed, and Ollama rotates by renaming
(app/logrotate: server.log becomes server-1.log when the app starts).
"""

import glob
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.values.reading import Known, Reading, Unknown, Why
from tray_app.core.values.snapshot import OllamaLog
from tray_app.readers._ollama_lines import LINE_LIMIT, LineReader

READ_LIMIT = 4 * 2**20
"""Bytes per poll; of a longer burst only the newest are read."""
HEAD = 256 * 1024
CLOCK_SLACK_S = 120.0


class _Place(Struct, frozen=True):
    """Which file we were in and up to where: after a line end, or `skipping` to the next one."""

    device: int
    inode: int
    offset: int
    skipping: bool = False


def log_places(
    system: str = sys.platform, environment: Mapping[str, str] = os.environ, home: Path | None = None
) -> tuple[Path, ...]:
    """Where Ollama may write its server log on this system.

    The macOS and Windows apps write one; Homebrew's service too. On Linux the log is in the journal.
    """
    try:
        home = home or Path.home()
    except RuntimeError:
        return ()
    if system == "win32":
        return (Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "Ollama" / "server.log",)
    brew = ("/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew")
    return (home / ".ollama" / "logs" / "server.log", *(Path(root, "var/log/ollama.log") for root in brew))


def newest_log(places: Iterable[Path]) -> Path | None:
    """None where none of them has one."""
    found = []
    for place in places:
        try:
            found.append((os.stat(place).st_mtime, place))  # noqa: PTH116 - in every look until there is one
        except OSError:
            continue
    return max(found)[1] if found else None


class LogFollower:
    """Starts at the end of the log; the server's configuration is looked up before it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place: _Place | None = None
        self._lines = LineReader()
        self._missed = False

    def read(self, taken_at: float) -> Reading[OllamaLog]:
        """Events since the last call; none at the first."""
        self._lines.earliest = (self._lines.now or taken_at) - CLOCK_SLACK_S
        self._lines.now = taken_at
        try:
            self._follow()
        except FileNotFoundError:
            self._missed = True
            return Unknown(Why.MISSING, self._path.name)
        except PermissionError as error:
            return Unknown(Why.DENIED, f"{self._path.name}: {error.strerror}")
        except OSError as error:
            return Unknown(Why.BAD_ANSWER, f"{self._path.name}: {error.strerror}")
        return Known(self._lines.take(), taken_at)

    def _follow(self) -> None:
        # Opening a pipe or a device could wait for ever.
        if not stat.S_ISREG(self._path.stat().st_mode):
            raise OSError(0, "not a regular file")
        with self._path.open("rb") as file:
            status = os.fstat(file.fileno())
            place = self._place
            if place is None and not self._missed:
                self._place = self._begin(file, status)
                return
            if place is None or (status.st_dev, status.st_ino) != (place.device, place.inode):
                if place is not None:
                    self._finish_rotated(place)
                place = _Place(status.st_dev, status.st_ino, 0)
            elif status.st_size < place.offset:
                place = replace(place, offset=0, skipping=False)
            elif not place.skipping and not _is_line_start(file, place.offset):
                self._place = self._begin(file, status)  # other content under the same name and number
                return
            self._place = self._consume(file, place, status.st_size)

    def _begin(self, file: BinaryIO, status: os.stat_result) -> _Place:
        """The place after the last whole line. What came before only tells the server's configuration."""
        size = status.st_size
        tail = max(0, size - READ_LIMIT)
        pieces = [(0, min(HEAD, tail)), (tail, size - tail)]
        whole, lines = 0, list[bytes]()
        for start, length in pieces:
            file.seek(start)
            data = file.read(length)
            lines = data.split(b"\n")[:-1]
            for line in lines:
                self._lines.configuration_only(line)
            whole = start + data.rfind(b"\n") + 1
        self._lines.ended_before(lines)
        return _Place(status.st_dev, status.st_ino, whole)

    def _finish_rotated(self, place: _Place) -> None:
        """The lines written to the old file between our last look and its renaming."""
        for path in self._path.parent.glob(f"{glob.escape(self._path.stem)}-*{glob.escape(self._path.suffix)}"):
            try:
                status = path.stat()
                if (status.st_dev, status.st_ino) != (place.device, place.inode) or status.st_size < place.offset:
                    continue
                with path.open("rb") as file:
                    self._consume(file, place, status.st_size)
            except OSError:
                continue
            return

    def _consume(self, file: BinaryIO, place: _Place, size: int) -> _Place:
        """Feed the whole lines from `place` on; a line that is not finished waits for the next poll."""
        start, skipping = place.offset, place.skipping
        if size - start > READ_LIMIT:
            start, skipping = size - READ_LIMIT, True
        file.seek(start)
        data = file.read(READ_LIMIT)
        end = data.rfind(b"\n") + 1
        lines = data[:end].split(b"\n")[:-1]
        for line in lines[1:] if skipping else lines:
            self._lines.feed(line.rstrip(b"\r"))
        if end == 0 and len(data) > LINE_LIMIT:
            return replace(place, offset=start + len(data), skipping=True)
        return replace(place, offset=start + end, skipping=skipping and end == 0)


def _is_line_start(file: BinaryIO, offset: int) -> bool:
    if offset == 0:
        return True
    file.seek(offset - 1)
    return file.read(1) == b"\n"
