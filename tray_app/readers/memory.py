"""Memory and its pressure on this machine, whatever the system; rates from one poll to the next."""

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Struct

from tray_app.core.diagnosis.pressure import PressureState, gauges, step
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import LATE_S, PAGE_READS, Known, Reading, Unknown, Why
from tray_app.core.values.snapshot import Memory, MissingInput
from tray_app.readers._counters import Counters

if sys.platform == "darwin":
    from tray_app.readers import _macos as _system
elif sys.platform == "win32":
    from tray_app.readers import _windows as _system
else:
    from tray_app.readers import _linux as _system

MAX_DRIFT_S = 5.0
"""Wall clock and monotonic clock may part by this much between polls; more is sleep or a clock that was set."""
MIN_INTERVAL_S = 0.2
"""Two polls closer than this give no rate: the counters move in steps."""
USUAL = Limits()


class MemorySystem(Protocol):
    """What a platform module gives."""

    def collect(self) -> Any: ...


class _Rates(Struct, frozen=True):
    """Bytes or pages per second; None: not known in this poll."""

    swap_in: float | None = None
    swap_out: float | None = None
    pages_read: float | None = None


class _Last(Struct, frozen=True):
    counters: Counters
    at: float
    taken_at: float
    rates: _Rates


class MemoryReader:
    """Keeps what the next poll needs. One thread only: it holds counters, not locks."""

    def __init__(
        self,
        *,
        collector: MemorySystem | None = None,
        decode: Callable[[Any], Counters | Unknown] = _system.decode,
        platform: str = sys.platform,
        clock: Callable[[], float] = time.monotonic,
        pressure_clock: Callable[[], float] | None = None,
    ) -> None:
        """`pressure_clock`: by what the pressure rises and eases, where that is not `clock` (the demo is impatient)."""
        self._platform = platform
        self._collector = collector or _system.Collector()
        self._decode = decode
        self._clock = clock
        self._pressure_clock = pressure_clock or clock
        self._state = PressureState()
        self._last: _Last | None = None

    def collect(self) -> Any:
        """The raw sources alone, for `doctor`: see readers/_raw.py sources()."""
        return self._collector.collect()

    def read(
        self,
        taken_at: float,
        limits: Limits = USUAL,
        *,
        model_loading: bool = False,
        spilled_bytes: int | None = None,
    ) -> Reading[Memory]:
        """One poll. While a model loads its file is read from disk, so reads are not held against the machine.

        `limits` may be others in each poll. `spilled_bytes` is Gpu.spilled_bytes of the same poll: on Windows it
        counts as pressure.
        """
        counters = self._decode(self._collector.collect())
        if isinstance(counters, Unknown):
            return counters
        now = self._clock()
        after_gap = self._gap(now, taken_at)
        rates = _Rates() if after_gap or self._last is None else _between(self._last, counters)
        self._last = _Last(counters, now, taken_at, rates)
        values = dict(counters.gauges)
        values |= _rate_values(rates, model_loading=model_loading)
        if spilled_bytes is not None:
            values["gpu-spill"] = spilled_bytes
        scale = gauges(self._platform, limits)
        judged = step(self._state, scale, values, self._pressure_clock(), after_gap=after_gap)
        self._state = judged.state
        named = {item.name for item in counters.missing}
        not_yet = tuple(
            MissingInput(gauge.name, Why.NOT_YET)
            for gauge in scale
            if gauge.is_rate and gauge.name not in values and gauge.name not in named and not model_loading
        )
        return Known(
            Memory(
                total_bytes=counters.total_bytes,
                available_bytes=counters.available_bytes,
                pressure=judged.pressure,
                inputs=judged.inputs,
                swap_used_bytes=counters.swap_used_bytes,
                swap_total_bytes=counters.swap_total_bytes,
                swap_out_bytes_per_s=rates.swap_out,
                swap_in_bytes_per_s=rates.swap_in,
                wired_bytes=counters.wired_bytes,
                compressed_bytes=counters.compressed_bytes,
                limit_bytes=counters.limit_bytes,
                missing=(*counters.missing, *not_yet),
            ),
            taken_at,
        )

    def _gap(self, now: float, taken_at: float) -> bool:
        if self._last is None:
            return False
        ran = now - self._last.at
        passed = taken_at - self._last.taken_at
        return ran > LATE_S or passed > LATE_S or abs(passed - ran) > MAX_DRIFT_S


def _between(last: _Last, now: Counters) -> _Rates:
    seconds = now.counted_at - last.counters.counted_at
    if seconds < MIN_INTERVAL_S:
        return last.rates
    before = last.counters
    return _Rates(
        _per_second(before.swapped_in_bytes, now.swapped_in_bytes, seconds),
        _per_second(before.swapped_out_bytes, now.swapped_out_bytes, seconds),
        _per_second(before.pages_read, now.pages_read, seconds),
    )


def _per_second(before: int | None, now: int | None, seconds: float) -> float | None:
    """None where a side is missing or the counter began anew."""
    if before is None or now is None or now < before:
        return None
    return (now - before) / seconds


def _rate_values(rates: _Rates, *, model_loading: bool) -> dict[str, float]:
    """The gauges that rates feed; each system's scale takes those it knows."""
    values: dict[str, float] = {}
    if rates.swap_out is not None:
        values["swap-out"] = rates.swap_out
        if model_loading:
            values["swap-io"] = rates.swap_out
        elif rates.swap_in is not None:
            values["swap-io"] = rates.swap_in + rates.swap_out
    if rates.pages_read is not None and not model_loading:
        values[PAGE_READS] = rates.pages_read
    return values
