"""All rules over the facts of one poll: findings in order, one per cause, and the level."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.rules import RULES
from tray_app.core.values.finding import CauseKind, Diagnosis, Finding, Level, MemoryPressure, Severity
from tray_app.core.values.snapshot import Pressure

_RANK = {Severity.OVERLOADED: 0, Severity.TIGHT: 1, Severity.INFO: 2}
_ORDER = {rule.finding: index for index, rule in enumerate(RULES)}
_EXPLAINS = {rule.finding: rule.explains for rule in RULES}


def diagnose(facts: Facts) -> Diagnosis:
    """Absurd numbers lead to findings or to what cannot be judged, never to errors."""
    found: list[Finding] = []
    undecided: list[type[Finding]] = []
    for rule in RULES:
        answer = rule.check(facts)
        if answer is None:
            undecided.append(rule.finding)
        else:
            found.extend(answer)
    explained = tuple(finding for finding in found if _is_explained(finding, found))
    shown = sorted((finding for finding in found if finding not in explained), key=_importance)
    return Diagnosis(level=_level(shown, facts), findings=tuple(shown), explained=explained, undecided=tuple(undecided))


def _is_explained(finding: Finding, found: list[Finding]) -> bool:
    return not _is_anothers(finding) and any(type(finding) in _EXPLAINS[type(other)] for other in found)


def _is_anothers(finding: Finding) -> bool:
    """Another program took the memory."""
    return isinstance(finding, MemoryPressure) and finding.cause is CauseKind.PROGRAM


def _importance(finding: Finding) -> tuple[int, int, int, str]:
    """Severity, then what explains the most: memory that another program took comes before what it causes."""
    first = 0 if _is_anothers(finding) else 1
    return _RANK[finding.severity], first, _ORDER[type(finding)], finding.subject


def _level(found: list[Finding], facts: Facts) -> Level:
    """The highest severity; info is calm. Unknown where nothing is found and memory or Ollama cannot be seen."""
    severities = {finding.severity for finding in found}
    if Severity.OVERLOADED in severities:
        return Level.OVERLOADED
    if Severity.TIGHT in severities:
        return Level.TIGHT
    blind = facts.pressure is Pressure.UNKNOWN or facts.ollama is None
    return Level.UNKNOWN if blind else Level.CALM
