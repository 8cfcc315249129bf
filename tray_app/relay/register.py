"""What the relay remembers of the requests it was asked for: how they ended, never what they said."""

from collections import Counter, deque

from tray_app.core.values.relay import Counts, Ending, Finished, Lane

KEPT = 1000
_COUNTED_AS = {Lane.CHAT: "chats", Lane.TASK: "tasks", Lane.TYPING: "typing"}


class Register:
    """Counts since the start, and the newest finished requests."""

    def __init__(self) -> None:
        self._finished: deque[Finished] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._seq = 0

    def arrived(self, lane: Lane) -> None:
        self._counts[_COUNTED_AS[lane]] += 1

    def held(self) -> None:
        """For the first time."""
        self._counts["held"] += 1

    def broken_off(self) -> None:
        self._counts["broken_off"] += 1

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def ended(self, finished: Finished) -> None:
        self._finished.append(finished)
        self._counts["dropped"] += finished.ending is Ending.DROPPED
        self._counts["failed"] += finished.ending is Ending.FAILED

    def counts(self) -> Counts:
        return Counts(**self._counts)

    def after(self, seq: int) -> tuple[Finished, ...]:
        return tuple(one for one in self._finished if one.seq > seq)
