"""Typed errors. They carry facts; core/text/errors.py makes the sentence and the next step.

ElbowroomError
|-- ServiceError               a server could not be used
|   |-- Unreachable            nothing accepts the connection (refused, no such host)
|   |   `-- Untrusted          TLS could not be set up or verified
|   |-- TimedOut               no complete answer within the total deadline
|   |-- Redirected             the address answers with a redirect; tokens never follow one
|   |-- BadAnswer              not JSON, too large, or of another shape than expected
|   |   `-- Interrupted        the connection ended before the answer was complete
|   |-- NotThatServer          answers, but is not the server it was taken for
|   |-- NotFound               404, 405 or the single-page app where an endpoint was expected
|   |-- Invalid                422 or 400: the server refuses the request and names fields where it can
|   |-- ServerFailed           5xx
|   |-- Refused                the server refused the token or the sign-in; see RefusedBecause
|   |-- InFront                a proxy before the server wants a sign-in of its own: the server was not reached
|   |-- TooMany                429: it refuses requests for now
|   `-- Insecure               a token over plain http to a public host
|-- UsageError                 the command line or a value on it is wrong
|-- StorageError               one of our files cannot be read or written
|-- RelayError                 the relay of chat first cannot begin
|-- ChatFirstError             chat first cannot be switched on here; nothing was changed
|-- TrayUnavailable            no icon can be shown here; the terminal commands still work
`-- ChangeError                a change could not be made; nothing or something known was written
"""

from enum import StrEnum

from msgspec import Struct


class ElbowroomError(Exception):
    """Base of all errors that end a command with one clear line."""


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
        super().__init__(url, f"{seconds:g} s")
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


class Slip(StrEnum):
    """What is wrong on a command line."""

    ARGUMENTS = "arguments"  # `given` is argparse's own sentence
    COMMAND = "command"
    SETTING = "setting"
    ASSIGNMENT = "assignment"
    TWICE = "twice"
    VALUE = "value"
    REMEDY = "remedy"
    CHANGE = "change"  # none of the journal
    UNLOAD = "unload"  # not offered now
    MODEL = "model"  # not installed
    URL = "url"
    URL_WITH_PASSWORD = "url-with-password"
    EMPTY_TOKEN = "empty-token"
    UNREADABLE = "unreadable"  # no encoding that we know
    NEEDS_EMAIL = "needs-email"
    NEEDS_CREDENTIALS = "needs-credentials"
    NEEDS_YES = "needs-yes"
    # of a gateway
    NEEDS_OLLAMA = "needs-ollama"
    SLOTS = "slots"
    URL_WITH_PATH = "url-with-path"
    HTTPS_NUMBER = "https-number"
    LISTEN = "listen"
    LOOP = "loop"


class UsageError(ElbowroomError):
    """Exit code 2. `nearest` is the closest valid word, or empty; `command` is the one whose help tells more."""

    def __init__(
        self, what: Slip, given: str, nearest: str = "", choices: tuple[str, ...] = (), command: str = ""
    ) -> None:
        super().__init__(what.value, given)
        self.what = what
        self.given = given
        self.nearest = nearest
        self.choices = choices
        self.command = command


class StorageFault(StrEnum):
    """What keeps a file from being used, as far as the system says."""

    DISK_FULL = "disk-full"
    MISSING = "missing"
    DENIED = "denied"
    READ_ONLY = "read-only"
    EXISTS = "exists"
    NOT_EMPTY = "not-empty"
    PATH_TOO_LONG = "path-too-long"
    COMMAND_TOO_LONG = "command-too-long"  # does not fit where it is to be stored, as Windows' Run key
    OPEN_TO_OTHERS = "open-to-others"  # a file with a secret that others may read
    NO_CERTIFICATES = "no-certificates"
    DAMAGED = "damaged"  # kept under another name, and begun anew
    NEWER = "newer"  # a newer version of this app wrote it
    OTHER = "other"


class StorageError(ElbowroomError):
    """`path` may hold the home folder: the view shortens it. `reason` is the OS's own text.

    `given`: a person named this very file on the command line; else it is one of ours.
    """

    def __init__(
        self, path: str, reason: str, fault: StorageFault = StorageFault.OTHER, *, given: bool = False
    ) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason
        self.fault = fault
        self.given = given


class JournalDamaged(ElbowroomError):
    """Lines of the journal that do not count: the changes they tell of may not be offered for undo. Counted from 1.

    `newer`: a newer version of this app wrote them all, and nothing is wrong with them.
    """

    def __init__(self, path: str, lines: tuple[int, ...], *, newer: bool) -> None:
        super().__init__(path, lines)
        self.path = path
        self.lines = lines
        self.newer = newer


class RelayProblem(StrEnum):
    """What keeps the relay of chat first from beginning."""

    RUNS_ALREADY = "runs-already"  # the port is our own relay's
    PORT_TAKEN = "port-taken"  # by another program
    NO_SUCH_ADDRESS = "no-such-address"  # not one of this machine's
    LOOP = "loop"  # Ollama's address is the relay's own


class RelayError(ElbowroomError):
    """`address` is where it should listen, or with LOOP what it was given for Ollama."""

    def __init__(self, problem: RelayProblem, address: str, detail: str = "") -> None:
        super().__init__(problem.value, address, detail)
        self.problem = problem
        self.address = address
        self.detail = detail


