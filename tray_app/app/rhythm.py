"""When is the next poll, and which source is asked again in it? The one place for the rhythm."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from tray_app.app.odd import unknown_for
from tray_app.core.values.errors.service import (
    BadAnswer,
    Distrust,
    InFront,
    NotFound,
    NotThatServer,
    Refused,
    ServiceError,
    TimedOut,
    TooMany,
    Unreachable,
    Untrusted,
)
from tray_app.core.values.finding import Level
from tray_app.core.values.reading import Known, Reading, Unknown, Why
from tray_app.readers.odd import ODD
from tray_app.services.deadline import time_given, time_left
from tray_app.storage.settings_keys import Settings

T = TypeVar("T")

REQUEST_LIMIT_S = 2.0
"""Of one answer, where the settings do not give a slow server more."""
POLL_WITHIN_S = 4.0
"""Over all requests of a poll."""
OLLAMA_WITHIN_S = 2.0
"""So that an Ollama that hangs leaves time for Open WebUI."""
SLOW_ANSWERS = 10
"""What a poll asks at most: so many answers fit into one poll of a server that was given more time."""
SECOND_SAMPLE_S = 1.0
"""Between the two polls of a command that looks once, so that rates are known."""

# Seconds between questions, so that a user's server logs stay readable.
PS_EVERY_S = 30.0
TAGS_EVERY_S = 60.0
SETTINGS_EVERY_S = 60.0
MODELS_EVERY_S = 300.0
RARELY_S = 600.0
PRICES_EVERY_S = 3600.0
"""A hosted endpoint is asked for its whole list, by Open WebUI, where that does not do so by itself."""
BUSY_EVERY_S = 10.0
CONTAINERS_EVERY_S = 15.0
FIND_EVERY_S = 60.0
"""Between two looks for an Open WebUI that was not there."""
BACK_OFF_S = (5.0, 10.0, 20.0, 40.0, 60.0)
SLOW_BACK_OFF_S = (30.0, 120.0, RARELY_S)
"""Of what is only good to know: a server that hangs takes its time from each poll that asks."""

AWAY = frozenset({Why.UNREACHABLE, Why.UNTRUSTED, Why.TIMED_OUT})


def pause_s(settings: Settings, level: Level | None, *, idle: bool, watched: bool = False) -> float:
    """Seconds to the next poll: quicker while something is wrong, slower while no model is loaded and memory is fine.

    `level` is None before the first poll. `watched`: somebody looks at the details page.
    """
    if watched or level in {Level.TIGHT, Level.OVERLOADED}:
        return settings.poll_busy_s
    return settings.poll_idle_s if idle else settings.poll_s


def unknown(error: ServiceError) -> Unknown:
    """A service's error as the reason why a reading is not there."""
    match error:
        case Untrusted():
            return Unknown(Why.UNTRUSTED, error.detail if error.because is Distrust.OTHER else error.because.value)
        case Unreachable():
            why = Why.UNREACHABLE
        case TimedOut():
            why = Why.TIMED_OUT
        case Refused():
            return Unknown(Why.REFUSED, error.because.value)
        case InFront():
            why = Why.IN_FRONT
        case TooMany():
            why = Why.TOO_MANY
        case NotFound():
            why = Why.UNSUPPORTED
        case NotThatServer() | BadAnswer():
            why = Why.BAD_ANSWER
        case _:
            why = Why.BAD_ANSWER
    return Unknown(why, error.detail or error.url)


def poll_within(request_limit_s: float) -> float:
    """Seconds for one poll. A server that was given more time gets it for every answer: else it is never seen whole."""
    return POLL_WITHIN_S if request_limit_s <= REQUEST_LIMIT_S else SLOW_ANSWERS * request_limit_s


def ollama_within(request_limit_s: float) -> float:
    """Seconds of it for Ollama, which is asked three questions."""
    return OLLAMA_WITHIN_S if request_limit_s <= REQUEST_LIMIT_S else 3 * request_limit_s


class Asked(Generic[T]):
    """One question to a server: its last answer, and when it is due again. Backs off while the server fails."""

    def __init__(self, every_s: float, back_off_s: Sequence[float] = BACK_OFF_S) -> None:
        self._every_s = every_s
        self._back_off_s = back_off_s
        self._due = 0.0
        self._failures = 0
        self._asked_at: float | None = None
        self.answer: Reading[T] = Unknown(Why.NOT_ASKED)

    def ask(self, question: Callable[[], T], uptime_s: float, now: float) -> Reading[T]:
        """The answer, asked again only when it is due."""
        if uptime_s < self._due:
            return self.answer
        if not time_left():  # other questions took the time of this poll: the next one asks
            if not isinstance(self.answer, Known):
                self.answer = Unknown(Why.TIMED_OUT, f"{max(POLL_WITHIN_S, time_given()):g} s")
            return self.answer
        self._asked_at = uptime_s
        try:
            self.answer = Known(question(), now)
        except (ServiceError, *ODD) as error:
            self.answer = unknown(error) if isinstance(error, ServiceError) else unknown_for(error)
            self._due = uptime_s + self._back_off_s[min(self._failures, len(self._back_off_s) - 1)]
            self._failures += 1
        else:
            self._failures = 0
            self._due = uptime_s + self._every_s
        return self.answer

    def went_away(self, uptime_s: float) -> bool:
        """Whether the server gave no answer in this very poll."""
        away = isinstance(self.answer, Unknown) and self.answer.why in AWAY
        return away and self._asked_at == uptime_s

    def expire(self) -> None:
        """Ask again in the next poll."""
        self._due = 0.0
