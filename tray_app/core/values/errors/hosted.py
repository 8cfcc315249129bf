"""Why a hosted endpoint cannot do the tasks."""

from enum import StrEnum

from tray_app.core.values.errors.base import ElbowroomError


class HostedProblem(StrEnum):
    """What is wrong with an endpoint, its key or its model. Nothing was changed."""

    PLAIN_HTTP = "plain-http"  # a key would cross a public network in clear text
    OWN_OLLAMA = "own-ollama"  # the Ollama that is watched: its models are in Open WebUI already
    NO_API = "no-api"  # it answers, with a page or with something else
    NO_MODELS = "no-models"  # none that can write a title
    NEEDS_KEY = "needs-key"
    WRONG_KEY = "wrong-key"
    NO_CREDIT = "no-credit"
    LIMITED = "limited"  # too many requests for this account or model
    SLOW = "slow"
    REFUSES = "refuses"  # for a reason of its own, in its own words
    FAILS = "fails"  # it broke, in its own words
    NO_TITLE = "no-title"  # it spent all its words on thinking
    NO_SUCH_MODEL = "no-such-model"
    NOT_TOLD = "not-told"  # nobody chose a model, and nobody can be asked
    NOT_REACHED = "not-reached"  # Open WebUI itself does not get its list
    BY_ADDRESS = "by-address"  # Open WebUI keeps settings by address, which a write would lose
    NOT_ADDED = "not-added"  # none of ours leads there


class HostedError(ElbowroomError):
    """`host`: who would have received chat text. `detail`: the model that it is about, or the endpoint's own words.
    `url`: its address, where a command that is to be typed needs it."""

    def __init__(self, problem: HostedProblem, host: str, detail: str = "", url: str = "") -> None:
        super().__init__(problem.value, host, detail)
        self.problem = problem
        self.host = host
        self.detail = detail
        self.url = url or host


class TaskRefused(HostedError):
    """A task call that Open WebUI sent there; its settings are as they were set."""
