"""What `connect` and `disconnect` say."""

from tray_app.core.view.lines import clean
from tray_app.core.view.text import Translator


def connected(url: str, version: str, tr: Translator) -> str:
    return tr.gettext("Connected to Open WebUI {version} at {url} as admin.").format(version=clean(version), url=url)


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
