"""Requests at Ollama: what the places of its runners tell, and what it comes to."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.connections import Whose
from tray_app.core.values.reading import Reading


class RunnerSlot(Struct, frozen=True):
    """An entry of `GET /slots`. `limit_tokens` None: no limit of its own; counts are None where they are not told."""

    id: int
    is_processing: bool
    task_id: int | None = None
    """Grows with every request of the runner; the same number in two polls is the same request."""
    prompt_tokens: int | None = None
    decoded: int | None = None
    limit_tokens: int | None = None


class RequestKind(StrEnum):
    CHAT = "chat"
    TASK = "task"
    UNKNOWN = "unknown"


class TaskCall(StrEnum):
    """What a task call is for. The first four are the words of Setting; values are stable: they appear in the JSON."""

    TITLES = "titles"
    TAGS = "tags"
    FOLLOW_UPS = "follow-ups"
    AUTOCOMPLETE = "autocomplete"
    QUERIES = "queries"  # for a web search or for the user's files
    EMOJI = "emoji"
    IMAGE_PROMPT = "image-prompt"
    MERGED_ANSWER = "merged-answer"
    TOOL_CHOICE = "tool-choice"
    COMPACTION = "compaction"
    MEMORY_REVIEW = "memory-review"
    OTHER = "other"


class Confidence(StrEnum):
    EXACT = "exact"
    LIKELY = "likely"
    LOWER_BOUND = "lower-bound"


class RunningRequest(Struct, frozen=True):
    """One request that a runner works on. `reason` is a stable word: burst-after-answer, short-limit, relay..."""

    model: str | None
    kind: RequestKind
    reason: str
    task: str | None = None
    """The task's name, only where it is certain."""
    prompt_tokens: int | None = None
    decoded_tokens: int | None = None
    limit_tokens: int | None = None
    running_s: float | None = None
    first_token_s: float | None = None
    """From its arrival at the relay to its first word; None where nobody tells, or before that word."""


class WaitingRequest(Struct, frozen=True):
    """One request that waits, as the relay tells it: `held` there, so that a chat goes first, else at Ollama."""

    model: str | None
    kind: RequestKind
    task: str | None
    waited_s: float
    held: bool
    broken_off: int = 0
    """How often it had begun and gave way to a chat."""


class FinishedRequest(Struct, frozen=True, gc=False):
    """One request that ended since the last poll. Unix seconds; `began_at`: it came to the relay, or was first seen."""

    model: str | None
    kind: RequestKind
    reason: str
    task: str | None
    began_at: float
    ended_at: float
    first_token_at: float | None = None
    busy_s: float = 0.0
    """How long a runner worked on it."""
    held_s: float = 0.0
    served: bool = True
    broken_off: int = 0
    """How often it had begun and gave way to a chat."""


class ModelLoad(Struct, frozen=True):
    """Requests of one model over the last hour, as far as they were seen."""

    model: str
    requests: int
    busy_s: float
    task_requests: int


class Requests(Struct, frozen=True):
    """Requests at Ollama. `source` names the signal (slots, connections...), a stable word."""

    running: Reading[int]
    waiting: Reading[int]
    running_source: str = ""
    running_confidence: Confidence = Confidence.EXACT
    waiting_source: str = ""
    waiting_confidence: Confidence = Confidence.EXACT
    longest_wait_s: float | None = None
    whose: Whose = Whose.UNTOLD
    of_open_webui: int | None = None
    active: tuple[RunningRequest, ...] = ()
    queue: tuple[WaitingRequest, ...] | None = None
    """Who waits, the longest first, those at Ollama before those that are held; None: nobody tells them one by one."""
    finished: tuple[FinishedRequest, ...] = ()
    last_hour: tuple[ModelLoad, ...] = ()

    @property
    def held(self) -> int | None:
        """How many the relay holds; None where nothing tells who waits where."""
        return None if self.queue is None else sum(one.held for one in self.queue)
