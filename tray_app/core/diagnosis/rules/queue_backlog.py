"""Requests wait at Ollama, or it turns them away."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.values.finding import OLLAMA, QueueBacklog, Severity

REFUSALS_S = 60.0
"""Answers 503 of the last minute count."""


def check(facts: Facts) -> tuple[QueueBacklog, ...] | None:
    """Overloaded at refused requests or long waits, else tight. Loading and waking explain a queue by themselves."""
    refused = facts.refused(REFUSALS_S)
    if not refused:
        if facts.waiting is None or facts.settling is not None:
            return None
        if facts.waiting < facts.limits.waiting_requests:
            return ()
    return (_finding(refused, facts),)


def _finding(refused: int, facts: Facts) -> QueueBacklog:
    requests = facts.requests if facts.waiting is not None else None
    longest = requests.longest_wait_s if requests is not None else None
    long = longest is not None and longest >= facts.limits.long_wait_s
    return QueueBacklog(
        model=_subject(facts),
        severity=Severity.OVERLOADED if refused or long else Severity.TIGHT,
        waiting=facts.waiting,
        confidence=requests.waiting_confidence if requests is not None else None,
        running=facts.running if requests is not None else None,
        longest_wait_s=None if longest is None else round(longest, 1),
        refused=refused or None,
        others=facts.attribution.are_others or None,
    )


def _subject(facts: Facts) -> str:
    """The model that works, where all that runs is on one; else the server."""
    active = {one.model for one in facts.requests.active} if facts.requests is not None else set()
    if len(active) == 1 and (name := next(iter(active))):
        return name
    if facts.ollama is not None and len(facts.ollama.loaded) == 1:
        return facts.ollama.loaded[0].name
    return OLLAMA
