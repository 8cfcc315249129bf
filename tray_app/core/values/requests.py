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


class Confidence(StrEnum):
    EXACT = "exact"
    LIKELY = "likely"
    LOWER_BOUND = "lower-bound"


class RunningRequest(Struct, frozen=True):
    """One request that a runner works on. `reason` is a stable word: burst-after-answer, short-limit, api-tasks..."""

    model: str | None
    kind: RequestKind
    reason: str
    task: str | None = None
    """The task's name, only where it is certain."""
    prompt_tokens: int | None = None
    decoded_tokens: int | None = None
    limit_tokens: int | None = None
    running_s: float | None = None


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
    last_hour: tuple[ModelLoad, ...] = ()
