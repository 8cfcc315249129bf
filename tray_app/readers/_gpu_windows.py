"""GPU memory on Windows, any vendor, no administrator: WDDM's performance counters and DXGI's sizes.

`Dedicated Usage` is VRAM, `Shared Usage` is system memory that the GPU uses: where a model does not fit, NVIDIA's
driver moves it there and answers become very slow.
"""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.snapshot import BudgetBasis, Gpu
from tray_app.readers._dxgi import AdapterDesc1, adapters, decode_adapters
from tray_app.readers._pdh import FORMAT_DOUBLE, FORMAT_LARGE, FORMAT_NO_CAP, Query, decode_table
from tray_app.readers._raw import Source

DEDICATED = r"\GPU Adapter Memory(*)\Dedicated Usage"
SHARED = r"\GPU Adapter Memory(*)\Shared Usage"
ENGINES = r"\GPU Engine(*)\Utilization Percentage"
_LUID = re.compile(r"luid_0x[0-9a-f]{8}_0x[0-9a-f]{8}")
_ENGINE = re.compile(r"(luid_0x[0-9a-f]{8}_0x[0-9a-f]{8})_phys_\d+_eng_\d+")
_INTEGRATED_BYTES = 1 << 30
"""An adapter with less memory of its own is a processor's graphics: models live in RAM there."""


class Raw(Struct, frozen=True):
    """`adapters`: DXGI_ADAPTER_DESC1 one after the other; the others are lines `instance<tab>value`."""

    adapters: Source
    dedicated: Source
    shared: Source
    engines: Source


class Collector:
    """Keeps the counters open, and DXGI's answer until the adapters in the counters' names change."""

    def __init__(self, query: Query | None = None, ask: Callable[[], Source] = adapters) -> None:
        self._query = query or Query(DEDICATED, SHARED, ENGINES)
        self._ask = ask
        self._adapters: tuple[frozenset[str], Source] | None = None

    def collect(self) -> Raw:
        self._query.sample()
        dedicated = self._query.table(DEDICATED, FORMAT_LARGE)
        seen = frozenset(_by_luid(decode_table(dedicated)))
        if self._adapters is None or self._adapters[0] != seen:
            self._adapters = (seen, self._ask())
        return Raw(
            adapters=self._adapters[1],
            dedicated=dedicated,
            shared=self._query.table(SHARED, FORMAT_LARGE),
            engines=self._query.table(ENGINES, FORMAT_DOUBLE | FORMAT_NO_CAP),
        )


def decode(raw: Raw) -> Gpu | Unknown | None:
    """All cards with memory of their own, added up; None: only a processor's graphics, models live in RAM."""
    if isinstance(raw.adapters, Unknown):
        return None if raw.adapters.why is Why.MISSING else raw.adapters
    cards = [card for card in decode_adapters(raw.adapters) if card.dedicated_video_memory >= _INTEGRATED_BYTES]
    if not cards:
        return None
    budget = sum(card.dedicated_video_memory for card in cards)
    used = _sum(raw.dedicated, cards)
    return Gpu(
        budget_bytes=budget,
        basis=BudgetBasis.VRAM,
        name=cards[0].name,
        used_bytes=None if used is None else min(used, budget),
        shared_used_bytes=_sum(raw.shared, cards),
        busy_percent=_busy(raw.engines, cards),
    )


def _by_luid(table: Mapping[str, float]) -> dict[str, float]:
    """Instance names are `luid_0x00000000_0x0000D2F1_phys_0`; several physical parts of one adapter are added."""
    found: dict[str, float] = {}
    for name, value in table.items():
        match = _LUID.search(name.lower())
        if match and value >= 0:
            found[match[0]] = found.get(match[0], 0.0) + value
    return found


def _sum(source: Source, cards: list[AdapterDesc1]) -> int | None:
    """Bytes over all cards; None where one of them has no counter."""
    table = _by_luid(decode_table(source))
    if any(card.luid not in table for card in cards):
        return None
    return int(sum(table[card.luid] for card in cards))


def _busy(source: Source, cards: list[AdapterDesc1]) -> float | None:
    """The busiest engine (3D, compute, copy...) of any card: each program's share of it added up."""
    if not isinstance(source, bytes):
        return None
    wanted = {card.luid for card in cards}
    engines: dict[str, float] = {}
    for name, value in decode_table(source).items():
        match = _ENGINE.search(name.lower())
        if match and match[1] in wanted and value >= 0:
            engines[match[0]] = engines.get(match[0], 0.0) + value
    return min(max(engines.values(), default=0.0), 100.0)
