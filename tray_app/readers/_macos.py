"""macOS memory: the kernel's pressure level, its own ratio of usable to compressed pages, and real swapping.

Sources: xnu vm_pageout.c and vm_compressor_xnu.h (ratio, thresholds), system_cmds vm_stat.c (the fallback's lines),
Activity Monitor's "Memory Used" as Ollama's gpu_info_darwin.m computes it (app + wired + compressed).
"""

import platform
import re
import subprocess
import time
from collections.abc import Callable

from msgspec import Struct

from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.snapshot import Host, MissingInput
from tray_app.readers._counters import Counters
from tray_app.readers._darwin import Kernel, SwapUsage, VmStatistics64, integer
from tray_app.readers._raw import Source, failed

VM_STAT = "/usr/bin/vm_stat"
VM_STAT_KEEP_S = 5.0
VM_STAT_TIMEOUT_S = 2.0
NOT_ASKED = Unknown(Why.NOT_ASKED)


class Raw(Struct, frozen=True):
    """`vm` is vm_statistics64; `vm_stat` is the text of the command of that name, asked only where `vm` failed."""

    counted_at: float
    level: Source
    memory_size: Source
    page_size: Source
    vm: Source
    swap: Source
    vm_stat: Source = NOT_ASKED


class Collector:
    """Keeps the struct's size and, on the fallback, the last text of vm_stat for 5 s."""

    def __init__(
        self,
        kernel: Kernel | None = None,
        clock: Callable[[], float] = time.monotonic,
        vm_stat: Callable[[], Source] | None = None,
    ) -> None:
        self._kernel = kernel or Kernel()
        self._clock = clock
        self._run = vm_stat or run_vm_stat
        self._text: tuple[float, Source] | None = None

    def collect(self) -> Raw:
        """Microseconds by ctypes. `vm.pagesize`, not `hw.pagesize`: that one says 4096 to a process under Rosetta."""
        now = self._clock()
        vm = self._kernel.vm_statistics()
        counted_at, text = (now, NOT_ASKED) if isinstance(vm, bytes) else self._fallback(now)
        return Raw(
            counted_at=counted_at,
            level=self._kernel.sysctl("kern.memorystatus_vm_pressure_level", 4),
            memory_size=self._kernel.sysctl("hw.memsize", 8),
            page_size=self._kernel.sysctl("vm.pagesize", 4),
            vm=vm,
            swap=self._kernel.sysctl("vm.swapusage", 32),
            vm_stat=text,
        )

    def _fallback(self, now: float) -> tuple[float, Source]:
        if self._text is None or now - self._text[0] >= VM_STAT_KEEP_S:
            self._text = (now, self._run())
        return self._text


