"""What a finding rests on, number by number."""

import re
from collections.abc import Callable, Mapping

from tray_app.core.text import findings
from tray_app.core.text.lines import clean
from tray_app.core.text.tasks import tasks_named
from tray_app.core.text.text import Translator
from tray_app.core.text.words import percent, pressure_word
from tray_app.core.values.finding import Finding
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.units import Evidence, Unit, format_bytes


def evidence_lines(finding: Finding, tr: Translator, said: str = "") -> tuple[str, ...]:
    """`Waiting: 3 requests`, one line each; words that only machines need are left out, and so is nothing (no request,
    no second) and what the sentence `said` already.
    """
    labels = _labels(tr) | findings.labels(finding, tr)
    lines = []
    for item in finding.evidence:
        name, _, measured = item.name.partition(":")
        label = labels.get(name)
        if label is None or item.value in ("", ()) or (item.unit in _COUNTED and not item.value):
            continue
        value = _value(item, tr)
        if not (item.unit or isinstance(item.value, tuple)) or not _stands_in(value, said):
            text = f"{label} ({clean(measured)})" if measured else label
            lines.append(f"{text}: {value}")
    return tuple(lines)


def _stands_in(value: str, said: str) -> bool:
    """As a number of its own: `2.0 GiB` is not in `32.0 GiB`."""
    return re.search(rf"(?<![\d.]){re.escape(value)}(?!\.?\d)", said) is not None


_COUNTED = (Unit.REQUESTS, Unit.SECONDS)


def _value(item: Evidence, tr: Translator) -> str:
    match item.value:
        case Pressure() as pressure:
            return pressure_word(pressure, tr)
        case tuple() as words:
            tasks = [one for one in words if isinstance(one, Setting)]
            return tasks_named(tasks, tr) if tasks else clean(", ".join(map(str, words)))
        case int() | float() as number:
            say = _NUMBERS.get(item.unit)
            return say(number, tr) if say is not None else f"{number:g}"
        case other:
            return clean(str(other))


_NUMBERS: Mapping[str, Callable[[float, Translator], str]] = {
    Unit.BYTES: lambda number, _tr: format_bytes(number),
    Unit.BYTES_PER_S: lambda number, tr: tr.gettext("{size}/s").format(size=format_bytes(number)),
    Unit.PERCENT: percent,
    Unit.SECONDS: lambda number, tr: tr.gettext("{count} s").format(count=f"{number:g}"),
    Unit.REQUESTS: lambda number, tr: tr.ngettext("{count} request", "{count} requests", int(number)).format(
        count=int(number)
    ),
}


def _labels(tr: Translator) -> dict[str, str]:
    """Of evidence that several findings have."""
    return {
        "running": tr.gettext("Running"),
        "waiting": tr.gettext("Waiting"),
        "longest_wait_s": tr.gettext("Longest wait"),
        "model_bytes": tr.gettext("Size of the model"),
        "budget_bytes": tr.gettext("Memory that models may use"),
        "budget_share": tr.gettext("Share of that memory"),
        "spilled_bytes": tr.gettext("On the CPU"),
        "pressure": tr.gettext("Memory pressure"),
        "tasks": tr.gettext("Tasks"),
    }