class ChatFirstProblem(StrEnum):
    """Why chat first cannot be switched on."""

    TOO_OLD = "too-old"  # Open WebUI before 0.10 does not tell what a request is for; subject: its version
    NO_CONNECTION = "no-connection"  # none of its connections leads to the Ollama that is watched
    ON_ALREADY = "on-already"
    NOT_REACHED = "not-reached"  # Open WebUI itself gets no answer at the address
    HEADER_TAKEN = "header-taken"  # somebody set a header of that name; subject: which
    BY_ADDRESS = "by-address"  # it keeps settings by address, which a write would lose
    PASSWORD = "password"  # the connection's address holds a sign-in, which the journal would keep
    NOT_STARTED = "not-started"  # the relay's process ended or did not answer


class ChatFirstError(ElbowroomError):
    def __init__(self, problem: ChatFirstProblem, subject: str = "") -> None:
        super().__init__(problem.value, subject)
        self.problem = problem
        self.subject = subject


class TrayProblem(StrEnum):
    """What is missing for an icon with a menu."""

    NO_DISPLAY = "no-display"  # no graphical session
    NO_BUS = "no-bus"  # a session whose message bus cannot be asked; `detail` says why
    NO_HOST = "no-host"  # a session, but nothing in it shows tray icons
    NO_LIBRARY = "no-library"  # PyGObject is missing
    NO_INDICATOR = "no-indicator"  # PyGObject is there, the AppIndicator library is not
    OTHER_PYTHON = "other-python"  # PyGObject is there, for another Python than this one
    FRAMEWORK = "framework-build"  # macOS draws no icon for a Python that was built so
    BROKEN = "broken"  # the tray library failed in another way; `detail` says how


class TrayUnavailable(ElbowroomError):
    """`detail` is the library's own short text."""

    def __init__(self, problem: TrayProblem, detail: str = "") -> None:
        super().__init__(problem.value, detail)
        self.problem = problem
        self.detail = detail


class Problem(StrEnum):
    """What kept a change from being made."""

    UNSUPPORTED = "unsupported"  # this version has no such task or switch
    OTHER_WRITER = "other-writer"  # another copy of Elbowroom holds the write lock
    DRIFT = "drift"  # the value is no longer what we wrote
    NOT_AS_SHOWN = "not-as-shown"  # what the person saw and chose is no longer so
    OTHER_MODEL = "other-model"  # another one has this name by now
    NOTHING_TO_DO = "nothing-to-do"
    NO_PERMISSION = "no-permission"  # connected, but not as an admin
    NOT_CONNECTED = "not-connected"
    NO_KEYCHAIN = "no-keychain"
    KEYCHAIN_LOCKED = "keychain-locked"  # denied, or no answer in time: the user can unlock it and try again
    WORKERS_DISAGREE = "workers-disagree"  # reads after the write alternate
    NOT_RECORDED = "not-recorded"  # the server holds the new value, the journal could not note it; detail: why
    NOT_KEPT = "not-kept"  # the server answered 200 but does not hold the value
    CANCELLED = "cancelled"
    NOT_CONFIRMED = "not-confirmed"  # it asks first, and nobody said yes
    DISK_FULL = "disk-full"  # detail: needed/free bytes
    NOT_LISTED = "not-listed"  # Open WebUI does not list a model that was just downloaded
    NO_SUCH_RUNNER = "no-such-runner"  # it has ended, serves somebody, or its number is another program's by now
    NOT_YOURS = "not-yours"  # another user's process
    STAYS = "stays"  # a process that does not end


class Written(StrEnum):
    """Whether the server may hold the new value."""

    NO = "no"
    PARTLY = "partly"
    UNKNOWN = "unknown"
    YES = "yes"


class ChangeError(ElbowroomError):
    """`because`: why the server refuses, with NO_PERMISSION."""

    def __init__(
        self,
        problem: Problem,
        subject: str = "",
        detail: str = "",
        written: Written = Written.NO,
        because: RefusedBecause = RefusedBecause.OTHER,
    ) -> None:
        super().__init__(problem.value, subject, detail)
        self.because = because
        self.problem = problem
        self.subject = subject
        self.detail = detail
        self.written = written


# --- a line of the settings file --------------------------------------------------------------


class SettingFault(StrEnum):
    UNKNOWN_KEY = "unknown-key"  # `expected` is the nearest right key, or empty
    WRONG_TYPE = "wrong-type"  # `expected` is one of the type words: number, text, true-or-false, list-of-texts, table
    OUT_OF_RANGE = "out-of-range"  # `expected` is "LOW..HIGH"
    NOT_A_CHOICE = "not-a-choice"  # `expected` is the choices, joined with ", "
    NOT_A_URL = "not-a-url"  # `expected` is an example
    URL_WITH_LOGIN = "url-with-login"
    NO_SUCH_FILE = "no-such-file"
    CONTRADICTION = "contradiction"  # `expected` is the relation that must hold, in keys
    SYNTAX = "syntax"  # not TOML; `given` is the parser's own text
    NOT_UTF8 = "not-utf-8"
    UNREADABLE = "unreadable"  # `given` is the OS's own text


class SettingProblem(Struct, frozen=True):
    """`key` is dotted (`limits.hold_s`), empty for the file as a whole. `line` counts from 1."""

    key: str
    given: str
    expected: str
    fault: SettingFault
    line: int | None = None
