"""Memory is running low, and who takes it."""

from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import size
from tray_app.core.values.connections import Owner
from tray_app.core.values.finding import CauseKind, MemoryPressure, Severity


def sentence(finding: MemoryPressure, tr: Translator) -> str:
    critical = finding.severity is Severity.OVERLOADED
    name, taken = short(finding.subject), size(finding.cause_bytes)
    left, total = size(finding.available_bytes), size(finding.total_bytes)
    if finding.owner is not None:
        name = _runner(finding, tr)
    match finding.cause:
        case CauseKind.PROGRAM if critical:
            text = tr.gettext(
                "Memory is nearly used up: {name} takes {taken}, more than the models do, "
                "so fewer tasks would not help."
            )
        case CauseKind.PROGRAM:
            text = tr.gettext(
                "Memory is running low: {name} takes {taken}, more than the models do, so fewer tasks would not help."
            )
        case CauseKind.MODEL if critical:
            text = tr.gettext(
                "Memory is nearly used up: models take {taken} of {total}, most of it {name}, and {left} is left."
            )
        case CauseKind.MODEL:
            text = tr.gettext(
                "Memory is running low: models take {taken} of {total}, most of it {name}, and {left} is left."
            )
        case _ if critical:
            text = tr.gettext("Memory is nearly used up: {left} of {total} is left; what uses it is not known.")
        case _:
            text = tr.gettext("Memory is running low: {left} of {total} is left; what uses it is not known.")
    return text.format(name=name, taken=taken, total=total, left=left)


def _runner(finding: MemoryPressure, tr: Translator) -> str:
    """A runner that is not of the Ollama that is watched, as part of a sentence."""
    if finding.owner is Owner.NOBODY:
        return tr.gettext("{name}, left behind by an Ollama that has ended,").format(name=short(finding.subject))
    return tr.gettext("{name} of another Ollama").format(name=short(finding.subject))


def headline(finding: MemoryPressure, tr: Translator) -> str:
    if finding.cause is CauseKind.PROGRAM:
        return tr.gettext("{name} takes the memory").format(name=short(finding.subject))
    if finding.severity is Severity.OVERLOADED:
        return tr.gettext("Memory is nearly used up")
    return tr.gettext("Memory is running low")


def labels(tr: Translator) -> dict[str, str]:
    return {
        "input": tr.gettext("Measured"),
        "available_bytes": tr.gettext("Available memory"),
        "total_bytes": tr.gettext("Memory"),
        "swap_used_bytes": tr.gettext("Swapped out"),
        "cause_bytes": tr.gettext("Used by the largest program"),
    }
