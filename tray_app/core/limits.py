"""Every threshold the rules use, declared once: default, bounds, unit (in the name) and one line of documentation."""

from dataclasses import dataclass, field


def limit(default: float, low: float, high: float, doc: str) -> float:
    """A number with its bounds and documentation in the field's metadata."""
    made: float = field(default=default, metadata={"low": low, "high": high, "doc": doc})
    return made


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of the rules and times of the alerts."""

    big_model_share: float = limit(0.5, 0.1, 1.0, "A local model is big from this share of the memory budget on.")
    waiting_requests: float = limit(1, 1, 100, "Requests that wait at Ollama from which a queue is a backlog.")
    long_wait_s: float = limit(10, 1, 600, "A wait at Ollama from which a backlog is overload.")
    reloads: float = limit(3, 2, 100, "Loads of a model within the thrash window that count as thrash.")
    thrash_window_s: float = limit(600, 60, 3600, "Window in which loads are counted.")
    prompt_cache_bytes: float = limit(
        2 * 2**30, 2**28, 2**36, "Growth of a runner past its model that is worth a word."
    )
    hold_s: float = limit(10, 0, 600, "How long a condition must last before it is told.")
    clear_s: float = limit(60, 0, 3600, "How long a condition must be gone before it is over.")
    cool_down_s: float = limit(1800, 60, 86400, "Shortest time between two notices for one cause.")
    fits_share: float = limit(
        0.8, 0.3, 1.0, "A second model fits while its need stays below this share of the room that is left."
    )
