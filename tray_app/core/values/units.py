"""Bytes and times as people read them, and the units of evidence. The only place that divides by 1024."""

import math
import re
from enum import Enum, StrEnum
from typing import Annotated

from msgspec import Struct

KIB = 1024
MIB = 1024**2
GIB = 1024**3
LATEST = 32_000_000_000.0
"""Unix seconds in the year 2984: Windows shows no later time (_localtime64_s), Python none beyond 9999."""


def is_time(value: object) -> bool:
    """Unix seconds that the clock of every system can show. JSON's true is none, and 1e999 is infinite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LATEST


def minutes_of(seconds: float) -> int:
    """Whole minutes, at least one."""
    return max(1, round(seconds / 60))


def format_bytes(count: float) -> str:
    """`19.7 GiB`, `815 MiB`, `512 B`. Numbers and units are the same in every language."""
    size = abs(count)
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            number = count / unit
            return f"{number:.1f} {name}" if abs(number) < 100 and unit == GIB else f"{number:.0f} {name}"
    return f"{count:.0f} B"


_IN_GO = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_GO_PART = re.compile(r"(\d{1,10}(?:\.\d{0,9})?)(h|ms|us|µs|ns|m|s)")
_FOREVER_S = 1e9


def go_seconds(text: str) -> float | None:
    """A length of time as Go programs take it: `5m0s`, `1h30m`, `300` seconds; infinite where it is negative or longer
    than thirty years, which stands for ever. None for anything else (Go's time.ParseDuration; Ollama's envconfig)."""
    plain = text.strip().strip("\"'")
    if plain.startswith("-"):
        return math.inf if go_seconds(plain[1:]) is not None else None
    if plain.isascii() and plain.isdigit() and len(plain) <= 10:
        seconds = float(plain)
    else:
        parts = _GO_PART.findall(plain)
        if not parts or "".join(number + unit for number, unit in parts) != plain:
            return None
        seconds = sum(float(number) * _IN_GO[unit] for number, unit in parts)
    return math.inf if seconds > _FOREVER_S else seconds


def in_go(seconds: float) -> str:
    """`5m`, `90s`, `-1` for ever: as it is typed."""
    if math.isinf(seconds):
        return "-1"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m" if minutes and not rest else f"{round(seconds)}s"


class Unit(StrEnum):
    """Units of the evidence; inputs of memory pressure have more of their own."""

    NONE = ""
    BYTES = "bytes"
    BYTES_PER_S = "bytes/s"
    SECONDS = "s"
    PERCENT = "percent"
    REQUESTS = "requests"
    LOADS = "loads"
    TOKENS = "tokens"
    USERS = "users"


Value = float | int | str | bool | Enum | tuple[str, ...] | tuple[int, ...]


class Evidence(Struct, frozen=True):
    """A number or a word that a finding rests on. `name` is stable."""

    name: str
    value: Value
    unit: str = Unit.NONE


# The unit of a field, as its type says it.
Bytes = Annotated[int, Unit.BYTES]
MaybeBytes = Annotated[int | None, Unit.BYTES]
Seconds = Annotated[float, Unit.SECONDS]
MaybeSeconds = Annotated[float | None, Unit.SECONDS]
Percent = Annotated[float, Unit.PERCENT]
Calls = Annotated[int, Unit.REQUESTS]
MaybeCalls = Annotated[int | None, Unit.REQUESTS]
MaybeTokens = Annotated[int | None, Unit.TOKENS]
