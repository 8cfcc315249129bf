"""What keeps the icon, the relay or chat first from beginning."""

from enum import StrEnum

from tray_app.core.values.errors.base import ElbowroomError


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
    """`system`: this machine's, as Python names it, where what to do depends on it. `detail`: what the relay said."""

    def __init__(self, problem: ChatFirstProblem, subject: str = "", system: str = "", detail: str = "") -> None:
        super().__init__(problem.value, subject, detail)
        self.problem = problem
        self.subject = subject
        self.system = system
        self.detail = detail


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
