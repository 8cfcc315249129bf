"""The operating system says that memory is short, and what takes most of it."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.values.finding import MemoryPressure, Severity
from tray_app.core.values.snapshot import Pressure


def check(facts: Facts) -> tuple[MemoryPressure, ...] | None:
    memory, cause = facts.memory, facts.cause
    if memory is None or memory.pressure is Pressure.UNKNOWN:
        return None
    if not facts.is_pressed:
        return ()
    found = MemoryPressure(
        severity=Severity.OVERLOADED if memory.pressure is Pressure.CRITICAL else Severity.TIGHT,
        taken_by=cause.name,
        pressure=memory.pressure,
        cause=cause.kind,
        available_bytes=memory.available_bytes,
        total_bytes=memory.total_bytes,
        cause_bytes=cause.bytes,
        owner=cause.owner,
        swap_used_bytes=memory.swap_used_bytes or None,
        inputs=tuple(one for one in memory.inputs if one.pressure in (Pressure.WARNING, Pressure.CRITICAL)),
    )
    return (found,)
