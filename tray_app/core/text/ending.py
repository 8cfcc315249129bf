"""What `quit` says."""

from tray_app.core.text.text import Translator


def ended(tr: Translator) -> str:
    return tr.gettext("Elbowroom has ended.")


def runs_not(tr: Translator) -> str:
    return tr.gettext("Elbowroom does not run: there is nothing to end.")


def answers_not(tr: Translator) -> str:
    return tr.gettext("Elbowroom runs and does not answer: choose Quit in its menu.")


def goes_on(tr: Translator) -> str:
    return tr.gettext("Elbowroom was asked to end and still runs: its log says what it waits for.")
