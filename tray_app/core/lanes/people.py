"""Who has just been answered, and when each of them is likely to write again."""

from itertools import islice

from msgspec import Struct

from tray_app.core.lanes.pace import KEPT, Expected, pace
from tray_app.core.lanes.rules import LanesRules

MOST_PEOPLE = 1000
CROWD = 20
"""Of more people at once nothing is hoped: somebody will write."""
LOOK_EVERY_S = 1.0
"""How often those who have gone are looked for in a crowd."""
NOBODY_S = 0.3
"""Sooner after an answer no person writes: it is a program's next step, such as the result of a tool."""


class _Writer(Struct):
    """What is known of a person. `answered_at`: None while they have asked, or wait for more than they were given."""

    pauses: tuple[float, ...] = ()
    running: int = 0
    answered_at: float | None = None


class _Near(Struct, frozen=True):
    """Somebody who may write again. `since`: the end of the latest answer, or a key pressed after it."""

    since: float
    soon_s: float
    gone_at: float


class People:
    """Whoever is not named is taken for one person. The longest silent are forgotten first."""

    def __init__(self) -> None:
        self._known: dict[str, _Writer] = {}
        self._near: dict[str, _Near] = {}
        self._looked_at = 0.0
        self._last: float | None = None
        """When all who are near have gone; None: to be worked out anew."""

    def __len__(self) -> int:
        return len(self._known)

    def asks(self, user: str, at: float) -> None:
        person = self._person(user)
        if person.answered_at is not None and at - person.answered_at >= NOBODY_S:
            person.pauses = (*person.pauses, at - person.answered_at)[-KEPT:]
        person.answered_at = None
        person.running += 1

    def answered(self, user: str, at: float, rules: LanesRules, *, more_to_come: bool) -> None:
        """`more_to_come`: what ended stands before an answer, which is asked for next."""
        person = self._person(user)
        person.running -= 1
        if not person.running:
            person.answered_at = None if more_to_come else at
            expected = Expected(0.0, rules.quiet_high_s) if more_to_come else pace(person.pauses, rules)
            self._is_near(user, at, expected)

    def types(self, user: str, at: float, rules: LanesRules) -> None:
        """A message is being written: nothing may begin in the hope of being done before it."""
        person = self._person(user)
        if not person.running:
            self._is_near(user, at, Expected(0.0, pace(person.pauses, rules).quiet_s))

    def opens(self, now: float, need_s: float | None, rules: LanesRules) -> float:
        """When work that needs so long (None: not known) may begin if nobody writes before that.

        Asked with every request: in a crowd it is when all have gone, which costs nothing to know.
        """
        if self._last is None or now - self._looked_at >= LOOK_EVERY_S:
            self._near = {user: one for user, one in self._near.items() if one.gone_at > now}
            self._last = max((one.gone_at for one in self._near.values()), default=now)
            self._looked_at = now
        if self._last <= now:
            return now
        if need_s is None or len(self._near) > CROWD:
            return self._last
        at = now
        while (later := max(_opens(one, at, need_s, rules) for one in self._near.values())) > at:
            at = later
        return at

    def _is_near(self, user: str, since: float, expected: Expected) -> None:
        person = _Near(since, expected.soon_s, since + expected.quiet_s)
        if user in self._near or self._last is None:
            self._last = None
        else:
            self._last = max(self._last, person.gone_at)
        self._near[user] = person

    def _person(self, user: str) -> _Writer:
        person = self._known.pop(user, None) or _Writer()
        self._known[user] = person
        silent = (name for name, one in self._known.items() if not one.running and name != user)
        for name in list(islice(silent, max(0, len(self._known) - MOST_PEOPLE))):
            del self._known[name]
            if self._near.pop(name, None) is not None:
                self._last = None
        return person


def _opens(person: _Near, at: float, need_s: float, rules: LanesRules) -> float:
    """Either it is done before this person writes again, or they have gone."""
    if at >= person.gone_at:
        return at
    begin = max(at, person.since + rules.quiet_low_s)
    return begin if begin + need_s <= person.since + person.soon_s else person.gone_at
