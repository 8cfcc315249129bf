"""Runs the product over one scenario and says which findings it told in which phase."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from tests.scenarios.traces import trace
from tray_app.app import trace as record
from tray_app.core.diagnosis.alerts import AlertState
from tray_app.core.values.finding import Severity
from tray_app.core.values.limits import Limits

EXPECTED = json.loads((Path(__file__).parent / "expected.json").read_text(encoding="utf-8"))


@dataclass
class Told:
    """One phase. `fires`: tight or overloaded kinds that were found and had lasted, each with its polls of delay."""

    began_s: float
    fires: dict[str, int] = field(default_factory=dict)
    """Kind -> polls between the end of the hold time, counted from the phase's first poll, and the poll that told it."""
    ripe_polls: int = 0


@dataclass
class Verdict:
    phases: dict[str, Told]
    notices: list[tuple[str, str]]
    """(kind, cause) of each notice."""


MAY = {"unknown-ollama": ["stuck"]}
"""Variant -> what it is itself: an Ollama whose process is there and that answers nothing for minutes."""


def expected(name: str, variant: str) -> dict[str, dict[str, list[str]]]:
    """Phase -> what must and what may be told; a variant that is not listed answers as the base."""
    stated = EXPECTED[name]["base"] | EXPECTED[name].get(variant, {})
    also = MAY.get(variant, [])
    return {phase: one | {"may": [*one.get("may", ()), *also]} for phase, one in stated.items()}


def judge(name: str, variant: str, limits: Limits | None = None) -> Verdict:
    limits = limits or Limits()
    pairs = trace(name, variant)
    phases: dict[str, Told] = {}
    notices = []
    lines = (json.dumps(line) for _phase, line in pairs)
    for (phase, line), poll in zip(pairs, record.replay(lines, limits), strict=True):
        told = phases.setdefault(phase, Told(line["uptime_s"]))
        ripe = line["uptime_s"] - told.began_s >= limits.hold_s
        notices += [(one.finding.kind, one.cause) for one in poll.notices if one.lasted_s is None]
        for finding in poll.diagnosis.findings:
            if finding.severity is not Severity.INFO and poll.alerts.alerts[finding.key].state is AlertState.FIRING:
                told.fires.setdefault(finding.kind, told.ripe_polls)
        told.ripe_polls += ripe
    return Verdict(phases, notices)
