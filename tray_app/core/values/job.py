"""The one thing that may take a while beside the polls: a change, a download, a speed test, a sign-in."""

from enum import StrEnum

from msgspec import Struct


class JobKind(StrEnum):
    CHANGE = "change"
    UNDO = "undo"
    PULL = "pull"
    UNLOAD = "unload"
    STOP_GENERATIONS = "stop-generations"
    END = "end"
    SPEED_TEST = "speed-test"
    PROVE = "prove"
    CONNECT = "connect"
    HOSTED = "hosted"
    COMPARE = "compare"


class RunningJob(Struct, frozen=True):
    """`subject` is a model, a host or empty. A size of None is not known (yet)."""

    id: str
    kind: JobKind
    subject: str = ""
    completed_bytes: int | None = None
    total_bytes: int | None = None
    cancellable: bool = False
    cancelling: bool = False

    @property
    def percent(self) -> int | None:
        if not self.total_bytes or self.completed_bytes is None:
            return None
        return min(100, max(0, self.completed_bytes * 100 // self.total_bytes))
