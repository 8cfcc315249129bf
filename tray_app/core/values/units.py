"""Bytes and seconds as people read them. The only place that divides by 1024."""

KIB = 1024
MIB = 1024**2
GIB = 1024**3


def format_bytes(count: float) -> str:
    """`19.7 GiB`, `815 MiB`, `512 B`. Numbers and units are the same in every language."""
    size = abs(count)
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            number = count / unit
            return f"{number:.1f} {name}" if abs(number) < 100 and unit == GIB else f"{number:.0f} {name}"
    return f"{count:.0f} B"
