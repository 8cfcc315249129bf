"""What a finding rests on, number by number."""

from tray_app.core.text.finding import tasks_named
from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator
from tray_app.core.text.words import pressure_word
from tray_app.core.values.finding import Evidence, Finding
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.units import format_bytes


def evidence_lines(finding: Finding, tr: Translator) -> tuple[str, ...]:
    """`Waiting: 3 requests`, one line each; words that only machines need are left out."""
    labels = _labels(tr)
    lines = []
    for item in finding.evidence:
        name, _, measured = item.name.partition(":")
        label = labels.get(name)
        if label is not None and item.value != "":
            text = f"{label} ({clean(measured)})" if measured else label
            value = tasks_named(finding, tr) if name == "tasks" else _value(item, tr)
            lines.append(f"{text}: {value}")
    return tuple(lines)


def _value(item: Evidence, tr: Translator) -> str:
    if item.name == "pressure":
        return pressure_word(Pressure(str(item.value)), tr)
    if isinstance(item.value, str):
        return clean(item.value.replace(",", ", "))
    if item.unit in ("bytes", "bytes/s"):
        return f"{format_bytes(item.value)}{item.unit.removeprefix('bytes')}"
    if item.unit == "requests":
        count = int(item.value)
        return tr.ngettext("{count} request", "{count} requests", count).format(count=count)
    sign = {"percent": " %", "s": " s"}.get(item.unit, "")
    return f"{item.value:g}{sign}"


def _labels(tr: Translator) -> dict[str, str]:
    return {
        "running": tr.gettext("Running"),
        "waiting": tr.gettext("Waiting"),
        "running_tasks": tr.gettext("Running background tasks"),
        "longest_wait_s": tr.gettext("Longest wait"),
        "refused": tr.gettext("Turned away"),
        "model_bytes": tr.gettext("Size of the model"),
        "budget_bytes": tr.gettext("Memory that models may use"),
        "budget_share": tr.gettext("Share of that memory"),
        "spilled_bytes": tr.gettext("On the CPU"),
        "spilled_share": tr.gettext("Share on the CPU"),
        "context_length": tr.gettext("Context length in tokens"),
        "contexts": tr.gettext("Context lengths in tokens"),
        "pressure": tr.gettext("Memory pressure"),
        "input": tr.gettext("Measured"),
        "available_bytes": tr.gettext("Available memory"),
        "total_bytes": tr.gettext("Memory"),
        "swap_used_bytes": tr.gettext("Swapped out"),
        "cause_bytes": tr.gettext("Taken by the largest"),
        "tasks": tr.gettext("Tasks"),
        "loads": tr.gettext("Loads"),
        "window_s": tr.gettext("Within"),
        "other_model": tr.gettext("Other model"),
        "need_bytes": tr.gettext("Needed"),
        "room_bytes": tr.gettext("Left"),
        "chat_model": tr.gettext("Chat model"),
        "falls_back_to": tr.gettext("Used instead"),
        "users": tr.gettext("Users"),
        "grown_bytes": tr.gettext("Old prompts"),
        "written": tr.gettext("We set"),
        "now": tr.gettext("Now"),
    }
