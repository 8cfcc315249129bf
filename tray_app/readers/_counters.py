"""What every platform's decode() gives: the same numbers, in bytes, with the gauges it could read."""

from msgspec import Struct

from tray_app.core.values.snapshot import MissingInput


class Counters(Struct, frozen=True):
    """`counted_at` is when the OS counted, on a monotonic clock: a cached answer keeps its time.

    Counters since boot only ever grow while the machine runs; a smaller one is a new beginning, not a negative rate.
    """

    counted_at: float
    total_bytes: int
    available_bytes: int
    gauges: tuple[tuple[str, float], ...] = ()
    """Inputs of core/diagnosis/pressure.py that one sample is enough for."""
    swap_used_bytes: int | None = None
    swap_total_bytes: int | None = None
    swapped_in_bytes: int | None = None
    """Since boot, as the next two."""
    swapped_out_bytes: int | None = None
    pages_read: int | None = None
    wired_bytes: int | None = None
    compressed_bytes: int | None = None
    limit_bytes: int | None = None
    missing: tuple[MissingInput, ...] = ()
