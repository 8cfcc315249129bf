"""Bytes and times as people read them. The only place that divides by 1024."""

KIB = 1024
MIB = 1024**2
GIB = 1024**3
LATEST = 32_000_000_000.0
"""Unix seconds in the year 2984: Windows shows no later time (_localtime64_s), Python none beyond 9999."""


def is_time(value: object) -> bool:
    """Unix seconds that the clock of every system can show. JSON's true is none, and 1e999 is infinite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LATEST


def format_bytes(count: float) -> str:
    """`19.7 GiB`, `815 MiB`, `512 B`. Numbers and units are the same in every language."""
    size = abs(count)
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            number = count / unit
            return f"{number:.1f} {name}" if abs(number) < 100 and unit == GIB else f"{number:.0f} {name}"
    return f"{count:.0f} B"
