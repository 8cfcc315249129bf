"""This machine as a poll reads it: its own counters, or the played ones that the demo and the tests bring."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from tray_app.core.values.connections import Connections
from tray_app.core.values.reading import Reading
from tray_app.core.values.snapshot import Gpu, Host, OllamaLog, Processes
from tray_app.readers.connections import ConnectionReader
from tray_app.readers.gpu import GpuReader
from tray_app.readers.host import host
from tray_app.readers.memory import MemoryReader
from tray_app.readers.processes import ProcessReader
from tray_app.readers.server_log import ServerLog


class GpuSource(Protocol):
    """See GpuReader.read."""

    def read(self, taken_at: float) -> Reading[Gpu]: ...


class ProcessSource(Protocol):
    """See ProcessReader.read."""

    def read(self, taken_at: float, *, ask_others: bool = False) -> Reading[Processes]: ...


class ConnectionSource(Protocol):
    """See ConnectionReader.read."""

    def read(self, taken_at: float, processes: Processes, server_port: int) -> Reading[Connections]: ...


class LogSource(Protocol):
    """See ServerLog."""

    def read(self, taken_at: float, processes: Processes | None = None) -> Reading[OllamaLog]: ...
    def close(self) -> None: ...


class Machine(Struct, frozen=True):
    """The sources of one machine; each keeps what its next reading needs, so one poll at a time reads them.

    Memory is played one step lower, by the counters under its reader: the pressure is judged in there.
    """

    host: Host
    memory: MemoryReader
    gpu: GpuSource
    processes: ProcessSource
    connections: ConnectionSource
    log: LogSource

    def close(self) -> None:
        """Ends the child that follows the system's journal; the others hold nothing open."""
        self.log.close()


def this_machine(cache_dir: Path, metal: Sequence[str] = ()) -> Machine:
    """The real one. `cache_dir` keeps what a GPU tells only slowly, until the next boot; `metal` asks it on a Mac."""
    return Machine(
        host(),
        MemoryReader(),
        GpuReader(cache_dir / "gpu.json", metal=metal),
        ProcessReader(),
        ConnectionReader(),
        ServerLog(),
    )
