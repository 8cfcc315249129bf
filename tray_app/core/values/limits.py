"""Every threshold of rules and lanes, declared once: default, bounds, unit (in the name), one line of documentation."""

from typing import Annotated

from msgspec import Meta, Struct


def _limit(low: float, high: float, doc: str) -> Meta:
    return Meta(ge=low, le=high, description=doc)


def _port(doc: str) -> Meta:
    return Meta(ge=1024, le=65535, description=doc, extra={"form": "whole"})


def _switch(doc: str) -> Meta:
    return Meta(description=doc)


def _model(doc: str) -> Meta:
    return Meta(description=doc, extra={"form": "model"})


class Limits(Struct, frozen=True):
    """Thresholds of the rules and times of the alerts."""

    big_model_share: Annotated[
        float, _limit(0.1, 1.0, "A local model is big from this share of the memory budget on.")
    ] = 0.5
    waiting_requests: Annotated[
        float, _limit(1, 100, "Requests that wait at Ollama from which a queue is a backlog.")
    ] = 1
    long_wait_s: Annotated[float, _limit(1, 600, "A wait at Ollama from which a backlog is overload.")] = 10
    reloads: Annotated[float, _limit(2, 100, "Loads of a model within the thrash window that count as thrash.")] = 3
    thrash_window_s: Annotated[float, _limit(60, 3600, "Window in which loads are counted.")] = 600
    prompt_cache_bytes: Annotated[
        float, _limit(2**28, 2**36, "Growth of a runner past its model that is worth a word.")
    ] = 2 * 2**30
    hold_s: Annotated[float, _limit(0, 600, "How long a condition must last before it is told.")] = 10
    clear_s: Annotated[float, _limit(0, 3600, "How long a condition must be gone before it is over.")] = 60
    wake_grace_s: Annotated[
        float, _limit(0, 600, "How long after sleep requests that wait are not judged: old connections look alive.")
    ] = 30
    cool_down_s: Annotated[float, _limit(60, 86400, "Shortest time between two notices for one cause.")] = 1800
    fits_share: Annotated[
        float, _limit(0.3, 1.0, "A second model fits while its need stays below this share of the room that is left.")
    ] = 0.8
    available_warning_percent: Annotated[
        float, _limit(1, 50, "Linux, Windows: memory pressure is warning below this share of available memory.")
    ] = 10
    available_critical_percent: Annotated[float, _limit(1, 50, "The same for critical.")] = 5
    available_recovered_percent: Annotated[
        float, _limit(1, 60, "Above this share of available memory pressure may end.")
    ] = 15
    psi_warning_percent: Annotated[
        float, _limit(1, 100, "Linux: memory pressure is warning when some task stalls this share of 10 s.")
    ] = 10
    psi_critical_percent: Annotated[float, _limit(1, 100, "The same for critical.")] = 40
    psi_full_critical_percent: Annotated[
        float, _limit(1, 100, "Linux: critical when all tasks stall this share of 10 s.")
    ] = 10
    psi_recovered_percent: Annotated[
        float, _limit(0, 100, "Linux: at or below this stalled share pressure may end.")
    ] = 5
    swap_warning_bytes_per_s: Annotated[
        float, _limit(1e4, 1e10, "Linux, macOS: swapping that counts as warning once it lasts 30 s.")
    ] = 1e6
    swap_critical_bytes_per_s: Annotated[
        float, _limit(1e4, 1e10, "macOS: swapping out that is critical once it lasts 15 s.")
    ] = 2e7
    commit_warning_percent: Annotated[
        float, _limit(50, 100, "Windows: share of the commit limit that counts as warning.")
    ] = 90
    commit_critical_percent: Annotated[float, _limit(50, 100, "The same for critical.")] = 95
    commit_recovered_percent: Annotated[float, _limit(10, 100, "Windows: at or below this share pressure may end.")] = (
        85
    )
    page_reads_warning_per_s: Annotated[
        float, _limit(10, 1e6, "Windows: pages read from disk per second that count as warning once it lasts 30 s.")
    ] = 500
    page_reads_critical_per_s: Annotated[float, _limit(10, 1e6, "The same for critical, once it lasts 15 s.")] = 2000
    spill_bytes: Annotated[
        float, _limit(1e7, 1e11, "Windows: GPU memory that spilled to system memory and counts as warning.")
    ] = 5e8


class ChatFirst(Struct, frozen=True):
    """How chat first goes about it."""

    relay_port: Annotated[int, _port("Port of this machine at which the relay stands.")] = 11435
    hold_s: Annotated[
        float, _limit(10, 3600, "Longest time that a task is held for chats. Then it goes as soon as none runs.")
    ] = 600
    quiet_low_s: Annotated[
        float, _limit(0, 60, "Shortest time that tasks wait after an answer, however quickly somebody writes.")
    ] = 1
    quiet_high_s: Annotated[
        float, _limit(1, 600, "Longest time that tasks wait after an answer, however slowly somebody writes.")
    ] = 30
    keep_context: Annotated[
        bool, _switch("Give tasks on a loaded model the context length it was loaded with, so that it is not reloaded.")
    ] = True


class ModelPerTask(Struct, frozen=True):
    """Which model does which task. Names as `ollama list` shows them; empty: as Open WebUI says."""

    titles: Annotated[str, _model("Titles of chats.")] = ""
    tags: Annotated[str, _model("Tags of chats.")] = ""
    follow_ups: Annotated[str, _model("Follow-up questions.")] = ""
    autocomplete: Annotated[str, _model("Autocomplete while typing.")] = ""
    emojis: Annotated[str, _model("Emojis.")] = ""
    memories: Annotated[str, _model("What is remembered of a chat.")] = ""
