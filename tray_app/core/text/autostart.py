"""What `autostart` says."""

from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed


def status(state: str, where: str, place: str, tr: Translator) -> str:
    """`state` is AutostartState's word."""
    words = {
        "on": tr.gettext("Elbowroom starts at login ({where})."),
        "off": tr.gettext("Elbowroom does not start at login."),
        "other-path": tr.gettext("Elbowroom starts at login from another place: {place}. `{command}` repairs it."),
        "switched-off-by-system": tr.gettext(
            "Start at login is switched off in the system's own settings; switch it on there."
        ),
    }
    return words[state].format(where=where, place=place, command=typed(tr, "autostart", "on"))


def translocated(tr: Translator) -> str:
    return tr.gettext("macOS runs this copy from a temporary place: move Elbowroom to Applications first.")


def run_once(tr: Translator) -> str:
    return tr.gettext("This copy runs without being installed and may be gone at the next login: install it first.")
