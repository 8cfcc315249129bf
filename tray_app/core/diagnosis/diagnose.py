"""All rules over the facts of one poll: findings in order, one per cause, and the level."""

from collections.abc import Mapping

from tray_app.core.diagnosis.cause import CauseKind
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.rules import RULES
from tray_app.core.values.finding import Diagnosis, Finding, Kind, Level, Severity
from tray_app.core.values.snapshot import Pressure

# What a finding explains: the other is only another side of the same cause.
EXPLAINS: Mapping[Kind, frozenset[Kind]] = {
    Kind.MODEL_THRASH: frozenset(
        {Kind.TASK_STORM, Kind.QUEUE_BACKLOG, Kind.TASK_MODEL_DOES_NOT_FIT, Kind.TASKS_ON_BIG_MODEL}
    ),
    Kind.TASK_STORM: frozenset(
        {Kind.QUEUE_BACKLOG, Kind.MEMORY_PRESSURE, Kind.TASKS_ON_BIG_MODEL, Kind.AUTOCOMPLETE_ON}
    ),
    Kind.TASK_MODEL_UNUSABLE: frozenset({Kind.TASKS_ON_BIG_MODEL, Kind.TASK_MODEL_DOES_NOT_FIT}),
}
_RANK = {Severity.OVERLOADED: 0, Severity.TIGHT: 1, Severity.INFO: 2}
_ORDER = {kind: index for index, (kind, _check) in enumerate(RULES)}


def diagnose(facts: Facts) -> Diagnosis:
    """Absurd numbers lead to findings or to what cannot be judged, never to errors."""
    found: list[Finding] = []
    undecided: list[Kind] = []
    for kind, check in RULES:
        answer = check(facts)
        if answer is None:
            undecided.append(kind)
        else:
            found.extend(answer)
    explained = tuple(finding for finding in found if _is_explained(finding, found))
    shown = sorted((finding for finding in found if finding not in explained), key=_importance)
    return Diagnosis(level=_level(shown, facts), findings=tuple(shown), explained=explained, undecided=tuple(undecided))


def _is_explained(finding: Finding, found: list[Finding]) -> bool:
    if finding.kind is Kind.MEMORY_PRESSURE and _is_anothers(finding):
        return False
    return any(finding.kind in EXPLAINS.get(other.kind, ()) for other in found)


def _is_anothers(finding: Finding) -> bool:
    return finding.value("cause") == CauseKind.PROGRAM.value


def _importance(finding: Finding) -> tuple[int, int, int, str]:
    """Severity, then what explains the most: memory that another program took comes before what it causes."""
    anothers = finding.kind is Kind.MEMORY_PRESSURE and _is_anothers(finding)
    return _RANK[finding.severity], 0 if anothers else 1, _ORDER[finding.kind], finding.subject


def _level(found: list[Finding], facts: Facts) -> Level:
    """The highest severity; info is calm. Unknown where nothing is found and memory or Ollama cannot be seen."""
    severities = {finding.severity for finding in found}
    if Severity.OVERLOADED in severities:
        return Level.OVERLOADED
    if Severity.TIGHT in severities:
        return Level.TIGHT
    blind = facts.pressure is Pressure.UNKNOWN or facts.ollama is None
    return Level.UNKNOWN if blind else Level.CALM
