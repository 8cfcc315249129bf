"""What the OS said, before anyone reads meaning into it: bytes, or why there are none."""

import errno
import os
from pathlib import Path
from typing import Any

from tray_app.core.values.reading import Unknown, Why

Source = bytes | Unknown

MAX_BYTES = 1 << 20
_WHY = {
    errno.ENOENT: Why.MISSING,
    errno.ENOTDIR: Why.MISSING,
    errno.ENODEV: Why.MISSING,
    errno.EOPNOTSUPP: Why.UNSUPPORTED,
    errno.ENOSYS: Why.UNSUPPORTED,
    errno.EACCES: Why.DENIED,
    errno.EPERM: Why.DENIED,
}


def failed(error: OSError, what: str) -> Unknown:
    """The reason in an OSError; `what` is the file or call. Errors without a better word are BAD_ANSWER."""
    number = error.errno or 0
    return Unknown(_WHY.get(number, Why.BAD_ANSWER), f"{what}: {errno.errorcode.get(number, str(number))}")


def read_file(path: Path) -> Source:
    """At most 1 MiB of a file of /proc or /sys, in one read, as the kernel made it in one piece."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        try:
            return os.read(descriptor, MAX_BYTES)
        finally:
            os.close(descriptor)
    except OSError as error:
        return failed(error, path.name)


def sources(raw: Any) -> dict[str, Source]:
    """The named sources of a Raw value, for `doctor`: what was read, or why not. Numbers beside them are left out."""
    named: dict[str, Any] = {name: getattr(raw, name) for name in raw.__struct_fields__}
    named |= dict(named.get("parts", ()))
    return {name: value for name, value in named.items() if isinstance(value, bytes | Unknown)}


def number(text: bytes) -> int | None:
    """A whole number that could count bytes or pages of a machine; None for anything else."""
    digits = text.strip()
    return int(digits) if digits.isdigit() and len(digits) <= 20 else None
