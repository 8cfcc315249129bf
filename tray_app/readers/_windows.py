"""Windows memory: physical and commit by kernel32, pages read from disk by performance counters. 64-bit only.

CreateMemoryResourceNotification is not used: its low mark is 64 MB at most, far too late.
"""

import ctypes
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tray_app.core.values.reading import PAGE_READS, Unknown, Why
from tray_app.core.values.snapshot import Host, MissingInput
from tray_app.readers._counters import Counters
from tray_app.readers._pdh import Query, decode_raw, load
from tray_app.readers._raw import Source

PAGES_INPUT = r"\Memory\Pages Input/sec"
PAGING_FILE = r"\Paging File(_Total)\% Usage"


class MemoryStatusEx(ctypes.Structure):
    """MEMORYSTATUSEX of <sysinfoapi.h>, in bytes."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("memory_load", ctypes.c_uint32),
        ("total_physical", ctypes.c_uint64),
        ("available_physical", ctypes.c_uint64),
        ("total_page_file", ctypes.c_uint64),  # the commit limit, of the system or of this process
        ("available_page_file", ctypes.c_uint64),
        ("total_virtual", ctypes.c_uint64),
        ("available_virtual", ctypes.c_uint64),
        ("available_extended_virtual", ctypes.c_uint64),
    )


class PerformanceInformation(ctypes.Structure):
    """PERFORMANCE_INFORMATION of <psapi.h>, in pages but for the last four."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("commit_total", ctypes.c_uint64),
        ("commit_limit", ctypes.c_uint64),
        ("commit_peak", ctypes.c_uint64),
        ("physical_total", ctypes.c_uint64),
        ("physical_available", ctypes.c_uint64),
        ("system_cache", ctypes.c_uint64),
        ("kernel_total", ctypes.c_uint64),
        ("kernel_paged", ctypes.c_uint64),
        ("kernel_nonpaged", ctypes.c_uint64),
        ("page_size", ctypes.c_uint64),
        ("handle_count", ctypes.c_uint32),
        ("process_count", ctypes.c_uint32),
        ("thread_count", ctypes.c_uint32),
    )


class Raw(Struct, frozen=True):
    """The structures' bytes; `pages_input` and `paging_file` are PDH_RAW_COUNTER."""

    counted_at: float
    status: Source
    performance: Source
    pages_input: Source
    paging_file: Source


class Collector:
    """Opens the counters once; they stay open."""

    def __init__(
        self, kernel32: Any = None, query: Query | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kernel32: Any = kernel32 or load("kernel32.dll")
        self._query = query or Query(PAGES_INPUT, PAGING_FILE)
        self._clock = clock

    def collect(self) -> Raw:
        status = MemoryStatusEx(length=ctypes.sizeof(MemoryStatusEx))
        answered = self._kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        performance = PerformanceInformation()
        size = ctypes.c_uint32(ctypes.sizeof(performance))
        informed = self._kernel32.K32GetPerformanceInfo(ctypes.byref(performance), size)
        self._query.sample()
        return Raw(
            counted_at=self._clock(),
            status=bytes(status) if answered else _last_error("GlobalMemoryStatusEx"),
            performance=bytes(performance) if informed else _last_error("GetPerformanceInfo"),
            pages_input=self._query.raw(PAGES_INPUT),
            paging_file=self._query.raw(PAGING_FILE),
        )


def decode(raw: Raw) -> Counters | Unknown:
    """Unknown without GlobalMemoryStatusEx; each counter that is missing beside it is a missing input."""
    if isinstance(raw.status, Unknown):
        return raw.status
    if len(raw.status) < ctypes.sizeof(MemoryStatusEx):
        return Unknown(Why.BAD_ANSWER, f"MEMORYSTATUSEX: {len(raw.status)} bytes")
    status = MemoryStatusEx.from_buffer_copy(raw.status)
    if status.total_physical == 0:
        return Unknown(Why.BAD_ANSWER, "MEMORYSTATUSEX: not readable")
    available = min(status.available_physical, status.total_physical)
    gauges, missing = [("available", min(100.0 * available / status.total_physical, 100.0))], []
    commit = _commit(raw.performance, status)
    if commit is None:
        missing.append(_missing("commit", raw.performance))
    else:
        gauges.append(("commit", min(100.0 * commit[0] / commit[1], 100.0)))
    pages = decode_raw(raw.pages_input)
    if pages is None:
        missing.append(_missing(PAGE_READS, raw.pages_input))
    swap_total = max(commit[1] - status.total_physical, 0) if commit else None
    share = _share(raw.paging_file)
    return Counters(
        counted_at=raw.counted_at,
        total_bytes=status.total_physical,
        available_bytes=available,
        gauges=tuple(gauges),
        swap_used_bytes=int(swap_total * share) if swap_total is not None and share is not None else None,
        swap_total_bytes=swap_total,
        pages_read=pages.first if pages else None,
        missing=tuple(missing),
    )


def host() -> Host:
    """Not the platform module: it asks WMI from Python 3.12 on, which can take seconds."""
    if sys.platform == "win32":
        version = sys.getwindowsversion().platform_version
        number = ".".join(map(str, version))
    else:
        number = ""
    machine = os.environ.get("PROCESSOR_ARCHITEW6432") or os.environ.get("PROCESSOR_ARCHITECTURE", "")
    return Host("win32", system_version=number, architecture=machine)


def _commit(source: Source, status: MemoryStatusEx) -> tuple[int, int] | None:
    """Committed and its limit, in bytes; from MEMORYSTATUSEX where GetPerformanceInfo failed."""
    if isinstance(source, bytes) and len(source) >= ctypes.sizeof(PerformanceInformation):
        info = PerformanceInformation.from_buffer_copy(source)
        if info.commit_limit and info.page_size:
            return info.commit_total * info.page_size, info.commit_limit * info.page_size
    if not status.total_page_file:
        return None
    return max(status.total_page_file - status.available_page_file, 0), status.total_page_file


def _share(source: Source) -> float | None:
    """`% Usage` is a raw fraction: pages in use over all pages of the paging files."""
    counter = decode_raw(source)
    if counter is None or counter.second <= 0 or counter.first < 0:
        return None
    return float(min(counter.first / counter.second, 1.0))


def _missing(name: str, source: Source) -> MissingInput:
    reason = source if isinstance(source, Unknown) else Unknown(Why.BAD_ANSWER, name)
    return MissingInput(name, reason.why, reason.detail)


def _last_error(function: str) -> Unknown:
    if sys.platform == "win32":
        return Unknown(Why.BAD_ANSWER, f"{function}: {ctypes.get_last_error()}")
    else:  # noqa: RET505 - as a branch, the type checker reads it for the other systems only
        return Unknown(Why.UNSUPPORTED, function)
