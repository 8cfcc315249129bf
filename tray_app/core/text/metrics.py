"""What `metrics` says while it tells Prometheus, and why it cannot."""

from tray_app.core.text.lines import clean
from tray_app.core.text.system_words import system_words
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.exporter import ExporterError, ExporterProblem, LibraryMissing


def listens(host: str, port: int, tr: Translator) -> str:
    shown = f"[{host}]" if ":" in host else host or "0.0.0.0"  # noqa: S104 - shown, not bound
    return tr.gettext("Prometheus can read http://{address}/metrics now. Ctrl-C ends it.").format(
        address=clean(f"{shown}:{port}")
    )


def open_to_others(tr: Translator) -> str:
    return tr.gettext(
        "Anyone who reaches this address can read which models run here and how busy they are: no password is asked."
    )


def unread_name(path: str, ending: str, tr: Translator) -> str:
    return tr.gettext("node_exporter reads only files that end in {ending}; this one is {path}.").format(
        ending=ending, path=clean(path)
    )


def said(error: ExporterError, tr: Translator) -> tuple[str, str]:
    """What is wrong, and what to do."""
    address = clean(error.address)
    match error.problem:
        case ExporterProblem.PORT_TAKEN:
            return (
                tr.gettext("Another program listens on {address} already.").format(address=address),
                tr.gettext("Choose another port with --listen, or end that program."),
            )
        case ExporterProblem.NOT_ALLOWED:
            return (
                tr.gettext("This user may not listen on {address}.").format(address=address),
                tr.gettext("Choose a port above 1023 with --listen."),
            )
        case ExporterProblem.NO_SUCH_ADDRESS:
            return (
                tr.gettext("{address} cannot be listened on ({detail}).").format(
                    address=address, detail=system_words(error.detail, tr)
                ),
                tr.gettext("Choose an address of this machine, usually 127.0.0.1."),
            )


def library_missing(error: LibraryMissing, tr: Translator) -> tuple[str, str]:
    """The command is the one that works for the way in which this copy was installed."""
    text = tr.gettext("`metrics` needs one more library, prometheus_client.")
    if not error.command:
        return text, tr.gettext("This copy was made without it, and nothing can be added: install Elbowroom anew.")
    command = " ".join(tr.quoted(word) for word in error.command)
    return text, tr.gettext("This adds it: {command}").format(command=command)
