"""Why a change was not made, or not as it should be, and what the server holds now."""

from tray_app.core.text import refusals
from tray_app.core.text.lines import clean
from tray_app.core.text.system_words import system_words
from tray_app.core.text.tasks import unsupported
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors.change import ChangeError, Problem, Written
from tray_app.core.values.units import format_bytes


def said(error: ChangeError, subject: str, tr: Translator) -> tuple[str, str]:
    """A sentence that says what was written, and a next step. `subject` is safe to print."""
    match error.problem:
        case Problem.UNSUPPORTED:
            return _unsupported(error.subject, clean(error.detail), tr), ""
        case Problem.NO_PERMISSION:
            return _no_permission(error, subject, tr)
        case Problem.DISK_FULL:
            return _disk_full(error, subject, tr)
        case Problem.NOT_KEPT:
            text, step = _not_kept(error, tr)
        case Problem.NO_KEYCHAIN | Problem.KEYCHAIN_LOCKED:
            text, step = _keychain(error, tr)
        case _:
            text, step = _others(error.problem, subject, tr)
    if error.problem is Problem.CANCELLED and error.written is Written.UNKNOWN:
        step = _what_it_holds(tr)
    return text.format(subject=subject, detail=system_words(error.detail, tr)), step


def _unsupported(setting: str, version: str, tr: Translator) -> str:
    """Some tasks came later than others; some ran for a while before they could be switched."""
    text = unsupported(setting, tr)
    made = " ".join(text.format(version=version, setting=clean(setting)).split())
    return tr.gettext("{reason} Nothing was changed.").format(reason=made)


def _no_permission(error: ChangeError, subject: str, tr: Translator) -> tuple[str, str]:
    reason, step = refusals.said(error.because, subject, clean(error.detail), tr)
    return tr.gettext("{reason} Nothing was changed.").format(reason=reason), step


def _disk_full(error: ChangeError, subject: str, tr: Translator) -> tuple[str, str]:
    """`detail` is needed/free in bytes where it is known."""
    needed, _, free = error.detail.partition("/")
    step = tr.gettext("Free some space and try again.")
    if needed.isdigit() and free.isdigit():
        text = tr.gettext("There is no room on the disk for {subject}: it needs {needed}, {free} is free.")
        return text.format(subject=subject, needed=format_bytes(int(needed)), free=format_bytes(int(free))), step
    return tr.gettext("The disk is full: {subject}.").format(subject=subject), step


def _not_kept(error: ChangeError, tr: Translator) -> tuple[str, str]:
    if error.written is Written.UNKNOWN:
        return (
            tr.gettext(
                "Open WebUI stopped answering during the change of {subject}: it may or may not hold the new value."
            ),
            tr.gettext("It is in the journal: the next command that reaches Open WebUI checks what it holds."),
        )
    return (
        tr.gettext("Open WebUI took the change of {subject} but does not hold the new value."),
        tr.gettext("Somebody may have saved the admin settings at the same time: look there, then try again."),
    )


def _keychain(error: ChangeError, tr: Translator) -> tuple[str, str]:
    if error.problem is Problem.KEYCHAIN_LOCKED:
        return (
            tr.gettext("The keychain did not give access ({detail}): nothing was stored or read."),
            tr.gettext("Unlock it and allow Elbowroom, then try again."),
        )
    return (
        tr.gettext("There is no keychain that can hold the token ({detail}): nothing was stored."),
        tr.gettext("Set ELBOWROOM_API_KEY, or add --insecure-file-secret to keep it in a file only you can read."),
    )


def _what_it_holds(tr: Translator) -> str:
    return tr.gettext("`{command}` shows what Open WebUI holds now.").format(command=typed(tr, "settings"))


def _others(problem: Problem, subject: str, tr: Translator) -> tuple[str, str]:
    shown = _what_it_holds(tr)
    said_by: dict[Problem, tuple[str, str]] = {
        Problem.OTHER_WRITER: (
            tr.gettext("Another Elbowroom is making a change right now: nothing was changed here."),
            tr.gettext("Try again when it is done."),
        ),
        Problem.DRIFT: (tr.gettext("{subject} was changed elsewhere since: it was left alone."), shown),
        Problem.NOT_AS_SHOWN: (
            tr.gettext("What was chosen is no longer as it was shown: nothing was changed."),
            tr.gettext("Look again, and choose anew."),
        ),
        Problem.OTHER_MODEL: (
            tr.gettext("Another model is called {subject} by now: it was left alone."),
            tr.gettext("Look again, and choose anew."),
        ),
        Problem.NOTHING_TO_DO: (tr.gettext("There is nothing to change."), ""),
        Problem.CANCELLED: (tr.gettext("Cancelled: the settings were not changed."), ""),
        Problem.NOT_CONFIRMED: (tr.gettext("This needs your confirmation first: nothing was changed."), ""),
        Problem.NOT_CONNECTED: (
            tr.gettext("Elbowroom is not connected to Open WebUI at {subject}: nothing was changed."),
            tr.gettext("Connect first: {command}").format(command=typed(tr, "connect", subject)),
        ),
        Problem.WORKERS_DISAGREE: (
            tr.gettext(
                "Open WebUI runs several processes that do not share settings: only some hold the new {subject}."
            ),
            tr.gettext("Restart Open WebUI, or give it Redis; `{command}` takes the change back.").format(
                command=typed(tr, "undo")
            ),
        ),
        Problem.NOT_RECORDED: (
            tr.gettext("Open WebUI holds the new {subject}, but the journal could not note that it does ({detail})."),
            tr.gettext("See to that first; `{command}` then takes the change back if you want that.").format(
                command=typed(tr, "undo")
            ),
        ),
        Problem.NO_SUCH_RUNNER: (
            tr.gettext("Process {subject} is no runner that was left behind (any more): it was left alone."),
            "",
        ),
        Problem.NOT_YOURS: (
            tr.gettext("Process {subject} belongs to another user: it was left alone."),
            tr.gettext("An administrator of this computer can end it."),
        ),
        Problem.LEFT_SWITCHED: (
            tr.gettext("Open WebUI stopped answering: {subject} may still be its task model."),
            tr.gettext("The next command or start that reaches it puts it back; `{command}` does it at once.").format(
                command=typed(tr, "undo")
            ),
        ),
        Problem.STAYS: (tr.gettext("Process {subject} did not end."), tr.gettext("A restart of the computer ends it.")),
        Problem.NOT_LISTED: (
            tr.gettext("Open WebUI does not list {subject} yet: the settings were not changed."),
            tr.gettext("Check that Open WebUI uses the same Ollama, then try again."),
        ),
    }
    return said_by[problem]
