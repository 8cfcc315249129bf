"""Why there is no tray icon here, and what to do about it: one line."""

from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors.life import TrayProblem, TrayUnavailable

# Debian's and Ubuntu's names, which the sentences say.
INDICATOR = "gir1.2-ayatanaappindicator3-0.1"
LIBRARY = f"python3-gi {INDICATOR}"


def sentence(error: TrayUnavailable, tr: Translator) -> str:
    """The cause, the cure where there is one, and the command that works without a tray."""
    match error.problem:
        case TrayProblem.NO_DISPLAY:
            text = tr.gettext("There is no graphical session here, so there is no tray: use `{command}`.")
        case TrayProblem.NO_BUS:
            text = tr.gettext(
                "The session's message bus (D-Bus), over which panels show tray icons, cannot be reached ({detail}): "
                "start Elbowroom from within your desktop, or use `{command}`."
            )
        case TrayProblem.NO_HOST:
            text = tr.gettext(
                "Nothing on this desktop shows tray icons (GNOME needs its AppIndicator extension): use `{command}`."
            )
        case TrayProblem.NO_LIBRARY | TrayProblem.NO_INDICATOR:
            text = tr.gettext(
                "This panel shows icons of the older kind (XEmbed) only, which takes a library: install {packages} "
                "(so named on Debian and Ubuntu), or use `{command}`. ({detail})"
            )
        case TrayProblem.OTHER_PYTHON:
            text = tr.gettext(
                "This panel shows icons of the older kind (XEmbed) only, and the library for it is installed for the "
                "system's own Python, not for this one: start Elbowroom with /usr/bin/python3, or use `{command}`. "
                "({detail})"
            )
        case TrayProblem.FRAMEWORK:
            text = tr.gettext(
                "This Python is a framework build, for which macOS 26 and later draw no menu bar icon ({detail}): "
                "start Elbowroom with one from `uv python install 3.13`, or use `{command}`."
            )
        case TrayProblem.BROKEN:
            text = tr.gettext("The tray cannot be shown ({detail}): use `{command}`.")
    packages = INDICATOR if error.problem is TrayProblem.NO_INDICATOR else LIBRARY
    said = text.format(packages=packages, command=typed(tr, "watch"), detail=clean(error.detail))
    return said.replace(" ()", "")  # nothing more is known
