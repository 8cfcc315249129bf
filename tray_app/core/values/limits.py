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
    wake_grace_s: float = limit(
        30, 0, 600, "How long after sleep requests that wait are not judged: old connections look alive."
    )
    cool_down_s: float = limit(1800, 60, 86400, "Shortest time between two notices for one cause.")
    fits_share: float = limit(
        0.8, 0.3, 1.0, "A second model fits while its need stays below this share of the room that is left."
    )
    available_warning_percent: float = limit(
        10, 1, 50, "Linux, Windows: memory pressure is warning below this share of available memory."
    )
    available_critical_percent: float = limit(5, 1, 50, "The same for critical.")
    available_recovered_percent: float = limit(15, 1, 60, "Above this share of available memory pressure may end.")
    psi_warning_percent: float = limit(
        10, 1, 100, "Linux: memory pressure is warning when some task stalls this share of 10 s."
    )
    psi_critical_percent: float = limit(40, 1, 100, "The same for critical.")
    psi_full_critical_percent: float = limit(10, 1, 100, "Linux: critical when all tasks stall this share of 10 s.")
    psi_recovered_percent: float = limit(5, 0, 100, "Linux: at or below this stalled share pressure may end.")
    swap_warning_bytes_per_s: float = limit(
        1e6, 1e4, 1e10, "Linux, macOS: swapping that counts as warning once it lasts 30 s."
    )
    swap_critical_bytes_per_s: float = limit(2e7, 1e4, 1e10, "macOS: swapping out that is critical once it lasts 15 s.")
    commit_warning_percent: float = limit(90, 50, 100, "Windows: share of the commit limit that counts as warning.")
    commit_critical_percent: float = limit(95, 50, 100, "The same for critical.")
    commit_recovered_percent: float = limit(85, 10, 100, "Windows: at or below this share pressure may end.")
    page_reads_warning_per_s: float = limit(
        500, 10, 1e6, "Windows: pages read from disk per second that count as warning once it lasts 30 s."
    )
    page_reads_critical_per_s: float = limit(2000, 10, 1e6, "The same for critical, once it lasts 15 s.")
    spill_bytes: float = limit(
        5e8, 1e7, 1e11, "Windows: GPU memory that spilled to system memory and counts as warning."
    )
