"""A change that could not be made."""

from enum import StrEnum

from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.service import RefusedBecause


class Problem(StrEnum):
    """What kept a change from being made."""

    UNSUPPORTED = "unsupported"  # this version has no such task or switch
    OTHER_WRITER = "other-writer"  # another copy of Elbowroom holds the write lock
    DRIFT = "drift"  # the value is no longer what we wrote
    NOT_AS_SHOWN = "not-as-shown"  # what the person saw and chose is no longer so
    OTHER_MODEL = "other-model"  # another one has this name by now
    NOTHING_TO_DO = "nothing-to-do"
    NO_PERMISSION = "no-permission"  # connected, but not as an admin
    NOT_CONNECTED = "not-connected"
    NO_KEYCHAIN = "no-keychain"
    KEYCHAIN_LOCKED = "keychain-locked"  # denied, or no answer in time: the user can unlock it and try again
    WORKERS_DISAGREE = "workers-disagree"  # reads after the write alternate
    NOT_RECORDED = "not-recorded"  # the server holds the new value, the journal could not note it; detail: why
    NOT_KEPT = "not-kept"  # the server answered 200 but does not hold the value
    CANCELLED = "cancelled"
    NOT_CONFIRMED = "not-confirmed"  # it asks first, and nobody said yes
    DISK_FULL = "disk-full"  # detail: needed/free bytes
    NOT_LISTED = "not-listed"  # Open WebUI does not list a model that was just downloaded
    NO_SUCH_RUNNER = "no-such-runner"  # it has ended, serves somebody, or its number is another program's by now
    NOT_YOURS = "not-yours"  # another user's process
    LEFT_SWITCHED = "left-switched"  # a measurement could not put the task model back
    STAYS = "stays"  # a process that does not end


class Written(StrEnum):
    """Whether the server may hold the new value."""

    NO = "no"
    PARTLY = "partly"
    UNKNOWN = "unknown"
    YES = "yes"


class ChangeError(ElbowroomError):
    """`because`: why the server refuses, with NO_PERMISSION."""

    def __init__(
        self,
        problem: Problem,
        subject: str = "",
        detail: str = "",
        written: Written = Written.NO,
        because: RefusedBecause = RefusedBecause.OTHER,
    ) -> None:
        super().__init__(problem.value, subject, detail)
        self.because = because
        self.problem = problem
        self.subject = subject
        self.detail = detail
        self.written = written
