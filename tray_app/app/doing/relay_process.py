"""The relay's process: started so that it outlives us, found again by its file, ended through its private channel."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tray_app.autostart.launch import relay_command
from tray_app.core.values.errors.life import ChatFirstError, ChatFirstProblem, RelayError, RelayProblem
from tray_app.core.values.errors.service import ServiceError, Unreachable
from tray_app.core.values.relay import RelayState
from tray_app.readers.relay_here import is_relay
from tray_app.services.address import is_loopback, port_of
from tray_app.services.relay import RelayClient
from tray_app.storage.relay_file import RelayDoor, RelayFile

LOOPBACK = "127.0.0.1"
START_S = 60.0
"""A machine that swaps starts a Python slowly; one that ends before that is noticed at once."""
AGAIN_S = 20.0
"""So long one that was started may need before it is taken for dead."""
END_S = 10.0
LATE_S = 3.0
"""Two may start one at the same moment: the other's is told of so soon after ours found the port taken."""
NOTHING_NEW = 2**53
PAUSE_S = 0.05
SAID_BYTES = 4096

_STARTED: "list[subprocess.Popen[bytes]]" = []
"""They outlive us; one that died before is taken note of when the next one is started."""


class RelayProcess:
    """At most one of this home. `upstream` is asked when it is started; `tied`: it ends when we do, however that is."""

    def __init__(self, file: Path, home: Path | None, upstream: Callable[[], str], *, tied: bool = False) -> None:
        self._file = RelayFile(file)
        self._home = home
        self._upstream = upstream
        self._tied = tied
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None
        self._started_at = float("-inf")
        self._lock = threading.Lock()
        self._known: RelayDoor | None = None
        self._asks: RelayClient | None = None

    def door(self) -> RelayDoor | None:
        """Where the relay is that its file names: it answers there to its secret, or hangs and is still that process.

        A file that was left behind may name ports that another program has by now.
        """
        door = self._file.read()
        return door if door is not None and self._told(door) is not None else None

    def state(self) -> RelayState | None:
        """What it tells of itself; None where it does not answer."""
        door = self._file.read()
        told = self._told(door) if door is not None else None
        return told if isinstance(told, RelayState) else None

    def _told(self, door: RelayDoor) -> RelayState | bool | None:
        """What the relay of that file says; True where it is there and says nothing, None where it is gone."""
        try:
            return self._client(door).state(NOTHING_NEW)
        except Unreachable:
            return None
        except ServiceError:
            return is_relay(door.pid, door.started_at) or None

    def _client(self, door: RelayDoor) -> RelayClient:
        """Kept: a tray asks each second."""
        with self._lock:
            known, client = self._known, self._asks
            if client is None or known != door:
                if client is not None:
                    client.close()
                client = RelayClient(door.pid, door.control_port, door.secret)
                self._known, self._asks = door, client
            return client

    def close(self) -> None:
        """The connection to it; the relay goes on."""
        with self._lock:
            if self._asks is not None:
                self._asks.close()
            self._asks = self._known = None
        if self._complaints is not None:
            self._complaints.close()
            self._complaints = None

    def behind(self, url: str) -> str:
        """The relay is Ollama's own front: where that address is given, what stands behind it is meant. Also while it
        is down, unless something else is there instead."""
        door = self._file.read()
        if door is None or not _is_here(url, door.port):
            return url
        return door.upstream if self.door() is not None or self.is_free(door.port) else url

    def start(self, port: int, sleep: Callable[[float], object] = time.sleep) -> RelayDoor:
        """The relay that stands at this port before our Ollama; started if need be. RelayError, ChatFirstError."""
        upstream = self._upstream()
        self._check_no_loop(port, upstream)
        door = self.door()
        if door is not None and (door.port, door.upstream) != (port, upstream):
            self.end(sleep)
            door = None
        if door is not None:
            return door
        self._check_free(port)
        process = self._spawn(port, upstream)
        until = time.monotonic() + START_S
        ended = False
        while time.monotonic() < until:
            door = self.door()
            if door is not None and door.port == port:
                return door
            if not ended and process.poll() is not None:
                ended, until = True, time.monotonic() + LATE_S
            sleep(PAUSE_S)
        raise ChatFirstError(ChatFirstProblem.NOT_STARTED, f"{LOOPBACK}:{port}", detail=self._said())

    def keep(self, port: int) -> bool:
        """Start one that died, without waiting for it. Whether there was none. RelayError where it cannot stand there:
        another program has its port, or its Ollama's address is its own."""
        if self.door() is not None:
            return False
        if time.monotonic() - self._started_at > AGAIN_S:
            upstream = self._upstream()
            self._check_no_loop(port, upstream)
            self._check_free(port)
            self._spawn(port, upstream)
        return True

    def end(self, sleep: Callable[[float], object] = time.sleep) -> None:
        """Its orderly end, waited for; nothing where none runs."""
        self._started_at = float("-inf")
        door = self.door()
        if door is None:
            return
        with contextlib.suppress(ServiceError):  # it ends while it answers, or is gone
            self._client(door).end()
        until = time.monotonic() + END_S
        # It still writes after its doors are closed: one that we started is waited for to the end.
        while (self.door() is not None or self._lives()) and time.monotonic() < until:
            sleep(PAUSE_S)
        _let_go()

    def _lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def is_free(self, port: int) -> bool:
        """Whether no program listens there."""
        try:
            self._check_free(port)
        except RelayError:
            return False
        return True

    @staticmethod
    def _check_no_loop(port: int, upstream: str) -> None:
        """RelayError where that is the relay's own address: said before a process is started for nothing."""
        if _is_here(upstream, port):
            raise RelayError(RelayProblem.LOOP, upstream)

    @staticmethod
    def _check_free(port: int) -> None:
        """RelayError where another program has the port: said before a process is started for nothing."""
        with socket.socket() as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError as error:
                raise RelayError(RelayProblem.PORT_TAKEN, f"{LOOPBACK}:{port}", error.strerror or "") from error

    def _spawn(self, port: int, upstream: str) -> "subprocess.Popen[bytes]":
        """In a session of its own: neither our end nor a Ctrl-C in our terminal ends it."""
        self._started_at = time.monotonic()
        tie = ("--tied",) if self._tied else ()
        command = (*relay_command(self._home), "--listen", f"{LOOPBACK}:{port}", "--upstream", upstream, *tie)
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
        nowhere = subprocess.DEVNULL
        said = _unnamed_file()
        process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - this very program
            command, stdin=subprocess.PIPE if self._tied else nowhere, stdout=nowhere, stderr=said or nowhere, **apart
        )
        _let_go()
        _STARTED.append(process)
        if self._complaints is not None:
            self._complaints.close()
        self._process, self._complaints = process, said
        return process

    def _said(self) -> str:
        """The last line of what it complained of before it had a log: a library that is missing, a port taken."""
        if self._complaints is None:
            return ""
        size = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, size - SAID_BYTES))
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


def _unnamed_file() -> IO[bytes] | None:
    """A pipe would end a relay that outlives us when it next complains. None where there is no place for one."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return None


def _let_go() -> None:
    """Of those that have ended, and of what tied them."""
    for one in list(_STARTED):
        if one.poll() is not None:
            _STARTED.remove(one)
            if one.stdin is not None:
                one.stdin.close()


def _is_here(url: str, port: int) -> bool:
    return port_of(url) == port and is_loopback(urlsplit(url).hostname or "")
