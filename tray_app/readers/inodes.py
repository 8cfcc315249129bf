"""The sockets that a process holds open, by their numbers (Linux, /proc/PID/fd)."""

import re
from contextlib import suppress
from pathlib import Path

_SOCKET = re.compile(r"socket:\[(\d+)\]")


def socket_inodes(folder: Path) -> set[int]:
    """Socket inodes of the process whose /proc folder this is; empty where its files are hidden or it is gone."""
    found: set[int] = set()
    try:
        for entry in (folder / "fd").iterdir():
            with suppress(OSError):  # closed since it was listed
                match = _SOCKET.fullmatch(str(entry.readlink()))
                if match:
                    found.add(int(match[1]))
    except OSError:
        return found
    return found
