"""What a person can do about an input of memory pressure that this machine does not give."""

from tray_app.core.text.text import Translator
from tray_app.core.values.reading import PAGE_READS, NoStalls, Why


def remedy_for_missing(name: str, why: Why, detail: str, tr: Translator) -> str:
    """One sentence for a MissingInput's parts, or empty where there is nothing to do but wait."""
    if detail == NoStalls.OFF:
        return tr.gettext("This kernel could say how long programs wait for memory, but it is off: boot with psi=1.")
    if detail == NoStalls.ABSENT:
        return tr.gettext("This kernel cannot say how long programs wait for memory: that needs Linux 4.20 or later.")
    if detail == NoStalls.DENIED:
        return tr.gettext("The system does not let this program see how long others wait for memory.")
    if name == PAGE_READS and why is Why.DENIED:
        return tr.gettext(
            "Windows does not let this account read its performance counters: its group Performance Monitor Users may."
        )
    if name == PAGE_READS and why is Why.MISSING and detail:
        return tr.gettext("Windows' performance counters are off or damaged: run lodctr /r as administrator.")
    return ""
