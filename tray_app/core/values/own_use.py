"""What this app takes of the machine itself."""

from msgspec import Struct


class OwnUse(Struct, frozen=True):
    """`cpu_percent`: of one processor, over the last minute or so. None: not known (yet)."""

    cpu_percent: float | None = None
    memory_bytes: int | None = None


class OwnTotals(Struct, frozen=True):
    """The same since its start, in Unix seconds. None: the system does not say."""

    cpu_s: float | None = None
    memory_bytes: int | None = None
    started_at: float | None = None
