"""Our samples in Prometheus' own formats."""

from collections.abc import Callable, Iterable, Iterator
from typing import assert_never

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from tray_app.core.report.metrics.metric import Distribution, Metric, MetricType, Reported


class _Numbers(Collector):
    """Without `describe` the registry would read once when it is made, before there is anything to tell."""

    def __init__(self, read: Callable[[], Iterable[Reported]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Family]:
        """A family for each metric that has a sample: one without says nothing, not even its help."""
        families: dict[str, Family] = {}
        for one in self._read():
            family = families.get(one.metric.name)
            if family is None:
                family = families[one.metric.name] = _family(one.metric)
            _add(family, one)
        yield from families.values()

    def describe(self) -> Iterator[Family]:
        return iter(())


def registry_of(read: Callable[[], Iterable[Reported]]) -> CollectorRegistry:
    """`read` is asked with every scrape, on its thread."""
    registry = CollectorRegistry()
    registry.register(_Numbers(read))
    return registry


def text_of(read: Callable[[], Iterable[Reported]]) -> bytes:
    """The text format (version 0.0.4), which the textfile collector of node_exporter reads."""
    made: bytes = generate_latest(registry_of(read))
    return made


def _family(metric: Metric) -> Family:
    match metric.type:
        case MetricType.GAUGE:
            return GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
        case MetricType.COUNTER:
            return CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
        case MetricType.HISTOGRAM:
            return HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        case _:
            assert_never(metric.type)


def _add(family: Family, one: Reported) -> None:
    match family, one.value:
        case HistogramMetricFamily(), Distribution() as spread:
            family.add_metric(one.labels, list(_buckets(one.metric, spread)), spread.total)
        case ((GaugeMetricFamily() | CounterMetricFamily()), float(value)):
            family.add_metric(one.labels, value)
        case _:
            raise TypeError(one.metric.name)


def _buckets(metric: Metric, spread: Distribution) -> Iterator[tuple[str, float]]:
    """At or below each bound, as Prometheus counts them."""
    below = 0
    for bound, count in zip((*metric.bounds, float("inf")), spread.counts, strict=True):
        below += count
        yield "+Inf" if bound == float("inf") else str(bound), float(below)
