"""What automatic relief would have done, as values."""

from msgspec import Struct


class Turn(Struct, frozen=True):
    """One time that it would have acted, Unix seconds. `until`: None where it would still be in force.

    `sure`: memory was fine, so that models alone were the cause. `calls`, `busy_s`: the task calls meanwhile that would
    not have run on the chat model, as far as their task is known.
    """

    at: float
    until: float | None
    sure: bool
    calls: int
    busy_s: float


class PlayedRelief(Struct, frozen=True):
    """`watched_s`: how much of the time the history knows."""

    since: float
    now: float
    watched_s: float
    turns: tuple[Turn, ...]
