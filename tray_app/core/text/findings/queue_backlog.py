"""Requests wait, or are turned away."""

from tray_app.core.text.lines import in_turn
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import waits_behind
from tray_app.core.values.finding import QueueBacklog, Severity
from tray_app.core.values.requests import Confidence


def sentence(finding: QueueBacklog, tr: Translator) -> str:
    text = _sentence(finding, tr)
    return in_turn(text, tr.gettext("None of the requests comes from Open WebUI.") if finding.others else "")


def _sentence(finding: QueueBacklog, tr: Translator) -> str:
    model, waiting = short(finding.model), finding.waiting or 0
    refused = finding.refused
    if refused:
        return tr.ngettext(
            "Ollama rejected {count} request within a minute: its queue is full.",
            "Ollama rejected {count} requests within a minute: its queue is full.",
            refused,
        ).format(count=refused)
    if finding.severity is Severity.OVERLOADED:
        return tr.ngettext(
            "{count} request waits for {model}, the longest for {seconds} s.",
            "{count} requests wait for {model}, the longest for {seconds} s.",
            waiting,
        ).format(count=waiting, model=model, seconds=int(finding.longest_wait_s or 0))
    if finding.confidence is Confidence.LOWER_BOUND:
        return tr.ngettext(
            "At least {count} request waits for {model}.", "At least {count} requests wait for {model}.", waiting
        ).format(count=waiting, model=model)
    return tr.ngettext("{count} request waits for {model}.", "{count} requests wait for {model}.", waiting).format(
        count=waiting, model=model
    )


def headline(finding: QueueBacklog, tr: Translator) -> str:
    if finding.refused:
        return tr.gettext("Ollama rejects requests")
    return waits_behind(short(finding.model), finding.waiting or 0, tr)


def labels(tr: Translator) -> dict[str, str]:
    return {
        "refused": tr.gettext("Rejected"),
    }
