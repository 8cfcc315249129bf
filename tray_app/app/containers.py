"""Containers of Ollama and Open WebUI, where the user allowed to ask Docker's socket: at most every 15 seconds."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tray_app.app.rhythm import CONTAINERS_EVERY_S, Asked
from tray_app.core.values.errors.service import ServiceError, Unreachable
from tray_app.core.values.reading import Reading, Unknown, Why
from tray_app.core.values.snapshot import Container
from tray_app.services.docker import Docker, sockets


class ContainerReader:
    """`allowed`: the setting, asked each time. Keeps to the engine that answered for as long as it does."""

    def __init__(
        self,
        allowed: Callable[[], bool],
        *,
        system: str = sys.platform,
        environment: Mapping[str, str] = os.environ,
        home: Callable[[], Path] = Path.home,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowed = allowed
        self._system = system
        self._environment = environment
        self._home = home
        self._clock = clock
        self._asked: Asked[tuple[Container, ...]] = Asked(CONTAINERS_EVERY_S)
        self._docker: Docker | None = None

    def read(self, taken_at: float) -> Reading[tuple[Container, ...]]:
        """Unknown where it is not allowed, there is no engine, or it does not let this user in."""
        if not self._allowed():
            self.close()
            return Unknown(Why.NOT_ASKED, "allow-docker-socket")
        if self._docker is not None:
            answer = self._asked.ask(self._docker.containers, self._clock(), taken_at)
            if isinstance(answer, Unknown):
                self.close()  # another engine, or another version of it, may be there next time
            return answer
        ours = self._sockets()
        if isinstance(ours, Unknown):
            return ours
        return self._asked.ask(lambda: self._first(ours), self._clock(), taken_at)

    def _sockets(self) -> list[Path] | Unknown:
        """Those that this user may use."""
        try:
            found = sockets(self._system, self._environment, self._home())
        except RuntimeError as error:  # no home folder
            return Unknown(Why.MISSING, str(error))
        if isinstance(found, Unknown):
            return found
        if not found:
            return Unknown(Why.MISSING, "docker-sock")
        ours = [path for path in found if os.access(path, os.R_OK | os.W_OK)]
        return ours or Unknown(Why.DENIED, str(found[0]))

    def close(self) -> None:
        if self._docker is not None:
            self._docker.close()
        self._docker = None

    def _first(self, paths: list[Path]) -> tuple[Container, ...]:
        """A socket may be left over from an engine that does not run: then the next one."""
        for number, path in enumerate(paths, 1):
            docker = Docker(path, clock=self._clock)
            try:
                answer = docker.containers()
            except ServiceError as error:
                docker.close()
                if not isinstance(error, Unreachable) or number == len(paths):
                    raise
            else:
                self._docker = docker
                return answer
        return ()
