"""The clock of a story that is always the same: it moves when the story says so."""


class StoryClock:
    """Seconds that only `pass_` moves; given to the played machine for its pressure."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        return self._now

    def pass_(self, seconds: float) -> None:
        self._now += seconds
