"""What the policy learns: how soon a person writes again, how long a task takes, when a client hangs up.

The newest few of each are kept and single outliers count for nothing: one long call of nature, one model that had to be
loaded. What is not known is None, and nothing is hoped of it.
"""

from collections.abc import Sequence

from msgspec import Struct

from tray_app.core.lanes.rules import LanesRules

KEPT = 9
ENOUGH = 3
"""Pauses that make a pace."""
FIRST_QUIET_S = 5.0
"""The quiet time of a person of whom less is known."""
SURELY = 0.8
"""A task should be done by this share of the pause after which messages begin to come."""
HARDLY = 1.5
"""After so many times the pause by which messages have come, this person has gone."""
MOST_USUAL = 200


def early(values: Sequence[float]) -> float:
    """The shortest but one of five and more."""
    return sorted(values)[len(values) // 5]


def late(values: Sequence[float]) -> float:
    """The longest but one of five and more."""
    return sorted(values)[-1 - len(values) // 5]


class Expected(Struct, frozen=True):
    """Counted from the end of an answer."""

    soon_s: float
    """Until then no message comes."""
    quiet_s: float
    """From then on none comes any more."""


def pace(pauses: Sequence[float], rules: LanesRules) -> Expected:
    if len(pauses) < ENOUGH:
        return Expected(0.0, rules.quiet(FIRST_QUIET_S))
    return Expected(SURELY * early(pauses), rules.quiet(HARDLY * late(pauses)))


class UsualTimes:
    """Of each kind of task on each model."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[float, ...]] = {}
        self._usual: dict[tuple[str, str], float] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def took(self, task: str, model: str, seconds: float) -> None:
        kept = (*self._kept.pop((task, model), ()), seconds)[-KEPT:]
        self._kept[task, model], self._usual[task, model] = kept, late(kept)
        if len(self._kept) > MOST_USUAL:
            oldest = next(iter(self._kept))
            del self._kept[oldest], self._usual[oldest]

    def took_longer(self, task: str, model: str, seconds: float) -> None:
        """It was broken off after so long: that alone says something where it usually takes less."""
        usual = self.usual(task, model)
        if usual is not None and seconds > usual:
            self.took(task, model, seconds)

    def usual(self, task: str, model: str) -> float | None:
        """Of a kind that never ran on the model: the longest of those that did."""
        if (usual := self._usual.get((task, model))) is not None:
            return usual
        return max((usual for (_, other), usual in self._usual.items() if other == model), default=None)


AGREE_S, AGREE_SHARE = 1.0, 0.05
"""Two clients that hung up after waits as near as this have the same limit."""
ONE_MOMENT_S = 2.0
"""Clients that hang up within it do so for one reason: their server was stopped, or it is one limit."""
BELIEVED_S = 86_400.0
"""How long a limit is believed in that nobody showed again."""


class Patience:
    """After how long clients hang up on tasks, learnt from two that did so at different times after the same wait."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None
        self._limit: tuple[float, float] | None = None

    def hung_up(self, waited_s: float, at: float) -> None:
        before, self._last = self._last, (waited_s, at)
        if before is None:
            return
        other, then = before
        if at - then <= ONE_MOMENT_S:
            self._last = before
        elif abs(waited_s - other) <= max(AGREE_S, AGREE_SHARE * other):
            self._limit = min(waited_s, other), at

    def stayed(self, waited_s: float) -> None:
        """A client got its answer after so long: it had more patience."""
        if self._limit is not None and waited_s > self._limit[0]:
            self._limit = None

    def limit_s(self, at: float) -> float | None:
        if self._limit is None or at > self._limit[1] + BELIEVED_S:
            return None
        return self._limit[0]
