"""The operating system says that memory is short, and what takes most of it."""

from tray_app.core.diagnosis.cause import Cause, cause_of
from tray_app.core.diagnosis.recent import History
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.snapshot import Memory, Pressure, Snapshot


def check(snapshot: Snapshot, _history: History, _limits: Limits) -> tuple[Finding, ...] | Unknown:
    if isinstance(snapshot.memory, Unknown):
        return snapshot.memory
    memory = snapshot.memory.value
    match memory.pressure:
        case Pressure.UNKNOWN:
            return Unknown(Why.NOT_YET)
        case Pressure.NORMAL:
            return ()
        case Pressure.WARNING:
            return (_finding(memory, Severity.TIGHT, cause_of(snapshot)),)
        case Pressure.CRITICAL:
            return (_finding(memory, Severity.OVERLOADED, cause_of(snapshot)),)


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
