"""What this app takes of the machine itself."""

from msgspec import Struct


class OwnUse(Struct, frozen=True):
    """`cpu_percent`: of one processor, over the last minute or so. None: not known (yet)."""

    cpu_percent: float | None = None
    memory_bytes: int | None = None
