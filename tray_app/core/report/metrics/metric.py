"""One number as Prometheus names it (prometheus.io/docs/practices/naming): what it is called, what it says, its value.

What is not known has no value at all: an absent sample is what "unknown" is there, and never a zero.
"""

import unicodedata
from bisect import bisect_left
from enum import StrEnum

from msgspec import Struct

LABEL_LIMIT = 100
OTHER = "other"
"""The label of a model that Ollama does not list: what clients ask for is their own text, and there is no end to it."""


class MetricType(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Metric(Struct, frozen=True):
    """`name` as it is queried: counters end in `_total`, units are base units. `bounds`: of a histogram's buckets."""

    name: str
    help: str
    type: MetricType = MetricType.GAUGE
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


class Distribution(Struct, frozen=True):
    """How many values lay at or below each bound, and above all (the last); and their sum."""

    counts: tuple[int, ...]
    total: float = 0.0

    def with_value(self, value: float, bounds: tuple[float, ...]) -> "Distribution":
        place = bisect_left(bounds, value)
        counts = tuple(count + (index == place) for index, count in enumerate(self.counts))
        return Distribution(counts, self.total + value)


class Reported(Struct, frozen=True):
    """One sample. `labels` in the order of its metric."""

    metric: Metric
    value: float | Distribution
    labels: tuple[str, ...] = ()


def as_label(name: str | None) -> str:
    """A name from outside as a label: no control or direction characters, no lone surrogates, clipped."""
    kept = "".join(char for char in name or "" if unicodedata.category(char)[0] != "C")
    return kept[:LABEL_LIMIT]
