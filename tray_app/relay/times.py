"""When what happened to one request, by the clock of the event loop, which never runs back."""

import asyncio
from http import HTTPStatus

from tray_app.core.values.relay import Asking, Ending, Finished


class Times:
    """`arrived_at` counts from the end of the head."""

    def __init__(self) -> None:
        self.arrived_at = _now()
        self.first_byte_at: float | None = None
        self.status: int | None = None
        self._sent_at: float | None = None
        self._waits_since: float | None = self.arrived_at
        self._held_s = 0.0
        self._broken_off = 0
        self._ended_at = self.arrived_at
        self._ending = Ending.FAILED

    def sent(self) -> None:
        self._waited()
        self._sent_at = _now()

    def held(self, *, broken_off: bool) -> None:
        self._waits_since = _now()
        self._broken_off += broken_off

    def answered(self, status: int) -> None:
        """By Ollama, and its client gets it."""
        self.first_byte_at = _now()
        self.status = status

    def told(self, status: HTTPStatus) -> None:
        """By the relay itself."""
        self.status = status.value

    def over(self, ending: Ending) -> None:
        self._waited()
        self._ended_at = _now()
        self._ending = ending

    def finished(self, seq: int, asking: Asking, shift_s: float) -> Finished:
        """`shift_s` leads to Unix time."""
        return Finished(
            seq=seq,
            lane=asking.lane,
            task=asking.task,
            model=asking.model,
            arrived_at=self.arrived_at + shift_s,
            ended_at=self._ended_at + shift_s,
            ending=self._ending,
            sent_at=None if self._sent_at is None else self._sent_at + shift_s,
            first_byte_at=None if self.first_byte_at is None else self.first_byte_at + shift_s,
            held_s=self._held_s,
            broken_off=self._broken_off,
            status=self.status,
        )

    def _waited(self) -> None:
        if self._waits_since is not None:
            self._held_s += _now() - self._waits_since
            self._waits_since = None


def _now() -> float:
    return asyncio.get_running_loop().time()
