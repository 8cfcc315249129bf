"""Why Open WebUI refuses a sign-in or a token, where the same words of it mean several things."""

from tray_app.core.tasks.releases import KEYS_LIMITED_SINCE, KEYS_TOLD_APART_SINCE
from tray_app.core.values.errors.service import Invalid, RefusedBecause
from tray_app.core.values.token import Token
from tray_app.core.values.version import Version


def of_sign_in(error: Invalid, *, directory: bool, no_account_yet: bool) -> RefusedBecause:
    """It says the same for a wrong password, an account of a directory, and where there is no account yet."""
    if error.status != 400:
        return RefusedBecause.OTHER
    if "trusted header" in error.detail:
        return RefusedBecause.TRUSTED_HEADER
    if no_account_yet:
        return RefusedBecause.NO_ACCOUNT
    return RefusedBecause.BAD_CREDENTIALS_OR_DIRECTORY if directory else RefusedBecause.BAD_CREDENTIALS


def of_token(because: RefusedBecause | None, token: Token | None, version: Version | None) -> RefusedBecause | None:
    """With where the token came from, and what this release does not tell apart."""
    if because is RefusedBecause.NOT_ADMIN and token is not None and token.from_environment:
        return RefusedBecause.ENVIRONMENT_NOT_ADMIN
    unclear = version is not None and KEYS_LIMITED_SINCE <= version < KEYS_TOLD_APART_SINCE
    return RefusedBecause.KEYS_OFF_OR_RESTRICTED if unclear and because is RefusedBecause.KEYS_OFF else because
