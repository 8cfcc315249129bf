"""All rules over the facts of one poll: findings in order, one per cause, and the level."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.rules import RULES
from tray_app.core.diagnosis.sight import blind_to
from tray_app.core.values.finding import Blind, CauseKind, Diagnosis, Finding, Level, MemoryPressure, Severity

_WORST_FIRST = (Severity.OVERLOADED, Severity.TIGHT, Severity.INFO)
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
    level, blind = _level(shown, facts, undecided)
    return Diagnosis(level, tuple(shown), explained, tuple(undecided), facts.settling, blind)


def _is_explained(finding: Finding, found: list[Finding]) -> bool:
    return not _is_anothers(finding) and any(type(finding) in _EXPLAINS[type(other)] for other in found)


def _is_anothers(finding: Finding) -> bool:
    """Another program took the memory."""
    return isinstance(finding, MemoryPressure) and finding.cause is CauseKind.PROGRAM


def _importance(finding: Finding) -> tuple[int, int, int, str]:
    """Severity, then what explains the most: memory that another program took comes before what it causes."""
    first = 0 if _is_anothers(finding) else 1
    return _WORST_FIRST.index(finding.severity), first, _ORDER[type(finding)], finding.subject


def _level(found: list[Finding], facts: Facts, undecided: list[type[Finding]]) -> tuple[Level, Blind | None]:
    """The highest severity; info is calm. Where nothing is found, what could not be asked goes with it."""
    severities = {finding.severity for finding in found}
    if Severity.OVERLOADED in severities:
        return Level.OVERLOADED, None
    if Severity.TIGHT in severities:
        return Level.TIGHT, None
    idle = facts.running == 0 and facts.waiting is None  # what waits is asked only while something runs
    blind = blind_to(facts) or (Blind.NOT_JUDGED if undecided and not idle else None)
    return Level.UNKNOWN if blind is Blind.NO_ANSWER else Level.CALM, blind
