"""The share of a Mac's memory that models may use on the GPU.

In this order: `iogpu.wired_limit_mb` where someone set it, Metal's own answer, a table by macOS version. Intel Macs run
models on the processor, in RAM.
"""

import itertools
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.snapshot import BudgetBasis, Gpu
from tray_app.core.values.units import GIB, MIB
from tray_app.readers._darwin import Kernel, integer
from tray_app.readers._macos import is_apple_silicon
from tray_app.readers._raw import Source, failed, number

METAL_TIMEOUT_S = 10.0
NOT_ASKED = Unknown(Why.NOT_ASKED)


class Raw(Struct, frozen=True):
    """`working_set`: decimal bytes, as Metal gave them in this boot. Sources are NOT_ASKED on an Intel Mac."""

    apple_silicon: bool
    memory_size: Source
    system_version: Source
    name: Source = NOT_ASKED
    wired_limit_mb: Source = NOT_ASKED
    working_set: Source = NOT_ASKED


class Collector:
    """`ask` starts the child process, whose command is `metal`; its answer is kept for this run, and in `cache_path`
    until the next boot."""

    def __init__(
        self,
        cache_path: Path | None = None,
        kernel: Kernel | None = None,
        ask: Callable[[], Source] | None = None,
        metal: Sequence[str] = (),
    ) -> None:
        self._cache_path = cache_path
        self._kernel = kernel or Kernel()
        self._ask = ask or (lambda: ask_metal(metal))
        self._working_set: Source | None = None

    def collect(self) -> Raw:
        """Metal is asked only while no limit is set: what it answers follows that limit."""
        size, version = self._kernel.sysctl("hw.memsize", 8), self._kernel.sysctl_text("kern.osproductversion")
        if not is_apple_silicon(self._kernel):
            return Raw(apple_silicon=False, memory_size=size, system_version=version)
        limit = self._kernel.sysctl("iogpu.wired_limit_mb", 4)
        return Raw(
            apple_silicon=True,
            memory_size=size,
            system_version=version,
            name=self._kernel.sysctl_text("machdep.cpu.brand_string"),
            wired_limit_mb=limit,
            working_set=NOT_ASKED if (integer(limit) or 0) > 0 else self._asked_once(version),
        )

    def _asked_once(self, version: Source) -> Source:
        if self._working_set is None:
            boot = self._kernel.sysctl_text("kern.bootsessionuuid")
            key = f"{_text(boot)} {_text(version)}" if boot and isinstance(boot, bytes) else ""
            kept = _load(self._cache_path, key)
            self._working_set = kept if kept is not None else self._ask()
            if kept is None and isinstance(self._working_set, bytes):
                _save(self._cache_path, key, self._working_set)
        return self._working_set


def decode(raw: Raw) -> Gpu | Unknown | None:
    """None on an Intel Mac. Never more than the machine has."""
    if not raw.apple_silicon:
        return None
    size = integer(raw.memory_size)
    if size is None or size <= 0:
        return raw.memory_size if isinstance(raw.memory_size, Unknown) else Unknown(Why.BAD_ANSWER, "hw.memsize")
    limit = (integer(raw.wired_limit_mb) or 0) * MIB
    asked = number(raw.working_set) if isinstance(raw.working_set, bytes) else None
    if limit > 0:
        budget, basis = limit, BudgetBasis.WIRED_LIMIT
    elif asked:
        budget, basis = asked, BudgetBasis.METAL
    else:
        budget, basis = table_bytes(size, _text(raw.system_version)), BudgetBasis.OS_TABLE
    return Gpu(budget_bytes=min(budget, size), basis=basis, name=_text(raw.name), unified=True)


# Share of RAM on macOS 26 by GiB, measured on Macs of 16, 32 and 128 GiB (11.84, 24.96 and 107.5 GiB).
_SHARES_26 = ((16.0, 0.74), (32.0, 0.78), (128.0, 0.84))


def table_bytes(memory_bytes: int, version: str) -> int:
    """Up to macOS 15: two thirds up to 32 GiB (21.3 of 32), three quarters above. From 26 on: more, by size."""
    major = number(version.partition(".")[0].encode()) or 0
    gib = memory_bytes / GIB
    if major < 26 or gib < 16:
        return int(memory_bytes * (2 / 3 if gib <= 32 else 3 / 4))
    for (low, low_share), (high, high_share) in itertools.pairwise(_SHARES_26):
        if gib <= high:
            share = low_share + (high_share - low_share) * (gib - low) / (high - low)
            return int(memory_bytes * share)
    return int(memory_bytes * _SHARES_26[-1][1])


def ask_metal(command: Sequence[str]) -> Source:
    """One short child process; a few hundred milliseconds, once per boot."""
    if not command:
        return NOT_ASKED
    try:
        done = subprocess.run(  # noqa: S603 - this very program, no shell
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=METAL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Unknown(Why.TIMED_OUT, "Metal")
    except OSError as error:
        return failed(error, "Metal")
    if done.returncode != 0 or not number(done.stdout):
        return Unknown(Why.MISSING, f"Metal: exit {done.returncode}")
    return done.stdout.strip()


def _text(source: Source) -> str:
    return source.decode("ascii", "replace") if isinstance(source, bytes) else ""


def _load(path: Path | None, key: str) -> bytes | None:
    """The kept answer where boot and macOS version are the same; a broken file is as good as none."""
    if path is None or not key:
        return None
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    same = isinstance(kept, dict) and kept.get("boot") == key
    value = kept.get("working_set_bytes") if same else None
    return str(value).encode() if type(value) is int and value > 0 else None


def _save(path: Path | None, key: str, answer: bytes) -> None:
    """Best effort: without the file Metal is asked again at the next start."""
    if path is None or not key:
        return
    text = json.dumps({"boot": key, "working_set_bytes": number(answer)})
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError:
        return
