"""Runs the product over one scenario and says which findings it told in which phase."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from tests.scenarios.traces import trace
from tray_app import trace as record
from tray_app.core.alerts import AlertState
from tray_app.core.finding import Kind, Severity
from tray_app.core.limits import Limits

EXPECTED = json.loads((Path(__file__).parent / "expected.json").read_text(encoding="utf-8"))


@dataclass
class Told:
    """One phase. `fires`: tight or overloaded kinds that were found and had lasted. `delay_polls`: until the first."""

    fires: set[str] = field(default_factory=set)
    begun: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Kind -> poll and time at which it was first found in this phase."""
    late_polls: dict[str, int] = field(default_factory=dict)
    """Kind -> polls between the end of its hold time and the poll that told it."""
    hot_polls: int = 0


@dataclass
class Verdict:
    phases: dict[str, Told]
    notices: list[tuple[str, str]]


def expected(name: str, variant: str) -> dict[str, dict[str, list[str]]]:
    """Phase -> what must and what may be told; a variant that is not listed answers as the base."""
    stated = EXPECTED[name]
    return stated["base"] | stated.get(variant, {})


def judge(name: str, variant: str, limits: Limits | None = None) -> Verdict:
    limits = limits or Limits()
    pairs = trace(name, variant)
    phases: dict[str, Told] = {}
    notices = []
    lines = (json.dumps(line) for _phase, line in pairs)
    for index, ((phase, _line), poll) in enumerate(zip(pairs, record.replay(lines, limits), strict=True)):
        told = phases.setdefault(phase, Told())
        told.hot_polls += 1
        notices += [(notice.finding.kind.value, notice.cause) for notice in poll.notices]
        for finding in poll.diagnosis.findings:
            kind = finding.kind.value
            if finding.severity is Severity.INFO:
                continue
            _poll, since = told.begun.setdefault(kind, (index, poll.snapshot.uptime_s))
            if poll.alerts.state_of(finding) is AlertState.FIRING:
                told.fires.add(kind)
                told.late_polls.setdefault(kind, _late(pairs, index, since + limits.hold_s))
    return Verdict(phases, notices)


def _late(pairs, index, due) -> int:
    """Polls after the first one at or past `due`, up to this one."""
    ripe = [number for number in range(index + 1) if pairs[number][1]["uptime_s"] >= due]
    return len(ripe) - 1 if ripe else 0


STORM = Kind.TASK_STORM.value
