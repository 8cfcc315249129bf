"""Docker's engine on its local socket: which running containers are Ollama or Open WebUI, and what they use.

Only asked where the user allowed it: whoever may use that socket is as good as root. Only reads. Podman's socket
speaks the same protocol (Docker Engine API 1.24 and later; paths, filters and fields are the same in Podman's).
"""

import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from tray_app.core.values.errors.service import BadAnswer, NotFound, NotThatServer, ServerFailed
from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.snapshot import Container, ProcessRole
from tray_app.core.values.version import Json
from tray_app.services._decode import number, part, text
from tray_app.services.http import Http

DEADLINE_S = 1.0
CONTAINER_LIMIT = 8
PORTS = 65536
_RUNNING = "/containers/json?filters=%7B%22status%22%3A%5B%22running%22%5D%7D"
_VERSION = re.compile(r"1\.\d{1,3}")
_ID = re.compile(r"[0-9a-f]{12,64}")
_ROLES = {"ollama": ProcessRole.OLLAMA_SERVER, "open-webui": ProcessRole.OPEN_WEBUI}
_FILE_LIMIT = 1024 * 1024


def sockets(system: str, environment: Mapping[str, str], home: Path) -> tuple[Path, ...] | Unknown:
    """Sockets that exist, in the order in which Docker's own command line and then its many homes are tried.

    Unknown where the engine is chosen by name and cannot be one of this machine (ssh, tcp), or is a named pipe.
    """
    if system == "win32":
        return Unknown(Why.UNSUPPORTED, "npipe")
    named = environment.get("DOCKER_HOST", "") or _of_context(environment, home)
    if named and not named.startswith("unix://"):
        return Unknown(Why.UNSUPPORTED, named.partition(":")[0][:20])
    run = environment.get("XDG_RUNTIME_DIR", "")
    places = [
        Path(named.removeprefix("unix://")) if named else Path("/var/run/docker.sock"),
        Path("/var/run/docker.sock"),
        *(home / place for place in (".docker/run", ".docker/desktop", ".orbstack/run", ".colima/default")),
        *((Path(run), Path(run, "podman")) if run else ()),
    ]
    files = [_socket_in(place) for place in dict.fromkeys(places)]
    return tuple(path for path in files if _is_socket(path))


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except (OSError, ValueError):  # none there, no right to look, or no path
        return False


def _socket_in(place: Path) -> Path:
    if place.suffix == ".sock":
        return place
    return place / ("podman.sock" if place.name == "podman" else "docker.sock")


def _of_context(environment: Mapping[str, str], home: Path) -> str:
    """The address of the current context (docker/cli, context store); empty for the default one."""
    folder = Path(environment.get("DOCKER_CONFIG", "") or home / ".docker")
    name = environment.get("DOCKER_CONTEXT", "") or text(_document(folder / "config.json"), "currentContext")
    if name in {"", "default"}:
        return ""
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    meta = _document(folder / "contexts" / "meta" / digest / "meta.json")
    return text(part(part(meta, "Endpoints"), "docker"), "Host")


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_FILE_LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class Docker:
    """One engine. Keeps the CPU times of its containers between two questions."""

    def __init__(
        self, socket: Path, *, deadline_s: float = DEADLINE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # The host is not looked up; "docker" is what the documentation of the API uses.
        self._http = Http("http://docker", deadline_s=deadline_s, transport=httpx.HTTPTransport(uds=os.fspath(socket)))
        self._clock = clock
        self._base = ""
        self._busy: dict[str, tuple[float, float]] = {}

    def containers(self) -> tuple[Container, ...]:
        """Raises a ServiceError where the engine does not answer, or refuses the version that it named itself."""
        if not self._base:
            version = self._http.headers("/_ping").get("api-version", "")
            if not _VERSION.fullmatch(version):
                raise NotThatServer(self._http.url, "no api-version")
            self._base = f"/v{version}"
        answer = self._http.get_json(self._base + _RUNNING)
        if not isinstance(answer, list):
            raise BadAnswer(self._http.url, "containers: not a list")
        ours = [(entry, role) for entry in answer if isinstance(entry, dict) and (role := role_of(entry))]
        found = tuple(self._container(entry, role) for entry, role in ours[:CONTAINER_LIMIT])
        present = {text(entry, "Id") for entry, _ in ours}
        self._busy = {identity: seen for identity, seen in self._busy.items() if identity in present}
        return found

    def close(self) -> None:
        self._http.close()

    def _container(self, entry: Mapping[str, Json], role: ProcessRole) -> Container:
        identity = text(entry, "Id")
        stats = self._stats(identity)
        names = entry.get("Names")
        name = names[0] if isinstance(names, list) and names and isinstance(names[0], str) else ""
        return Container(
            name=name.removeprefix("/")[:80],
            role=role,
            memory_bytes=memory_bytes(part(stats, "memory_stats")),
            cpu_percent=self._cpu_percent(identity, number(part(part(stats, "cpu_stats"), "cpu_usage"), "total_usage")),
            ports=published(entry),
        )

    def _stats(self, identity: str) -> dict[str, Any]:
        """Nothing for a container that ended just now, or where the engine cannot count (Podman without cgroups).

        `one-shot`: without it the engine takes a second sample first, which takes a second or two.
        """
        if not _ID.fullmatch(identity):
            return {}
        try:
            answer = self._http.get_json(f"{self._base}/containers/{identity}/stats?stream=false&one-shot=true")
        except (NotFound, ServerFailed):
            return {}
        return answer if isinstance(answer, dict) else {}

    def _cpu_percent(self, identity: str, busy_ns: int | None) -> float | None:
        """Of one core since the last question, by our own clock: engines count `system_cpu_usage` differently."""
        now = self._clock()
        before = self._busy.pop(identity, None)
        if busy_ns is None:
            return None
        self._busy[identity] = busy_ns / 1e9, now
        if before is None or busy_ns / 1e9 < before[0] or now <= before[1]:
            return None
        return 100 * (busy_ns / 1e9 - before[0]) / (now - before[1])


def role_of(entry: Mapping[str, Json]) -> ProcessRole | None:
    """By the image's last name. An image that was replaced by a newer one has none any more, but still its label."""
    image = text(entry, "Image")
    if image.startswith("sha256:"):
        image = text(part(entry, "Labels"), "org.opencontainers.image.source")
    return _ROLES.get(image.partition("@")[0].rpartition("/")[2].partition(":")[0])


def published(entry: Mapping[str, Json]) -> tuple[int, ...]:
    """Ports of this machine that lead into the container."""
    ports = entry.get("Ports")
    found = (number(one, "PublicPort") for one in ports if isinstance(one, dict)) if isinstance(ports, list) else ()
    return tuple(sorted({port for port in found if port and port < PORTS}))


def memory_bytes(stats: Mapping[str, Any]) -> int | None:
    """As `docker stats` shows it: without the file cache that the kernel can take back.

    cgroup v1 names it total_inactive_file (docker/cli, calculateMemUsageUnixNoCache), or only `cache`; v2
    inactive_file.
    """
    used, detail = number(stats, "usage"), part(stats, "stats")
    if not used:  # absent, or 0 from an engine that cannot count: no container of ours uses nothing
        return None
    for name in ("total_inactive_file", "cache", "inactive_file"):
        cached = number(detail, name)
        if cached is not None:
            return used - cached if cached < used else used
    return used
