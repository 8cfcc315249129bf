"""One scale of memory pressure for all systems: the OS's own evidence, with the time it must last to count.

macOS lines are the kernel's (xnu vm_pageout.c, vm_compressor_xnu.h: warn below 0.50, critical below 0.343, back above
0.60 and 0.40). Linux PSI lines warn earlier than systemd-oomd kills (60 % for 30 s), those of available memory no later
than earlyoom acts (10 %). Rates and the Windows lines are judgement, so they are settings (Limits).
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import PAGE_READS
from tray_app.core.values.snapshot import Pressure, PressureInput, System

SUSTAINED_WARNING_S = 30.0
SUSTAINED_CRITICAL_S = 15.0
EASES_S = 30.0
"""Critical becomes warning after this long without a critical input."""
RECOVERS_S = 60.0
"""Warning becomes normal after this long with every input past its recovery line."""
FORGETS_S = 300.0
"""An input that raised the pressure and then fell silent holds it up for this long."""

_RANK = {Pressure.UNKNOWN: 0, Pressure.NORMAL: 1, Pressure.WARNING: 2, Pressure.CRITICAL: 3}


class Gauge(Struct, frozen=True):
    """The lines of one input. Higher is worse unless `lower_is_worse`."""

    name: str
    unit: str
    warning: float | None
    critical: float | None
    recovered: float
    eased: float | None = None
    """Critical is left only past this line; None: the critical line itself."""
    lower_is_worse: bool = False
    is_rate: bool = False
    """A mean since the last sample: it must last, and alone it never says normal."""
    at_once: bool = False
    """The kernel has already waited: one sample is enough to rise."""


def gauges(system: str, limits: Limits) -> tuple[Gauge, ...]:
    """The inputs of one system (linux, darwin, win32), most telling first."""
    available = Gauge(
        "available",
        "percent",
        limits.available_warning_percent,
        limits.available_critical_percent,
        limits.available_recovered_percent,
        lower_is_worse=True,
    )
    if system == System.MACOS:
        return (
            Gauge("kernel-level", "level", 2, 4, 1, at_once=True),
            Gauge("kernel-ratio", "ratio", 0.50, 0.35, 0.60, eased=0.40, lower_is_worse=True),
            Gauge(
                "swap-out",
                "bytes/s",
                limits.swap_warning_bytes_per_s,
                limits.swap_critical_bytes_per_s,
                0,
                is_rate=True,
            ),
        )
    if system == System.WINDOWS:
        reads = limits.page_reads_warning_per_s
        return (
            available,
            Gauge(
                "commit",
                "percent",
                limits.commit_warning_percent,
                limits.commit_critical_percent,
                limits.commit_recovered_percent,
            ),
            Gauge(PAGE_READS, "pages/s", reads, limits.page_reads_critical_per_s, reads, is_rate=True),
            Gauge("gpu-spill", "bytes", limits.spill_bytes, None, limits.spill_bytes / 2),
        )
    swap = limits.swap_warning_bytes_per_s
    psi = limits.psi_recovered_percent
    return (
        Gauge("psi-some-avg10", "percent", limits.psi_warning_percent, limits.psi_critical_percent, psi),
        Gauge("psi-full-avg10", "percent", None, limits.psi_full_critical_percent, psi),
        available,
        Gauge("swap-io", "bytes/s", swap, None, swap, is_rate=True),
    )


class PressureState(Struct, frozen=True):
    """What one sample leaves for the next. Times are of one monotonic clock."""

    held: Pressure = Pressure.UNKNOWN
    at: float | None = None
    warning_since: tuple[tuple[str, float], ...] = ()
    critical_since: tuple[tuple[str, float], ...] = ()
    warnings: int = 0
    """Samples in a row at warning or worse."""
    criticals: int = 0
    critical_at: float = 0.0
    recovered_since: float | None = None
    raised_by: tuple[tuple[str, float], ...] = ()
    """Inputs at warning or worse since the pressure rose, and when each was last seen so."""


class Judged(Struct, frozen=True):
    """`pressure` is for people; `state` is for the next step."""

    pressure: Pressure
    inputs: tuple[PressureInput, ...]
    state: PressureState


def step(
    state: PressureState,
    scale: tuple[Gauge, ...],
    values: Mapping[str, float],
    now: float,
    *,
    after_gap: bool = False,
) -> Judged:
    """Judge one sample. A gauge without a value is unknown; `after_gap`: the machine slept or a clock jumped."""
    if after_gap:
        state = replace(
            state, warning_since=(), critical_since=(), warnings=0, criticals=0, recovered_since=None, at=now
        )
    known = tuple(gauge for gauge in scale if gauge.name in values)
    warning_since = _since(state, known, values, now, critical=False)
    critical_since = _since(state, known, values, now, critical=True)
    inputs = tuple(
        PressureInput(gauge.name, values[gauge.name], gauge.unit, _judge(gauge, warning_since, critical_since, now))
        for gauge in known
    )
    worst = max((item.pressure for item in inputs), key=_RANK.__getitem__, default=Pressure.UNKNOWN)
    if worst is Pressure.NORMAL and all(gauge.is_rate for gauge in known):
        worst = Pressure.UNKNOWN
    state = replace(
        state,
        warning_since=tuple(warning_since.items()),
        critical_since=tuple(critical_since.items()),
        warnings=state.warnings + 1 if _RANK[worst] >= _RANK[Pressure.WARNING] else 0,
        criticals=state.criticals + 1 if worst is Pressure.CRITICAL else 0,
    )
    if worst is Pressure.UNKNOWN:
        return Judged(Pressure.UNKNOWN, inputs, replace(state, at=now, recovered_since=None))
    at_once = any(gauge.at_once and item.pressure is worst for gauge, item in zip(known, inputs, strict=True))
    held = _risen(state, worst, at_once=at_once)
    state = _eased(replace(state, held=held), known, values, inputs, now)
    return Judged(state.held, inputs, replace(state, at=now))


def _beyond(gauge: Gauge, value: float, line: float | None) -> bool:
    if line is None:
        return False
    return value < line if gauge.lower_is_worse else value >= line


def _since(
    state: PressureState, known: tuple[Gauge, ...], values: Mapping[str, float], now: float, *, critical: bool
) -> dict[str, float]:
    """When each gauge went beyond its line. A rate speaks for the time since the sample before."""
    before = dict(state.critical_since if critical else state.warning_since)
    beyond = {}
    for gauge in known:
        if _beyond(gauge, values[gauge.name], gauge.critical if critical else gauge.warning):
            began = state.at if gauge.is_rate and state.at is not None else now
            beyond[gauge.name] = before.get(gauge.name, began)
    return beyond


def _judge(gauge: Gauge, warning: Mapping[str, float], critical: Mapping[str, float], now: float) -> Pressure:
    needs_s = (SUSTAINED_WARNING_S, SUSTAINED_CRITICAL_S) if gauge.is_rate else (0.0, 0.0)
    if now - critical.get(gauge.name, float("inf")) >= needs_s[1]:
        return Pressure.CRITICAL
    if now - warning.get(gauge.name, float("inf")) >= needs_s[0]:
        return Pressure.WARNING
    return Pressure.NORMAL


def _risen(state: PressureState, worst: Pressure, *, at_once: bool) -> Pressure:
    """Two samples raise the pressure, one where it is already warning; the very first sample is taken as it is."""
    if _RANK[worst] <= _RANK[state.held]:
        return state.held
    if state.held is Pressure.UNKNOWN or at_once:
        return worst
    if worst is Pressure.CRITICAL and (state.criticals >= 2 or state.held is Pressure.WARNING):
        return Pressure.CRITICAL
    return Pressure.WARNING if state.warnings >= 2 and state.held is Pressure.NORMAL else state.held


def _eased(
    state: PressureState,
    known: tuple[Gauge, ...],
    values: Mapping[str, float],
    inputs: tuple[PressureInput, ...],
    now: float,
) -> PressureState:
    """Fall one step where the evidence has been gone long enough."""
    if state.held is Pressure.NORMAL:
        return replace(state, recovered_since=None, raised_by=())
    raised = {name: at for name, at in state.raised_by if name in values or now - at < FORGETS_S}
    raised |= {item.name: now for item in inputs if _RANK[item.pressure] >= _RANK[Pressure.WARNING]}
    recovered = set(raised) <= set(values) and all(_recovered(gauge, values[gauge.name]) for gauge in known)
    critical_at = now if _still_critical(known, values, inputs) else state.critical_at
    since = state.recovered_since if state.recovered_since is not None else now
    held = state.held
    if held is Pressure.CRITICAL and now - critical_at >= EASES_S:
        held = Pressure.WARNING
    if held is Pressure.WARNING and recovered and now - since >= RECOVERS_S:
        return replace(state, held=Pressure.NORMAL, recovered_since=None, raised_by=())
    return replace(
        state,
        held=held,
        critical_at=critical_at,
        recovered_since=since if recovered else None,
        raised_by=tuple(raised.items()),
    )


def _recovered(gauge: Gauge, value: float) -> bool:
    return value > gauge.recovered if gauge.lower_is_worse else value <= gauge.recovered


def _still_critical(known: tuple[Gauge, ...], values: Mapping[str, float], inputs: tuple[PressureInput, ...]) -> bool:
    return any(item.pressure is Pressure.CRITICAL for item in inputs) or any(
        gauge.eased is not None and _beyond(gauge, values[gauge.name], gauge.eased) for gauge in known
    )
