"""Who has just been answered, and when each of them is likely to write again."""

from msgspec import Struct

from tray_app.core.lanes.pace import KEPT, Expected, pace
from tray_app.core.lanes.rules import LanesRules

MOST_PEOPLE = 1000
NOBODY_S = 0.3
"""Sooner after an answer no person writes: it is a program's next step, such as the result of a tool."""


class Writer(Struct):
    """`since`: the end of the latest answer, or a key pressed after it; `expected` counts from there."""

    pauses: tuple[float, ...] = ()
    running: int = 0
    answered_at: float | None = None
    since: float = 0.0
    expected: Expected = Expected()


class People:
    """Whoever is not named is taken for one person. The longest silent are forgotten first."""

    def __init__(self) -> None:
        self._known: dict[str, Writer] = {}
        self._near: dict[str, Writer] = {}
        """Those who may write again soon."""

    def __len__(self) -> int:
        return len(self._known)

    def asks(self, user: str, at: float) -> None:
        person = self._person(user)
        if person.answered_at is not None and at - person.answered_at >= NOBODY_S:
            person.pauses = (*person.pauses, at - person.answered_at)[-KEPT:]
        person.answered_at = None
        person.running += 1
        self._near.pop(user, None)

    def answered(self, user: str, at: float, rules: LanesRules, *, more_to_come: bool) -> None:
        """`more_to_come`: what ended stands before an answer, which is asked for next."""
        person = self._person(user)
        person.running -= 1
        if person.running:
            return
        person.since = at
        person.answered_at = None if more_to_come else at
        person.expected = Expected(0.0, rules.quiet_high_s) if more_to_come else pace(person.pauses, rules)
        self._near[user] = person

    def types(self, user: str, at: float, rules: LanesRules) -> None:
        """A message is being written: nothing may begin in the hope of being done before it."""
        person = self._person(user)
        if not person.running:
            person.since, person.expected = at, Expected(0.0, pace(person.pauses, rules).quiet_s)
            self._near[user] = person

    def opens(self, now: float, need_s: float | None, rules: LanesRules) -> float:
        """When work that needs so long (None: not known) may begin if nobody writes before that."""
        for user in [user for user, one in self._near.items() if one.since + one.expected.quiet_s <= now]:
            del self._near[user]
        at = now
        while (later := max((_opens(one, at, need_s, rules) for one in self._near.values()), default=at)) > at:
            at = later
        return at

    def _person(self, user: str) -> Writer:
        person = self._known.pop(user, None) or Writer()
        self._known[user] = person
        if len(self._known) > MOST_PEOPLE:
            silent = next((name for name, one in self._known.items() if not one.running and name != user), None)
            if silent is not None:
                del self._known[silent]
                self._near.pop(silent, None)
        return person


def _opens(person: Writer, at: float, need_s: float | None, rules: LanesRules) -> float:
    """Either it is done before this person writes again, or they have gone."""
    gone = person.since + person.expected.quiet_s
    if at >= gone:
        return at
    begin = max(at, person.since + rules.quiet_low_s)
    if need_s is not None and begin + need_s <= person.since + person.expected.soon_s:
        return begin
    return gone
