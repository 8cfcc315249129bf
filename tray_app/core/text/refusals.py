"""Why Open WebUI refuses a token or a sign-in, and the way to one that works."""

from msgspec import Struct

from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors.service import RefusedBecause


class Refusal(Struct, frozen=True):
    """`sentence` and `step` for an error, `brief` for a row or behind a colon. Places: {server} and {detail}."""

    sentence: str
    step: str
    brief: str


def said(because: RefusedBecause, server: str, detail: str, tr: Translator) -> tuple[str, str]:
    """A sentence and a next step; `detail` is the server's own text."""
    found = _of(because, server, tr)
    return found.sentence.format(server=server, detail=detail.rstrip(".")), found.step


def brief(because: RefusedBecause, tr: Translator) -> str:
    """A few words: `the stored sign-in is no longer accepted`."""
    return _of(because, "", tr).brief


def _of(because: RefusedBecause, server: str, tr: Translator) -> Refusal:
    return {**_sign_in(server, tr), **_token(server, tr), **_keys(server, tr)}[because]


def _with_key(server: str, tr: Translator) -> str:
    return tr.gettext("Connect with an API key instead: {command}").format(
        command=typed(tr, "connect", server, "--api-key-stdin")
    )


def _sign_in(server: str, tr: Translator) -> dict[RefusedBecause, Refusal]:
    """For those who just signed in."""
    with_key, wrong = _with_key(server, tr), tr.gettext("e-mail or password is wrong")
    return {
        RefusedBecause.BAD_CREDENTIALS: Refusal(
            tr.gettext("{server} does not accept this e-mail and password."),
            tr.gettext("Check them on Open WebUI's own page; too many attempts lock the account for minutes."),
            wrong,
        ),
        RefusedBecause.BAD_CREDENTIALS_OR_DIRECTORY: Refusal(
            tr.gettext(
                "{server} does not accept this e-mail and password; accounts of a directory (LDAP) cannot sign in here."
            ),
            with_key,
            wrong,
        ),
        RefusedBecause.TRUSTED_HEADER: Refusal(
            tr.gettext("A proxy signs people in to {server}, so a password does not work there."),
            with_key,
            tr.gettext("a proxy signs people in"),
        ),
        RefusedBecause.NO_ACCOUNT: Refusal(
            tr.gettext("{server} has no account yet."),
            tr.gettext("Open it in a browser and create the first account, which becomes its admin; then connect."),
            tr.gettext("there is no account yet"),
        ),
        RefusedBecause.RATE_LIMITED: Refusal(
            tr.gettext("{server} refuses sign-ins for now: there were too many."),
            tr.gettext("Wait three minutes before the next attempt."),
            tr.gettext("there were too many sign-ins"),
        ),
        RefusedBecause.PASSWORD_OFF: Refusal(
            tr.gettext("{server} does not allow signing in with a password."),
            with_key,
            tr.gettext("signing in with a password is switched off"),
        ),
        RefusedBecause.MFA: Refusal(
            tr.gettext("This account needs a second factor to sign in to {server}."),
            with_key,
            tr.gettext("the account needs a second factor"),
        ),
    }


def _token(server: str, tr: Translator) -> dict[RefusedBecause, Refusal]:
    """For a token that is sent with every request."""
    connect = typed(tr, "connect", server)
    return {
        RefusedBecause.NO_TOKEN: Refusal(
            tr.gettext("{server} answers only to those who signed in."),
            tr.gettext("Connect first: {command}").format(command=connect),
            tr.gettext("it answers only to those who signed in"),
        ),
        RefusedBecause.EXPIRED: Refusal(
            tr.gettext("{server} no longer accepts the stored sign-in."),
            tr.gettext("Sign in again: {command}").format(command=connect),
            tr.gettext("the stored sign-in is no longer accepted"),
        ),
        RefusedBecause.NEW_TOKEN: Refusal(
            tr.gettext("{server} does not accept this key or token."),
            tr.gettext("Check that all of it is there, or make a new one."),
            tr.gettext("the key or token is not accepted"),
        ),
        RefusedBecause.ENVIRONMENT: Refusal(
            tr.gettext("{server} does not accept the key in ELBOWROOM_API_KEY."),
            tr.gettext("Put a key there that works, or unset the variable: a stored sign-in is used then."),
            tr.gettext("the key in ELBOWROOM_API_KEY is not accepted"),
        ),
        RefusedBecause.NOT_ADMIN: Refusal(
            tr.gettext("This account on {server} is not an admin: settings can be read, not changed."),
            tr.gettext("Connect with an admin's account or API key: {command}").format(command=connect),
            tr.gettext("the account is not an admin"),
        ),
        RefusedBecause.NEW_NOT_ADMIN: Refusal(
            tr.gettext("This account on {server} is not an admin: its sign-in was not kept."),
            tr.gettext("Connect with an admin's account or API key: {command}").format(command=connect),
            tr.gettext("the account is not an admin"),
        ),
        RefusedBecause.ENVIRONMENT_NOT_ADMIN: Refusal(
            tr.gettext("The key in ELBOWROOM_API_KEY is no admin's on {server}: settings can be read, not changed."),
            tr.gettext("Put an admin's key there, or unset the variable: a stored sign-in is used then."),
            tr.gettext("the key in ELBOWROOM_API_KEY is not an admin's"),
        ),
        RefusedBecause.PENDING: Refusal(
            tr.gettext("This account on {server} still waits for approval."),
            tr.gettext("An admin approves it in Open WebUI: Admin Panel > Users."),
            tr.gettext("the account still waits for approval"),
        ),
        RefusedBecause.OTHER: Refusal(
            tr.gettext("{server} refuses access ({detail})."),
            tr.gettext("Sign in another way: {command}").format(command=connect),
            tr.gettext("access is refused"),
        ),
    }


def _keys(server: str, tr: Translator) -> dict[RefusedBecause, Refusal]:
    """For API keys alone. A session (e-mail and password) has no such limits."""
    page = tr.gettext("Admin Panel > Settings > General > Authentication")
    allow = tr.gettext(
        "Allow /api/v1/tasks, /api/v1/users, /api/models, /api/tasks and /ollama/config for API keys "
        "in Open WebUI: {page}."
    ).format(page=page)
    return {
        RefusedBecause.KEYS_OFF: Refusal(
            tr.gettext("{server} has API keys switched off, which newer versions do by default."),
            tr.gettext("Switch them on in Open WebUI ({page}), or sign in with e-mail and password: {command}").format(
                page=page, command=typed(tr, "connect", server)
            ),
            tr.gettext("API keys are switched off there"),
        ),
        RefusedBecause.KEYS_OFF_OR_RESTRICTED: Refusal(
            tr.gettext("{server} has API keys switched off, or limits them to other addresses; it does not say which."),
            tr.gettext("Look there in Open WebUI ({page}), or sign in with e-mail and password: {command}").format(
                page=page, command=typed(tr, "connect", server)
            ),
            tr.gettext("API keys are switched off or limited there"),
        ),
        RefusedBecause.KEY_RESTRICTED: Refusal(
            tr.gettext("{server} does not allow this API key to use the addresses that are needed."),
            allow,
            tr.gettext("the API key is limited to other addresses"),
        ),
    }
