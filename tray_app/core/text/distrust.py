"""Why no safe connection could be made, and what helps."""

from tray_app.core.text.text import Translator
from tray_app.core.values.errors.service import Distrust


def brief(because: Distrust, detail: str, tr: Translator) -> str:
    """A few words, as they stand in brackets. `detail`: what the library said, where the cause is none of ours."""
    return {
        Distrust.UNKNOWN_ISSUER: tr.gettext("this system does not know who signed its certificate"),
        Distrust.EXPIRED: tr.gettext("its certificate is not valid today"),
        Distrust.OTHER_NAME: tr.gettext("its certificate is for another name"),
        Distrust.NO_TLS: tr.gettext("what listens there does not speak https"),
        Distrust.OTHER: detail,
    }[because]


def step(because: Distrust, tr: Translator) -> str:
    """Never plain http: a token would cross the network for all to read."""
    return {
        Distrust.UNKNOWN_ISSUER: tr.gettext(
            "Does its certificate come from an authority of your own? Add that to this system, or name its "
            "file as ca_file in settings.toml."
        ),
        Distrust.EXPIRED: tr.gettext("Its certificate is out of date, or this computer's clock is wrong."),
        Distrust.OTHER_NAME: tr.gettext("Its certificate is for another name: use the address that it names."),
        Distrust.NO_TLS: tr.gettext("What listens at that port does not speak https: check the port."),
        Distrust.OTHER: tr.gettext("Check the address and its certificate."),
    }[because]
