"""Linux memory: /proc/meminfo, /proc/vmstat, pressure stall information, and the limit of a container.

Only the root of the visible cgroup tree is asked: inside a container that is the container, on a host it has no limit.
A limit on our own service says nothing about Ollama's memory.
"""

import mmap
import os
import platform
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from tray_app.core.values.reading import NoStalls, Unknown, Why
from tray_app.core.values.snapshot import Host, MissingInput
from tray_app.readers._counters import Counters
from tray_app.readers._raw import Source, number, read_file

KIB = 1024
NOT_READ = Unknown(Why.NOT_ASKED)

# A page counter's largest value in bytes, rounded down: what cgroup v1 shows where there is no limit.
_V1_UNLIMITED = 1 << 62
# One expression for all files: reading the 190 other lines of vmstat would cost more than the kernel's own work.
_FIELD = re.compile(
    rb"^(MemTotal|MemAvailable|SwapTotal|SwapFree|pswpin|pswpout|total_inactive_file|inactive_file):?[ \t]+"
    rb"(\d{1,20})(?=\s|$)",
    re.MULTILINE,
)
_STALL = re.compile(rb"^(some|full) avg10=(\d{1,3}(?:\.\d+)?)\s", re.MULTILINE)


class Raw(Struct, frozen=True):
    """The files' contents. `limit`, `usage`, `stat` and `group_pressure` are those of the cgroup."""

    counted_at: float
    page_size: int
    meminfo: Source
    vmstat: Source
    pressure: Source
    limit: Source = NOT_READ
    usage: Source = NOT_READ
    stat: Source = NOT_READ
    group_pressure: Source = NOT_READ


class Collector:
    """Reads below `root`, so that a test can give it a tree of its own."""

    def __init__(self, root: Path = Path("/"), clock: Callable[[], float] = time.monotonic) -> None:
        proc = root / "proc"
        self._meminfo, self._vmstat, self._pressure = proc / "meminfo", proc / "vmstat", proc / "pressure/memory"
        self._clock = clock
        self._page_size = mmap.PAGESIZE
        groups = root / "sys/fs/cgroup"
        if os.path.exists(groups / "memory.max"):
            self._group = groups
            self._limit, self._usage = groups / "memory.max", groups / "memory.current"
        else:
            self._group = groups / "memory"
            self._limit, self._usage = (self._group / f"memory.{what}_in_bytes" for what in ("limit", "usage"))

    def collect(self) -> Raw:
        """Four small files, seven where a container has a limit: the kernel adds up memory.stat when asked."""
        limit = read_file(self._limit)
        limited = isinstance(limit, bytes) and _limit_of(limit) is not None
        return Raw(
            counted_at=self._clock(),
            page_size=self._page_size,
            meminfo=read_file(self._meminfo),
            vmstat=read_file(self._vmstat),
            pressure=read_file(self._pressure),
            limit=limit,
            usage=read_file(self._usage) if limited else NOT_READ,
            stat=read_file(self._group / "memory.stat") if limited else NOT_READ,
            group_pressure=read_file(self._group / "memory.pressure") if limited else NOT_READ,
        )


