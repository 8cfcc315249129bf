"""One deadline over all requests of a poll, and the way to cut it short: a click goes first.

It belongs to the thread that polls: a job's requests to the same servers have their own time.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec import Struct


class _Deadline(Struct, frozen=True):
    """`until`: monotonic seconds; `seconds`: how many were given. `cut`: asked about ten times a second while a request
    runs."""

    until: float = math.inf
    seconds: float = math.inf
    cut: Callable[[], bool] | None = None


_NONE = _Deadline()
_NOW: ContextVar[_Deadline] = ContextVar("deadline", default=_NONE)


@contextmanager
def all_within(seconds: float, cut: Callable[[], bool] | None = None) -> Iterator[None]:
    """Every request inside ends within these seconds, taken together; a deadline around this one still holds.

    Where `cut` becomes true the request that runs ends in ChangeError(CANCELLED).
    """
    outer = _NOW.get()
    until = time.monotonic() + seconds
    given = (until, seconds) if until < outer.until else (outer.until, outer.seconds)
    inner = _Deadline(*given, cut or outer.cut)
    token = _NOW.set(inner)
    try:
        yield
    finally:
        _NOW.reset(token)


def time_left() -> float:
    """Seconds; infinite where no deadline holds."""
    return max(0.0, _NOW.get().until - time.monotonic())


def time_given() -> float:
    """How many seconds the deadline that holds gave."""
    return _NOW.get().seconds


def is_cut() -> Callable[[], bool] | None:
    """The question whether to end at once, where there is one."""
    return _NOW.get().cut
