"""Requests wait at Ollama, or it turns them away."""

from tray_app.core.diagnosis.recent import History
from tray_app.core.diagnosis.traffic import is_settling
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Unknown, value_of
from tray_app.core.values.snapshot import LogEventKind, Requests, Snapshot

REFUSALS_S = 60.0
"""Answers 503 of the last minute count."""
SERVER = "Ollama"


def check(snapshot: Snapshot, history: History, limits: Limits) -> tuple[Finding, ...] | Unknown:
    """Overloaded at refused requests or long waits, else tight. Loading and waking explain a queue by themselves."""
    refused = _refused(snapshot, history)
    requests = snapshot.requests
    waiting = requests if isinstance(requests, Unknown) else requests.value.waiting
    if isinstance(waiting, Unknown):
        if not refused:
            return waiting
        return (Finding(Kind.QUEUE_BACKLOG, _subject(snapshot), Severity.OVERLOADED, (_refusals(refused),)),)
    if not refused:
        settling = is_settling(snapshot, history, limits)
        if settling is not None:
            return settling
        if waiting.value < limits.waiting_requests:
            return ()
    seen = value_of(requests)
    longest = seen.longest_wait_s if seen is not None else None
    long = longest is not None and longest >= limits.long_wait_s
    evidence = [Evidence("waiting", waiting.value, "requests")]
    if seen is not None:
        evidence.extend(_more(seen))
    if refused:
        evidence.append(_refusals(refused))
    severity = Severity.OVERLOADED if refused or long else Severity.TIGHT
    return (Finding(Kind.QUEUE_BACKLOG, _subject(snapshot), severity, tuple(evidence)),)


def _refused(snapshot: Snapshot, history: History) -> int:
    logs = [value_of(poll.ollama_log) for poll in history.unbroken(REFUSALS_S, snapshot)]
    return sum(event.kind is LogEventKind.BUSY for log in logs if log is not None for event in log.events)


def _refusals(count: int) -> Evidence:
    return Evidence("refused", count, "requests")


def _more(requests: Requests) -> list[Evidence]:
    found = [Evidence("confidence", requests.waiting_confidence.value)]
    running = value_of(requests.running)
    if running is not None:
        found.append(Evidence("running", running, "requests"))
    if requests.longest_wait_s is not None:
        found.append(Evidence("longest_wait_s", round(requests.longest_wait_s, 1), "s"))
    return found


def _subject(snapshot: Snapshot) -> str:
    """The model that works, where all that runs is on one; else the server."""
    requests = value_of(snapshot.requests)
    active = {one.model for one in requests.active} if requests is not None else set()
    if len(active) == 1 and (name := next(iter(active))):
        return name
    ollama = value_of(snapshot.ollama)
    if ollama is not None and len(ollama.loaded) == 1:
        return ollama.loaded[0].name
    return SERVER
