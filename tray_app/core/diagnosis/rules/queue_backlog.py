"""Requests wait at Ollama, or it turns them away."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity

REFUSALS_S = 60.0
"""Answers 503 of the last minute count."""
SERVER = "Ollama"


def check(facts: Facts) -> tuple[Finding, ...] | None:
    """Overloaded at refused requests or long waits, else tight. Loading and waking explain a queue by themselves."""
    refused = facts.refused(REFUSALS_S)
    if not refused:
        if facts.waiting is None or facts.is_settling:
            return None
        if facts.waiting < facts.limits.waiting_requests:
            return ()
    return (_finding(refused, facts),)


def _finding(refused: int, facts: Facts) -> Finding:
    evidence: list[Evidence] = []
    longest = None
    if facts.requests is not None and facts.waiting is not None:
        longest = facts.requests.longest_wait_s
        evidence += [
            Evidence("waiting", facts.waiting, "requests"),
            Evidence("confidence", facts.requests.waiting_confidence.value),
        ]
        if facts.running is not None:
            evidence.append(Evidence("running", facts.running, "requests"))
        if longest is not None:
            evidence.append(Evidence("longest_wait_s", round(longest, 1), "s"))
    if refused:
        evidence.append(Evidence("refused", refused, "requests"))
    long = longest is not None and longest >= facts.limits.long_wait_s
    severity = Severity.OVERLOADED if refused or long else Severity.TIGHT
    return Finding(Kind.QUEUE_BACKLOG, _subject(facts), severity, tuple(evidence))


def _subject(facts: Facts) -> str:
    """The model that works, where all that runs is on one; else the server."""
    active = {one.model for one in facts.requests.active} if facts.requests is not None else set()
    if len(active) == 1 and (name := next(iter(active))):
        return name
    if facts.ollama is not None and len(facts.ollama.loaded) == 1:
        return facts.ollama.loaded[0].name
    return SERVER
