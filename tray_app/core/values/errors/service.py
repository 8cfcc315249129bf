"""A server that cannot be used."""

from enum import StrEnum

from tray_app.core.values.errors.base import ElbowroomError


class ServiceError(ElbowroomError):
    """A server could not be used. `url` never holds credentials; `detail` is the server's own short text."""

    def __init__(self, url: str, detail: str = "") -> None:
        super().__init__(url, detail)
        self.url = url
        self.detail = detail


class Unreachable(ServiceError):
    pass


class TimedOut(ServiceError):
    def __init__(self, url: str, seconds: float) -> None:
        super().__init__(url, f"{round(seconds, 1):g} s")  # what was left of a poll is no round number
        self.seconds = seconds


class Redirected(ServiceError):
    """`detail` is the address it redirects to (origin and path only)."""


class Distrust(StrEnum):
    """Why TLS could not be set up."""

    UNKNOWN_ISSUER = "unknown-issuer"  # nobody whom this system trusts signed the certificate
    EXPIRED = "expired"  # or not valid yet, or this machine's clock is wrong
    OTHER_NAME = "other-name"
    NO_TLS = "no-tls"  # what listens at that port does not speak it
    OTHER = "other"


class Untrusted(Unreachable):
    """TLS could not be set up."""

    def __init__(self, url: str, detail: str = "", because: Distrust = Distrust.OTHER) -> None:
        super().__init__(url, detail)
        self.because = because


class BadAnswer(ServiceError):
    pass


class Interrupted(BadAnswer):
    """The connection ended before the answer was complete."""


class Instead(StrEnum):
    """What answers where another server was expected."""

    OLLAMA = "ollama"
    OPEN_WEBUI = "open-webui"
    PAGE = "html"
    NOTHING_ASKED_FOR = "404"
    OTHER_JSON = "other-json"
    NO_JSON = "no-json"


class NotThatServer(ServiceError):
    """`detail` says what it is instead, one of Instead."""


class NotFound(ServiceError):
    pass


class NoSuchPath(NotFound):
    """The server does not know the path at all; `detail` is Instead.PAGE where it shows its page instead."""


class TooOld(NotFound):
    """This release of the server cannot do it."""


class Invalid(ServiceError):
    """The server takes the request for wrong (422, or 400 and other 4xx) and did nothing.

    `fields` are the names in detail[].loc, empty where the server hides them.
    """

    def __init__(self, url: str, fields: tuple[str, ...] = (), detail: str = "", status: int = 422) -> None:
        super().__init__(url, detail)
        self.fields = fields
        self.status = status


class ServerFailed(ServiceError):
    def __init__(self, url: str, status: int, detail: str = "") -> None:
        super().__init__(url, detail)
        self.status = status


class RefusedBecause(StrEnum):
    """Each has a sentence and a next step of its own: what is no more than guessed is OTHER."""

    NO_TOKEN = "no-token"
    EXPIRED = "expired"  # garbage, expired or revoked: sign in again
    NEW_TOKEN = "new-token"  # one that was just entered, and never worked
    ENVIRONMENT = "environment"  # the one in ELBOWROOM_API_KEY, which wins over a stored one
    NOT_ADMIN = "not-admin"
    NEW_NOT_ADMIN = "new-not-admin"  # the same of one that was just entered: it is not kept
    ENVIRONMENT_NOT_ADMIN = "environment-not-admin"  # the same of the key in ELBOWROOM_API_KEY
    KEYS_OFF = "keys-off"  # API keys are switched off on the server
    KEYS_OFF_OR_RESTRICTED = "keys-off-or-restricted"  # Open WebUI to 0.6.36 says the same for both
    KEY_RESTRICTED = "key-restricted"  # the key may not call this endpoint
    BAD_CREDENTIALS = "bad-credentials"
    BAD_CREDENTIALS_OR_DIRECTORY = "bad-credentials-or-directory"  # accounts may also live in a directory (LDAP)
    TRUSTED_HEADER = "trusted-header"  # a proxy signs people in: a password cannot
    NO_ACCOUNT = "no-account"  # nobody has an account there yet
    RATE_LIMITED = "rate-limited"
    PASSWORD_OFF = "password-off"  # password sign-in is switched off
    MFA = "mfa"  # sign-in needs a second factor: use an API key
    PENDING = "pending"  # the account waits for approval
    OTHER = "other"


class Refused(ServiceError):
    def __init__(self, url: str, because: RefusedBecause, detail: str = "") -> None:
        super().__init__(url, detail)
        self.because = because


class InFront(ServiceError):
    """A proxy before the server answers 401 or 403 itself: a token of the server would not help."""


class TooMany(ServiceError):
    """429, for whatever was asked. A sign-in that is refused so is Refused(RATE_LIMITED)."""


class Insecure(ServiceError):
    pass
