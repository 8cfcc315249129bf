"""Ports for servers that bind them some time later.

One that the system chooses may be anybody's by then: a client's own end, or a server of the tests that run beside these, which
then answers in its place. So they come from below what systems choose by themselves, each once, whoever asks.
"""

import getpass
import os
import socket
import tempfile
from pathlib import Path

from filelock import FileLock

FIRST, COUNT = 20_000, 12_000
"""Linux chooses from 32768 on, others from 49152 on."""
LAST_GIVEN = Path(tempfile.gettempdir()) / f"elbowroom-tests-{getpass.getuser()}.port"


def free_port() -> int:
    with FileLock(f"{LAST_GIVEN}.lock"):
        number = _last()
        for _ in range(COUNT):
            number = (number + 1) % COUNT
            if _is_free(FIRST + number):
                LAST_GIVEN.write_text(str(number), encoding="ascii")
                return FIRST + number
    raise OSError("no port is free")


def _last() -> int:
    try:
        return int(LAST_GIVEN.read_text(encoding="ascii"))
    except (OSError, ValueError):  # the first, or one that was killed as it wrote
        return os.getpid() % COUNT


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
