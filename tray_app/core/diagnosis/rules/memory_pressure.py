"""The operating system says that memory is short, and what takes most of it."""

from tray_app.core.diagnosis.cause import Cause
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.snapshot import Memory, Pressure


def check(facts: Facts) -> tuple[Finding, ...] | None:
    if facts.memory is None or facts.pressure is Pressure.UNKNOWN:
        return None
    if not facts.is_pressed:
        return ()
    severity = Severity.OVERLOADED if facts.pressure is Pressure.CRITICAL else Severity.TIGHT
    return (_finding(facts.memory, severity, facts.cause),)


def _finding(memory: Memory, severity: Severity, cause: Cause) -> Finding:
    evidence = [
        Evidence("pressure", memory.pressure.value),
        Evidence("cause", cause.kind.value),
        Evidence("available_bytes", memory.available_bytes, "bytes"),
        Evidence("total_bytes", memory.total_bytes, "bytes"),
    ]
    if cause.bytes is not None:
        evidence.append(Evidence("cause_bytes", cause.bytes, "bytes"))
    if memory.swap_used_bytes:
        evidence.append(Evidence("swap_used_bytes", memory.swap_used_bytes, "bytes"))
    evidence.extend(
        Evidence(f"input:{one.name}", one.value, one.unit)
        for one in memory.inputs
        if one.pressure in (Pressure.WARNING, Pressure.CRITICAL)
    )
    return Finding(Kind.MEMORY_PRESSURE, cause.name or "memory", severity, tuple(evidence))
