"""On which ports a server of this machine listens, and whether it lives in a network of its own (a container).

Asked once in a server's life: it tells which Ollama is the one that is watched where several run.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import psutil
from msgspec import Struct

from tray_app.readers._proc_net import Listener, listeners
from tray_app.readers.inodes import socket_inodes
from tray_app.readers.odd import NO_ANSWER

TABLE_LIMIT = 16 * 2**20


class Listening(Struct, frozen=True):
    """`ports` None: hidden. `apart`: they are ports of a network of its own, not of this machine's."""

    ports: tuple[int, ...] | None = None
    apart: bool = False


def listening(
    pid: int,
    *,
    system: str = sys.platform,
    proc: Path = Path("/proc"),
    process: Callable[[int], psutil.Process] = psutil.Process,
) -> Listening:
    """Ports of a process; of another user's process on Linux all ports of that user, for its files are hidden."""
    if system == "linux":
        return Listening(_ports_linux(pid, proc), not same_network(pid, proc))
    try:
        found = process(pid).net_connections("tcp")
    except NO_ANSWER:
        return Listening()
    return Listening(tuple(sorted({one.laddr.port for one in found if one.status == psutil.CONN_LISTEN})))


def same_network(pid: int, proc: Path = Path("/proc")) -> bool:
    """The namespace itself is hidden for another user's process, its routes are not: a container has others."""
    return all(
        _content(proc / str(pid) / "net" / name) == _content(proc / "self" / "net" / name)
        for name in ("route", "if_inet6")
    )


def _ports_linux(pid: int, proc: Path) -> tuple[int, ...] | None:
    rows: list[Listener] = []
    try:
        user = (proc / str(pid)).stat().st_uid
        for name in ("tcp", "tcp6"):
            with (proc / str(pid) / "net" / name).open("rb") as file:
                rows.extend(listeners(file.read(TABLE_LIMIT)))
    except FileNotFoundError:
        if not rows:  # no IPv6 in this kernel, or the process has just ended
            return None
    except OSError:
        return None
    own = socket_inodes(proc / str(pid))
    mine = [one for one in rows if one.inode in own] if own else [one for one in rows if one.user == user]
    return tuple(sorted({one.port for one in mine}))


def _content(path: Path) -> bytes:
    """Nothing where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
