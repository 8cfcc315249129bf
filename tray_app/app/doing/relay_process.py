"""The relay's process: started so that it outlives us, found again by its file, ended through its private channel."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tray_app.autostart.launch import relay_command
from tray_app.core.values.errors.life import ChatFirstError, ChatFirstProblem, RelayError, RelayProblem
from tray_app.core.values.errors.service import ServiceError
from tray_app.core.values.relay import RelayState
from tray_app.services.address import is_loopback, port_of
from tray_app.services.relay import RelayClient
from tray_app.storage.relay_file import RelayDoor, RelayFile

LOOPBACK = "127.0.0.1"
START_S = 20.0
"""A machine that swaps starts a Python slowly."""
END_S = 10.0
LOOK_S = 0.5
PAUSE_S = 0.05


_STARTED: "list[subprocess.Popen[bytes]]" = []
"""They outlive us; one that died before is taken note of when the next one is started."""


class RelayProcess:
    """At most one of this home. `upstream` is asked when it is started."""

    def __init__(self, file: Path, home: Path | None, upstream: Callable[[], str]) -> None:
        self._file = RelayFile(file)
        self._home = home
        self._upstream = upstream
        self._started_at = float("-inf")

    def door(self) -> RelayDoor | None:
        """Where the relay is that its file names, if it still takes connections there."""
        door = self._file.read()
        if door is None:
            return None
        try:
            socket.create_connection((LOOPBACK, door.control_port), LOOK_S).close()
        except OSError:
            return None
        return door

    def behind(self, url: str) -> str:
        """The relay is Ollama's own front: where that address is given, what stands behind it is meant."""
        door = self._file.read()
        own = door is not None and port_of(url) == door.port and is_loopback(urlsplit(url).hostname or "")
        return door.upstream if door is not None and own else url

    def state(self) -> RelayState | None:
        """What it tells of itself; None where it does not answer."""
        with self._channel() as channel:
            try:
                return channel.state(0) if channel is not None else None
            except ServiceError:
                return None

    def start(self, port: int, sleep: Callable[[float], object] = time.sleep) -> RelayDoor:
        """The relay that stands at this port before our Ollama; started if need be. RelayError, ChatFirstError."""
        upstream = self._upstream()
        door = self.door()
        if door is not None and (door.port, door.upstream) != (port, upstream):
            self.end(sleep)
            door = None
        if door is not None:
            return door
        self._check_free(port)
        process = self._spawn(port, upstream)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            door = self.door()
            if door is not None and door.port == port:
                return door
            if process.poll() is not None:
                break
            sleep(PAUSE_S)
        raise ChatFirstError(ChatFirstProblem.NOT_STARTED, f"{LOOPBACK}:{port}")

    def keep(self, port: int) -> bool:
        """Start one that died, without waiting for it. Whether there was none."""
        if self.door() is not None:
            return False
        if time.monotonic() - self._started_at > START_S:
            self._spawn(port, self._upstream())
        return True

    def end(self, sleep: Callable[[float], object] = time.sleep) -> None:
        """Its orderly end, waited for; nothing where none runs."""
        self._started_at = float("-inf")
        with self._channel() as channel:
            if channel is None:
                return
            with contextlib.suppress(ServiceError):  # it ends while it answers, or is gone
                channel.end()
        until = time.monotonic() + END_S
        while self.door() is not None and time.monotonic() < until:
            sleep(PAUSE_S)

    @contextmanager
    def _channel(self) -> Iterator[RelayClient | None]:
        door = self.door()
        if door is None:
            yield None
            return
        channel = RelayClient(door.pid, door.control_port, door.secret)
        with contextlib.closing(channel):
            yield channel

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
        command = (*relay_command(self._home), "--listen", f"{LOOPBACK}:{port}", "--upstream", upstream)
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
        nowhere = subprocess.DEVNULL
        process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - this very program
            command, stdin=nowhere, stdout=nowhere, stderr=nowhere, **apart
        )
        _STARTED[:] = [*(one for one in _STARTED if one.poll() is None), process]
        return process
