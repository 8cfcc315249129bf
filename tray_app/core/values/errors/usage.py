"""What was typed wrong."""

from enum import StrEnum

from tray_app.core.values.errors.base import ElbowroomError


class Slip(StrEnum):
    """What is wrong on a command line."""

    ARGUMENTS = "arguments"  # `given` is argparse's own sentence
    COMMAND = "command"
    SETTING = "setting"
    ASSIGNMENT = "assignment"
    TWICE = "twice"
    VALUE = "value"
    REMEDY = "remedy"
    HOSTED = "hosted"  # a hosted model that Open WebUI does not list
    CHANGE = "change"  # none of the journal
    RELIEF = "relief"  # none that automatic relief may be
    UNLOAD = "unload"  # not offered now
    MODEL = "model"  # not installed
    TASK_MODEL = "task-model"  # not listed by Open WebUI
    URL = "url"
    URL_WITH_PASSWORD = "url-with-password"
    URL_WITH_QUERY = "url-with-query"
    EMPTY_TOKEN = "empty-token"
    UNREADABLE = "unreadable"  # no encoding that we know
    NEEDS_EMAIL = "needs-email"
    NEEDS_CREDENTIALS = "needs-credentials"
    NEEDS_YES = "needs-yes"
    NEEDS_URL = "needs-url"
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
