"""Why a file cannot be used, and the way out: another one for a file that the user named than for one of ours."""

from tray_app.core.text.system_words import system_words
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.storage import StorageError, StorageFault


def said(error: StorageError, path: str, tr: Translator) -> tuple[str, str]:
    """A sentence and a next step. `path` is safe to print."""
    if error.fault is StorageFault.DAMAGED:
        text = tr.gettext("{path} was damaged: it is kept under another name, and a new one is begun.").format(
            path=path
        )
        return text, tr.gettext("Nothing else is lost.")
    if error.fault is StorageFault.NEWER:
        text = tr.gettext("{path} was written by a newer Elbowroom: this one leaves it as it is.").format(path=path)
        return text, tr.gettext("Update Elbowroom to go on with it.")
    reason = system_words(error.reason, tr).rstrip(".")
    text = tr.gettext("{path} cannot be used: {reason}.").format(path=path, reason=reason)
    steps = _for_both(path, tr)
    if error.fault in steps:
        return text, steps[error.fault]
    return text, _given(error.fault, tr) if error.given else _own(error.fault, tr)


def _own(fault: StorageFault, tr: Translator) -> str:
    if fault is StorageFault.DENIED:
        return tr.gettext("Check who may read and write it, or keep the files elsewhere with --home DIR.")
    return tr.gettext("Keep the files elsewhere: --home DIR.")


def _for_both(path: str, tr: Translator) -> dict[StorageFault, str]:
    return {
        StorageFault.COMMAND_TOO_LONG: tr.gettext(
            "The command line is too long: install Elbowroom in a folder with a shorter path."
        ),
        StorageFault.DISK_FULL: tr.gettext("Free some space on this disk and try again."),
        StorageFault.PATH_TOO_LONG: tr.gettext("Choose a shorter path."),
        StorageFault.OPEN_TO_OTHERS: tr.gettext("Others may read it. Keep them out: chmod 600 {path}").format(
            path=path
        ),
        StorageFault.NO_CERTIFICATES: tr.gettext("Check ca_file in settings.toml: it must be a PEM file."),
    }


def _given(fault: StorageFault, tr: Translator) -> str:
    return {
        StorageFault.MISSING: tr.gettext("Check its name and its folder."),
        StorageFault.DENIED: tr.gettext("Check who may read and write it."),
        StorageFault.READ_ONLY: tr.gettext("Choose a place that can be written to."),
        StorageFault.EXISTS: tr.gettext("Choose another name, or remove it first."),
        StorageFault.NOT_EMPTY: tr.gettext("Choose a new folder."),
    }.get(fault, tr.gettext("Choose another file."))
