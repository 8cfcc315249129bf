"""What is counted from look to look at one Ollama: requests that ended, and what its log told."""

from collections.abc import Mapping

from msgspec import Struct, field

from tray_app.core.report.metrics import catalog
from tray_app.core.report.metrics.metric import OTHER, Distribution, Metric, MetricType, Reported, as_label
from tray_app.core.report.metrics.watched import WatchedOllama, listed
from tray_app.core.requests.kind import KindReason
from tray_app.core.values.names import full_name
from tray_app.core.values.reading import value_of
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import LogEvent, LogEventKind, OllamaLog

MOST_MODELS = 100
Series = tuple[Metric, tuple[str, ...]]
_OF_MODELS = {LogEventKind.LOAD: catalog.LOADS, LogEventKind.EVICTION: catalog.EVICTIONS}
_CRASHES = (LogEventKind.CRASH, LogEventKind.OUT_OF_MEMORY)


class Tally(Struct, frozen=True):
    """`models`: full name -> the label of each that this Ollama listed and that was counted."""

    counts: Mapping[Series, float] = field(default_factory=dict)
    spreads: Mapping[Series, Distribution] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)

    def reported(self) -> tuple[Reported, ...]:
        counts = (Reported(metric, value, labels) for (metric, labels), value in self.counts.items())
        spreads = (Reported(metric, value, labels) for (metric, labels), value in self.spreads.items())
        return (*counts, *spreads)


class _Counting:
    """A tally that is being added to."""

    def __init__(self, before: Tally, seen: WatchedOllama) -> None:
        self.counts, self.spreads, self.models = dict(before.counts), dict(before.spreads), dict(before.models)
        self._url = seen.url
        self._listed = listed(value_of(seen.snapshot.ollama))

    def model(self, name: str | None) -> str:
        """Its label: empty where nobody says, OTHER for what this Ollama does not list."""
        if not name:
            return ""
        full = full_name(name)
        if full not in self.models and full in self._listed and len(self.models) < MOST_MODELS:
            self.models[full] = as_label(self._listed[full])
        return self.models.get(full, OTHER)

    def add(self, metric: Metric, *labels: str, value: float = 1.0) -> None:
        series = metric, (self._url, *labels)
        if metric.type is MetricType.HISTOGRAM:
            spread = self.spreads.get(series) or Distribution((0,) * (len(metric.bounds) + 1))
            self.spreads[series] = spread.with_value(value, metric.bounds)
        else:
            self.counts[series] = self.counts.get(series, 0.0) + value

    def request(self, one: FinishedRequest) -> None:
        kind, task = one.kind.value, one.task or ""
        exact = one.reason == KindReason.RELAY.value
        source = "relay" if exact else "seen"
        self.add(catalog.ENDED, kind, task, "served" if one.served else "failed", source)
        self.add(catalog.BUSY, kind, task, self.model(one.model), value=max(0.0, one.busy_s))
        self.add(catalog.DURATION, kind, source, value=max(0.0, one.ended_at - one.began_at))
        if exact and one.kind is RequestKind.TASK:
            self.add(catalog.HELD_FOR, task, value=max(0.0, one.held_s))
        if one.first_token_at is not None and one.kind is RequestKind.CHAT:
            self.add(catalog.FIRST_TOKEN, value=max(0.0, one.first_token_at - one.began_at))

    def event(self, one: LogEvent) -> None:
        metric = _OF_MODELS.get(one.kind)
        if metric is not None:
            self.add(metric, self.model(one.model))
        elif one.kind is LogEventKind.BUSY:
            self.add(catalog.REFUSED)
        elif one.kind in _CRASHES:
            self.add(catalog.CRASHES, one.kind.value)

    def done(self) -> Tally:
        return Tally(self.counts, self.spreads, self.models)


def counted(before: Tally | None, seen: WatchedOllama) -> Tally:
    """One look more. The first one counts nothing: what it tells of had ended before anybody counted."""
    counting = _Counting(before or Tally(), seen)
    log = value_of(seen.snapshot.ollama_log)
    if log is not None:
        _begin(counting, log)
    requests = value_of(seen.snapshot.requests)
    if before is not None and requests is not None:
        for request in requests.finished:
            counting.request(request)
    if before is not None and log is not None:
        for event in log.events:
            counting.event(event)
    counting.add(catalog.LOOKS)
    return counting.done()


def _begin(counting: _Counting, log: OllamaLog) -> None:
    """A log that is read has told of nothing yet, which is a zero; one that is not, tells nothing."""
    del log
    counting.add(catalog.REFUSED, value=0.0)
    for kind in _CRASHES:
        counting.add(catalog.CRASHES, kind.value, value=0.0)
