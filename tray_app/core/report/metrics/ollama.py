"""One Ollama as it is now: whether it answers, its models, who runs and waits, what was found."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tray_app.core.report.metrics import catalog
from tray_app.core.report.metrics.metric import OTHER, Metric, Reported, as_label
from tray_app.core.report.metrics.watched import WatchedOllama, listed
from tray_app.core.report.overview import Overview, overview
from tray_app.core.values.finding import CauseKind, Finding, Level, MemoryPressure, Severity
from tray_app.core.values.names import full_name
from tray_app.core.values.reading import Reading, Unknown, Why, value_of
from tray_app.core.values.requests import Confidence, Requests
from tray_app.core.values.snapshot import Ollama, Presence

_NOT_TOLD = frozenset({Why.NOT_ASKED, Why.NOT_YET})
MOST_LOADED = 100


def is_up(reading: Reading[object]) -> bool | None:
    """None where nobody asked."""
    if isinstance(reading, Unknown):
        return None if reading.why in _NOT_TOLD else False
    return True


def given(metric: Metric, value: float | None, *labels: str) -> Iterator[Reported]:
    """Nothing where it is not known."""
    if value is not None:
        yield Reported(metric, float(value), labels)


def states(metric: Metric, now: str, words: Iterable[str], *labels: str) -> Iterator[Reported]:
    """A set of states, of which one holds."""
    return (Reported(metric, float(word == now), (*labels, word)) for word in words)


def of_ollama(seen: WatchedOllama, *, first: bool) -> Iterator[Reported]:
    """`first`: what is this machine's alone, as its memory pressure, is told with this one."""
    view = overview(seen.snapshot)
    at, ollama = seen.url, view.ollama
    up = is_up(seen.snapshot.ollama)
    yield from given(catalog.UP, up if ollama is None else ollama.presence is Presence.RUNNING, at)
    if ollama is not None and ollama.presence is Presence.RUNNING:
        yield Reported(catalog.OLLAMA, 1.0, (at, as_label(ollama.version)))
        yield from _models(at, ollama, view.doubtful)
    if seen.local:
        yield from given(catalog.BUDGET, seen.budget_bytes, at)
        yield from given(catalog.USED, seen.used_bytes, at)
    yield from states(catalog.LEVEL, seen.diagnosis.level, Level, at)
    if view.requests is not None:
        yield from _requests(at, view, view.requests)
    yield from _found(seen, first=first)
    yield from (
        Reported(catalog.UNKNOWN, 1.0, (at, source.value, unknown.why.value)) for source, unknown in view.why.items()
    )
    yield Reported(catalog.LOOKED_AT, seen.snapshot.taken_at, (at,))
    yield Reported(catalog.LOOK_TOOK, seen.took_s, (at,))


def _models(at: str, ollama: Ollama, doubtful: tuple[str, ...]) -> Iterator[Reported]:
    yield Reported(catalog.LOADED, float(len(ollama.loaded)), (at,))
    for model in {as_label(one.name): one for one in ollama.loaded[:MOST_LOADED]}.values():
        labels = at, as_label(model.name)
        yield Reported(catalog.SIZE, float(model.size_bytes), labels)
        if model.name not in doubtful:
            yield Reported(catalog.ON_GPU, float(model.size_vram_bytes), labels)
        yield from given(catalog.CONTEXT, model.context_length, *labels)
        yield from given(catalog.EXPIRES, model.expires_at, *labels)


def _requests(at: str, view: Overview, requests: Requests) -> Iterator[Reported]:
    least = Confidence.LOWER_BOUND
    for metric, number, confidence, word in (
        (catalog.RUNNING, view.running, requests.running_confidence, "running"),
        (catalog.WAITING, view.waiting, requests.waiting_confidence, "waiting"),
    ):
        yield from given(metric, number, at)
        yield from given(catalog.AT_LEAST, None if number is None else confidence is least, at, word)
    yield from given(catalog.HELD, requests.held, at)
    yield from given(catalog.LONGEST_WAIT, requests.longest_wait_s, at)
    known = listed(view.ollama)

    def label(name: str | None) -> str:
        return "" if name is None else as_label(name) if full_name(name) in known else OTHER

    active = Counter((one.kind.value, one.task or "", label(one.model)) for one in requests.active)
    yield from (Reported(catalog.ACTIVE, float(count), (at, *labels)) for labels, count in active.items())


def _found(seen: WatchedOllama, *, first: bool) -> Iterator[Reported]:
    at = seen.url
    findings = [one for one in seen.diagnosis.findings if first or not isinstance(one, MemoryPressure)]
    severities = Counter(one.severity for one in findings)
    yield from (Reported(catalog.FINDINGS, float(severities[one]), (at, one.value)) for one in Severity)
    named = dict.fromkeys(_of_finding(at, one) for one in findings)
    yield from (Reported(catalog.FINDING, 1.0, labels) for labels in named)
    yield from (Reported(catalog.UNDECIDED, 1.0, (at, one.kind)) for one in seen.diagnosis.undecided)
    alerts = [(one, state) for one, state in seen.alerts if first or not isinstance(one, MemoryPressure)]
    told = dict.fromkeys((*_of_finding(at, one), state) for one, state in alerts)
    yield from (Reported(catalog.ALERT, 1.0, labels) for labels in told)


def _of_finding(at: str, finding: Finding) -> tuple[str, ...]:
    """What other programs are called is their users' business: of those only that it is one."""
    of_memory = isinstance(finding, MemoryPressure)
    programs = isinstance(finding, MemoryPressure) and finding.cause is CauseKind.PROGRAM
    subject = CauseKind.PROGRAM.value if programs else as_label(finding.subject)
    return "" if of_memory else at, finding.kind, subject, finding.severity.value


def busy_chats(view: Overview) -> int | None:
    return value_of(view.open_webui.busy_chats) if view.open_webui is not None else None