def run_vm_stat() -> Source:
    """Apple's own program, so it knows its kernel's struct and page size."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed path, no shell
            [VM_STAT], stdin=subprocess.DEVNULL, capture_output=True, timeout=VM_STAT_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Unknown(Why.TIMED_OUT, "vm_stat")
    except OSError as error:
        return failed(error, "vm_stat")
    return done.stdout if done.returncode == 0 else Unknown(Why.BAD_ANSWER, f"vm_stat: exit {done.returncode}")


class _Pages(Struct, frozen=True):
    """Counts in bytes. `free` leaves speculative pages out, as vm_stat prints it."""

    free: int
    speculative: int
    active: int
    inactive: int
    wired: int
    purgeable: int
    external: int
    compressor: int
    swapped_in: int
    swapped_out: int


def decode(raw: Raw) -> Counters | Unknown:
    """Unknown without the size of memory or any page counts; a missing pressure level alone is a missing input."""
    total = integer(raw.memory_size)
    if total is None or total <= 0:
        return raw.memory_size if isinstance(raw.memory_size, Unknown) else Unknown(Why.BAD_ANSWER, "hw.memsize")
    pages = _pages(raw)
    if isinstance(pages, Unknown):
        return pages
    swap = _swap(raw.swap)
    gauges, missing = [], []
    level = integer(raw.level)
    if level is not None and level in {1, 2, 4}:
        gauges.append(("kernel-level", float(level)))
    else:
        problem = raw.level if isinstance(raw.level, Unknown) else Unknown(Why.BAD_ANSWER, f"pressure level {level}")
        missing.append(MissingInput("kernel-level", problem.why, problem.detail))
    # R = A / (A + C): wired pages are in neither, so a large model shrinks A and compression grows C.
    usable = pages.free + pages.speculative + pages.active + pages.inactive
    if usable + pages.compressor > 0:
        gauges.append(("kernel-ratio", usable / (usable + pages.compressor)))
    return Counters(
        counted_at=raw.counted_at,
        total_bytes=total,
        # Total less Activity Monitor's "Memory Used": free pages and files that can be read again.
        available_bytes=min(pages.free + pages.purgeable + pages.external, total),
        gauges=tuple(gauges),
        swap_used_bytes=swap.used if swap else None,
        swap_total_bytes=swap.total if swap else None,
        swapped_in_bytes=pages.swapped_in,
        swapped_out_bytes=pages.swapped_out,
        wired_bytes=pages.wired,
        compressed_bytes=pages.compressor,
        missing=tuple(missing),
    )


def host(kernel: Kernel | None = None) -> Host:
    """Under Rosetta `architecture` is x86_64 while `apple_silicon` is true."""
    kernel = kernel or Kernel()
    version = kernel.sysctl_text("kern.osproductversion")
    return Host(
        "darwin",
        system_version=version.decode("ascii", "replace") if isinstance(version, bytes) else "",
        architecture=platform.machine(),
        apple_silicon=is_apple_silicon(kernel),
    )


def is_apple_silicon(kernel: Kernel) -> bool:
    """`hw.optional.arm64` does not exist on Intel; unlike uname it is true under Rosetta, too."""
    return integer(kernel.sysctl("hw.optional.arm64", 4)) == 1


def _pages(raw: Raw) -> _Pages | Unknown:
    if isinstance(raw.vm, bytes):
        size = integer(raw.page_size)
        if size is None or size <= 0:
            return raw.page_size if isinstance(raw.page_size, Unknown) else Unknown(Why.BAD_ANSWER, "vm.pagesize")
        if len(raw.vm) < 152:
            return Unknown(Why.BAD_ANSWER, f"vm_statistics64: {len(raw.vm)} bytes")
        return _from_struct(VmStatistics64.from_buffer_copy(raw.vm), size)
    if isinstance(raw.vm_stat, bytes):
        return _from_text(raw.vm_stat)
    return raw.vm


def _from_struct(vm: VmStatistics64, page: int) -> _Pages:
    return _Pages(
        free=max(vm.free_count - vm.speculative_count, 0) * page,
        speculative=vm.speculative_count * page,
        active=vm.active_count * page,
        inactive=vm.inactive_count * page,
        wired=vm.wire_count * page,
        purgeable=vm.purgeable_count * page,
        external=vm.external_page_count * page,
        compressor=vm.compressor_page_count * page,
        swapped_in=vm.swapins * page,
        swapped_out=vm.swapouts * page,
    )


def _from_text(text: bytes) -> _Pages | Unknown:
    """The lines of vm_stat; its name for a count can be quoted, its numbers end with a full stop."""
    size = re.search(rb"page size of (\d{1,9}) bytes", text)
    counts = dict(re.findall(rb'^"?([A-Za-z -]{1,60}?)"?:\s+(\d{1,19})\.?\s*$', text, re.MULTILINE))
    names = {
        "free": b"Pages free",
        "speculative": b"Pages speculative",
        "active": b"Pages active",
        "inactive": b"Pages inactive",
        "wired": b"Pages wired down",
        "purgeable": b"Pages purgeable",
        "external": b"File-backed pages",
        "compressor": b"Pages occupied by compressor",
        "swapped_in": b"Swapins",
        "swapped_out": b"Swapouts",
    }
    absent = [name.decode() for name in names.values() if name not in counts]
    if size is None or absent:
        return Unknown(Why.BAD_ANSWER, f"vm_stat: {', '.join(absent) or 'page size'}")
    return _Pages(**{field: int(counts[name]) * int(size[1]) for field, name in names.items()})


def _swap(source: Source) -> SwapUsage | None:
    return SwapUsage.from_buffer_copy(source) if isinstance(source, bytes) and len(source) >= 32 else None
