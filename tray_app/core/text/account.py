"""What `connect` and `disconnect` say."""

from tray_app.core.text import errors
from tray_app.core.text.lines import clean, in_turn
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.service import Insecure, Refused, RefusedBecause, Unreachable, Untrusted


def connected(url: str, version: str, tr: Translator) -> str:
    return tr.gettext("Connected to Open WebUI {version} at {url} as admin.").format(version=clean(version), url=url)


def now_what(tr: Translator) -> str:
    """The next step after a sign-in."""
    return tr.gettext("See what it found: {status}, and what helps: {fix}").format(
        status=typed(tr, "status"), fix=typed(tr, "fix", "--list")
    )


def keep_in_file_question(tr: Translator) -> str:
    return tr.gettext("This machine has no keychain. Keep the sign-in in a file that only your account can read? [y/N]")


def kept_in_file(tr: Translator) -> str:
    return tr.gettext("The token is in a file that only your account can read, not in a keychain.")


def how_to_sign_in(tr: Translator) -> str:
    return tr.gettext(
        "Paste an API key of an admin (Open WebUI: Settings > Account), "
        "or press Enter to sign in with e-mail and password."
    )


def api_key_prompt(tr: Translator) -> str:
    return tr.gettext("API key (not shown):")


def email_prompt(tr: Translator) -> str:
    return tr.gettext("E-mail:")


def password_prompt(tr: Translator) -> str:
    return tr.gettext("Password (not shown):")


def forgotten(origin: str, tr: Translator) -> str:
    return tr.gettext("The sign-in for {origin} was forgotten.").format(origin=origin)


def nothing_to_forget(tr: Translator) -> str:
    return tr.gettext("No sign-in is stored.")


def page_texts(url: str, tr: Translator) -> dict[str, str]:
    """Every text of the connect page, by the name the page uses."""
    return {
        "title": tr.gettext("Connect to Open WebUI"),
        "intro": tr.gettext(
            "Elbowroom needs an admin of your Open WebUI to change the task settings. "
            "What you enter stays on this computer and goes to that server only."
        ),
        "url": tr.gettext("Address of Open WebUI"),
        "url_value": url,
        "how": tr.gettext("Sign in with"),
        "by_key": tr.gettext("an API key"),
        "by_password": tr.gettext("e-mail and password"),
        "by_nothing": tr.gettext("nothing: this server has no accounts"),
        "api_key": tr.gettext("API key"),
        "api_key_hint": tr.gettext("Open WebUI: Settings > Account > API keys. It must belong to an admin."),
        "email": tr.gettext("E-mail"),
        "password": tr.gettext("Password"),
        "password_hint": tr.gettext("The password is used once and not kept."),
        "keep_in_file": tr.gettext("No keychain here: keep the sign-in in a file that only my account can read"),
        "connect": tr.gettext("Connect"),
        "checking": tr.gettext("Checking..."),
        "gone": tr.gettext("This page is no longer in use. Open it again from Elbowroom's menu."),
    }


def page_problem(error: ElbowroomError, tr: Translator) -> str:
    """Why the page could not connect, and what to do on the page: commands for a terminal have no place there."""
    return in_turn(errors.sentence(error, tr), _page_step(error, tr))


def _page_step(error: ElbowroomError, tr: Translator) -> str:
    with_key = tr.gettext("Use an API key instead.")
    refused = {
        RefusedBecause.NO_TOKEN: tr.gettext("Enter an API key, or an e-mail address and its password."),
        RefusedBecause.NEW_NOT_ADMIN: tr.gettext("Sign in with an admin's account or API key."),
        RefusedBecause.OTHER: tr.gettext("Try another way to sign in."),
        RefusedBecause.PASSWORD_OFF: with_key,
        RefusedBecause.MFA: with_key,
        RefusedBecause.TRUSTED_HEADER: with_key,
        RefusedBecause.BAD_CREDENTIALS_OR_DIRECTORY: with_key,
        RefusedBecause.KEYS_OFF: tr.gettext("Sign in with e-mail and password instead."),
        RefusedBecause.KEYS_OFF_OR_RESTRICTED: tr.gettext("Sign in with e-mail and password instead."),
    }
    match error:
        case Refused(because=because) if because in refused:
            return refused[because]
        case ChangeError(problem=Problem.NO_KEYCHAIN):
            return tr.gettext("Tick the box to keep it in a file instead, then connect again.")
        case Insecure():
            return tr.gettext("Use an https address.")
        case Unreachable() if not isinstance(error, Untrusted):
            return tr.gettext("Check that it runs, and that the address and port are right.")
        case _:
            return errors.next_step(error, tr)


def connected_page(url: str, version: str, tr: Translator) -> str:
    return tr.gettext(
        "Connected to Open WebUI {version} at {url}. You can close this page: "
        "Elbowroom's menu now has the task settings, and a fix whenever a chat has to wait."
    ).format(version=clean(version), url=url)


def now_connected(tr: Translator) -> str:
    return tr.gettext("Connected to Open WebUI.")


def not_connected(tr: Translator) -> str:
    return tr.gettext("Not connected.")


def no_browser(url: str, tr: Translator) -> str:
    return tr.gettext("No browser opened the page. In a terminal: {command}").format(
        command=typed(tr, "connect", url or "http://127.0.0.1:8080")
    )
