"""The relay of chat first: why it cannot begin, and what it answers in Ollama's place."""

from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.life import RelayError, RelayProblem


def said(error: RelayError, tr: Translator) -> tuple[str, str]:
    """What is wrong, and what to do."""
    address = clean(error.address)
    match error.problem:
        case RelayProblem.RUNS_ALREADY:
            return tr.gettext("The relay of chat first already runs on {address}.").format(address=address), ""
        case RelayProblem.PORT_TAKEN:
            return (
                tr.gettext(
                    "Another program listens on {address}, so the relay of chat first cannot start there."
                ).format(address=address),
                tr.gettext("End that program, or choose a free port with `relay_port` in settings.toml."),
            )
        case RelayProblem.NO_SUCH_ADDRESS:
            return (
                tr.gettext("The relay of chat first cannot listen on {address} ({detail}).").format(
                    address=address, detail=clean(error.detail)
                ),
                tr.gettext("Choose an address of this machine, usually 127.0.0.1."),
            )
        case RelayProblem.LOOP:
            return (
                tr.gettext(
                    "{address} is given as Ollama's address, and is where the relay of chat first stands."
                ).format(address=address),
                tr.gettext(
                    "Give Ollama's own address, usually http://127.0.0.1:11434, or choose another port with "
                    "`relay_port` in settings.toml."
                ),
            )


def unreachable(upstream: str, tr: Translator) -> str:
    """Open WebUI shows it where an answer was expected."""
    return tr.gettext("Ollama does not answer at {address} (asked by Elbowroom's chat first).").format(
        address=clean(upstream)
    )


def leads_back(upstream: str, tr: Translator) -> str:
    return tr.gettext("{address}, which Elbowroom has for Ollama's address, leads back to Elbowroom itself.").format(
        address=clean(upstream)
    )


def not_needed(tr: Translator) -> str:
    return tr.gettext("Not answered: newer text has been typed meanwhile.")
