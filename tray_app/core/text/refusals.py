"""Why Open WebUI refuses a token or a sign-in, and the way to one that works."""

from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors import RefusedBecause


def said(because: RefusedBecause, server: str, detail: str, tr: Translator) -> tuple[str, str]:
    """A sentence and a next step; `detail` is the server's own text."""
    text, step = _sign_in(because, server, tr) or _token(because, server, tr)
    return text.format(server=server, detail=detail.rstrip(".")), step


def _sign_in(because: RefusedBecause, server: str, tr: Translator) -> tuple[str, str] | None:
    with_key = tr.gettext("Connect with an API key instead: {command}").format(
        command=typed(tr, "connect", server, "--api-key-stdin")
    )
    match because:
        case RefusedBecause.BAD_CREDENTIALS:
            return (
                tr.gettext("{server} does not accept this e-mail and password."),
                tr.gettext("Check them on Open WebUI's own page; too many attempts lock the account for minutes."),
            )
        case RefusedBecause.RATE_LIMITED:
            return (
                tr.gettext("{server} takes no more sign-ins for now: there were too many."),
                tr.gettext("Wait three minutes before the next attempt."),
            )
        case RefusedBecause.PASSWORD_OFF:
            return tr.gettext("{server} does not allow signing in with a password."), with_key
        case RefusedBecause.MFA:
            return tr.gettext("This account needs a second factor to sign in to {server}."), with_key
        case RefusedBecause.PENDING:
            return (
                tr.gettext("This account on {server} still waits for approval."),
                tr.gettext("An admin approves it in Open WebUI: Admin Panel > Users."),
            )
        case _:
            return None


def _token(because: RefusedBecause, server: str, tr: Translator) -> tuple[str, str]:
    connect = typed(tr, "connect", server)
    again = tr.gettext("Sign in again: {command}").format(command=connect)
    said_by: dict[RefusedBecause, tuple[str, str]] = {
        RefusedBecause.NO_TOKEN: (
            tr.gettext("{server} answers only to those who signed in."),
            tr.gettext("Connect first: {command}").format(command=connect),
        ),
        RefusedBecause.EXPIRED: (tr.gettext("{server} does not accept the sign-in any more."), again),
        RefusedBecause.NEW_TOKEN: (
            tr.gettext("{server} does not accept this key."),
            tr.gettext("Check that the whole key is there, or make a new one."),
        ),
        RefusedBecause.ENVIRONMENT: (
            tr.gettext("{server} does not accept the key in ELBOWROOM_API_KEY."),
            tr.gettext("Put one there that works, or take it away: a stored sign-in is used then."),
        ),
        RefusedBecause.NOT_ADMIN: (
            tr.gettext("This account on {server} is not an admin: settings can be read, not changed."),
            tr.gettext("Connect with an admin's account or API key: {command}").format(command=connect),
        ),
        RefusedBecause.KEYS_OFF: (
            tr.gettext("{server} has API keys switched off, which newer versions do by default."),
            tr.gettext("Switch them on in Open WebUI: Admin Panel > Settings > General > Authentication."),
        ),
        RefusedBecause.KEY_RESTRICTED: (
            tr.gettext("{server} does not allow this API key to use the addresses that are needed."),
            tr.gettext(
                "Allow /api/v1/tasks, /api/v1/users, /api/models, /api/tasks and /ollama/config for API keys "
                "in Open WebUI: Admin Panel > Settings > General > Authentication."
            ),
        ),
    }
    if because in said_by:
        return said_by[because]
    return tr.gettext("{server} refuses access ({detail})."), again
