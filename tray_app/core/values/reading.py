"""One source's answer in one poll: Known or Unknown. And the poll's moment."""

from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

T_co = TypeVar("T_co", covariant=True)

LATE_S = 45.0
"""Three of the longest polling intervals: a longer silence is sleep, a stopped process or a hung machine."""
CLOCK_MOVED_S = 20.0
"""A clock that ran ahead of the monotonic one by more than this: the machine slept, or the clock was set."""


class Why(StrEnum):
    """Why a source gave no answer. Values are stable: they appear in the JSON output."""

    NOT_ASKED = "not-asked"  # nothing configured or connected, or not due in this poll
    NOT_YET = "not-yet"  # a rate needs a second sample
    MISSING = "missing"  # this system has no such source (no PSI, no GPU driver)
    UNSUPPORTED = "unsupported"  # this version or platform cannot say
    DENIED = "denied"  # the OS refused us
    UNREACHABLE = "unreachable"  # nothing accepted the connection
    UNTRUSTED = "untrusted"  # no TLS, or a certificate that is not trusted; `detail` is a Distrust
    TIMED_OUT = "timed-out"
    REFUSED = "refused"  # the server refused our token; `detail` is a RefusedBecause
    IN_FRONT = "in-front"  # a proxy before the server wants a sign-in of its own
    TOO_MANY = "too-many-requests"  # the server wants us to wait
    BAD_ANSWER = "bad-answer"  # an answer of another shape than expected
    REMOTE = "remote"  # the server runs on another machine and cannot be observed from here


class Unseen(StrEnum):
    """Details of an Unknown that are told in words of their own. Values are stable, as those of Why."""

    NO_SERVER_PROCESS = "no server process"
    RUNNER_WITHOUT_SLOTS = "runner without slots"
    RUNNER_SILENT = "runner gives no answer"
    CONNECTIONS_KEPT = "clients keep their connections"
    OTHER_USERS_SOCKETS = "sockets of another user's process"
    SEVERAL_SERVERS = "several servers could be the one"
    NOT_CONNECTED = "not connected"


class NoStalls(StrEnum):
    """Why Linux does not say how long programs wait for memory."""

    ABSENT = "psi-absent"  # a kernel before 4.20, or built without it
    OFF = "psi-off"  # built in, but the boot option psi=1 is missing
    DENIED = "psi-denied"


PAGE_READS = "page-reads"
"""The number of pages that were read back from disk, where pressure rests on it."""


class Known(Struct, Generic[T_co], frozen=True):
    """A value and when it was taken (Unix seconds)."""

    value: T_co
    taken_at: float


class Unknown(Struct, frozen=True):
    """No value. `detail` is a fact for people (an errno, a path, a status) or one of Unseen, never a sentence."""

    why: Why
    detail: str = ""


Reading = Known[T_co] | Unknown


def value_of(reading: "Known[T_co] | Unknown") -> T_co | None:
    """The value, or None where it is Unknown."""
    return reading.value if isinstance(reading, Known) else None


class Moment(Struct, frozen=True):
    """Monotonic seconds, and Unix seconds."""

    uptime_s: float
    taken_at: float


def is_gap(before: Moment, after: Moment) -> bool:
    """Did time pass between two polls that nothing watched? A clock that was set back alone is no gap."""
    up = after.uptime_s - before.uptime_s
    return not 0 <= up <= LATE_S or after.taken_at - before.taken_at - up > CLOCK_MOVED_S