def decode(raw: Raw) -> Counters | Unknown:
    """Unknown where /proc/meminfo gives no MemTotal or no MemAvailable (kernels before 3.14)."""
    if isinstance(raw.meminfo, Unknown):
        return raw.meminfo
    info = _fields(raw.meminfo)
    total, available = info.get(b"MemTotal", 0) * KIB, info.get(b"MemAvailable")
    if not total or available is None:
        return Unknown(Why.BAD_ANSWER, "meminfo")
    limit = _limit_of(raw.limit) if isinstance(raw.limit, bytes) else None
    limit = limit if limit is not None and limit < total else None
    ceiling = total if limit is None else limit
    room = min(available * KIB, total)
    if limit is not None:
        room = min(room, _group_room(raw, limit))
    missing: list[MissingInput] = []
    gauges = [*_stalls(raw, missing), ("available", min(100.0 * room / ceiling, 100.0) if ceiling else 0.0)]
    swapped = _fields(raw.vmstat) if isinstance(raw.vmstat, bytes) else {}
    if b"pswpin" not in swapped or b"pswpout" not in swapped:
        gone = raw.vmstat if isinstance(raw.vmstat, Unknown) else Unknown(Why.BAD_ANSWER, "vmstat")
        missing.append(MissingInput("swap-io", gone.why, gone.detail))
    return Counters(
        counted_at=raw.counted_at,
        total_bytes=total,
        available_bytes=room,
        gauges=tuple(gauges),
        swap_used_bytes=_used_swap(info),
        swap_total_bytes=_bytes(info, b"SwapTotal"),
        swapped_in_bytes=_pages(swapped, b"pswpin", raw.page_size),
        swapped_out_bytes=_pages(swapped, b"pswpout", raw.page_size),
        limit_bytes=limit,
        missing=tuple(missing),
    )


def host(root: Path = Path("/")) -> Host:
    """A container is told by the marks that Docker, Podman, systemd and Kubernetes leave."""
    marks = (".dockerenv", "run/.containerenv", "run/systemd/container")
    inside = any(os.path.exists(root / mark) for mark in marks) or "KUBERNETES_SERVICE_HOST" in os.environ
    return Host("linux", system_version=platform.release(), architecture=platform.machine(), container=inside)


def _fields(text: bytes) -> dict[bytes, int]:
    """The lines we need of `Name: 123 kB` and `name 123`; one of another form is left out."""
    return {name: int(value) for name, value in _FIELD.findall(text)}


def _bytes(info: Mapping[bytes, int], name: bytes) -> int | None:
    return info[name] * KIB if name in info else None


def _used_swap(info: Mapping[bytes, int]) -> int | None:
    total, free = _bytes(info, b"SwapTotal"), _bytes(info, b"SwapFree")
    return max(total - free, 0) if total is not None and free is not None else None


def _pages(fields: Mapping[bytes, int], name: bytes, page_size: int) -> int | None:
    return fields[name] * page_size if name in fields else None


def _limit_of(text: bytes) -> int | None:
    """None for `max` (v2) and the largest page count (v1): no limit."""
    limit = number(text)
    return limit if limit is not None and limit < _V1_UNLIMITED else None


def _group_room(raw: Raw, limit: int) -> int:
    """What the container can still take: its limit less what it uses, the file cache that goes first added back."""
    usage = number(raw.usage) if isinstance(raw.usage, bytes) else None
    if usage is None:
        return limit
    stat = _fields(raw.stat) if isinstance(raw.stat, bytes) else {}
    cache = stat.get(b"total_inactive_file", stat.get(b"inactive_file", 0))
    return min(max(limit - usage + min(cache, usage), 0), limit)


def _stalls(raw: Raw, missing: list[MissingInput]) -> list[tuple[str, float]]:
    """`some` and `full` avg10 in percent, the worse of host and container."""
    worst: dict[str, float] = {}
    for text in (raw.pressure, raw.group_pressure):
        for kind, value in _STALL.findall(text) if isinstance(text, bytes) else ():
            name = f"psi-{kind.decode()}-avg10"
            worst[name] = max(worst.get(name, 0.0), min(float(value), 100.0))
    if "psi-some-avg10" not in worst:
        missing.append(MissingInput("psi-some-avg10", *_why_no_stalls(raw.pressure)))
    return list(worst.items())


def _why_no_stalls(pressure: Source) -> tuple[Why, str]:
    if isinstance(pressure, bytes):
        return Why.BAD_ANSWER, "pressure/memory"
    word = {Why.MISSING: NoStalls.ABSENT, Why.UNSUPPORTED: NoStalls.OFF, Why.DENIED: NoStalls.DENIED}.get(pressure.why)
    return pressure.why, word or pressure.detail
