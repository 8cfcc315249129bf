"""What Open WebUI tells of itself: what is public of it, and which release is out."""

from msgspec import Struct

from tray_app.core.values.errors.service import Instead, NotThatServer
from tray_app.core.values.version import Json
from tray_app.services._answer import short
from tray_app.services._decode import part, text


class Identity(Struct, frozen=True):
    """`deployment_id` (0.6.37+) changes with a redeployment; empty before."""

    version: str
    deployment_id: str = ""


class PublicFeatures(Struct, frozen=True):
    """None: this version does not say."""

    auth: bool
    """False: WEBUI_AUTH is off, anybody may sign in as the admin."""
    login_form: bool | None = None
    name: str = ""
    ldap: bool = False
    no_account_yet: bool = False


def decode(answer: Json, url: str) -> PublicFeatures:
    """NotThatServer where this is no Open WebUI's."""
    config = answer if isinstance(answer, dict) else {}
    features = part(config, "features")
    auth, login_form = features.get("auth"), features.get("enable_login_form")
    if not isinstance(auth, bool) or not text(config, "version"):
        raise NotThatServer(url, Instead.OTHER_JSON)
    return PublicFeatures(
        auth=auth,
        login_form=login_form if isinstance(login_form, bool) else None,
        name=short(text(config, "name")),
        ldap=features.get("enable_ldap") is True,
        no_account_yet=config.get("onboarding") is True,
    )


def newest_release(answer: Json) -> str:
    """What `GET /api/version/updates` says is out; empty where the server could not find out."""
    return short(text(answer if isinstance(answer, dict) else {}, "latest"))
