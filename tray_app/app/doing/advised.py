"""Whether Ollama, once it was started again, runs with what was advised: seen by itself, and said once."""

from collections.abc import Iterable

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.remedies.ollama_settings import InEffect, in_effect, server_since, setting_now
from tray_app.core.values.remedy import ADVISED, Advice, AdviceKind, Remedy

LOOKS = 2
"""A server is judged when it was seen as often: its log has told its settings by then."""


class AdviceWatch:
    """Owned by one thread. Advice counts for the server that it was given for, until that one is started again."""

    def __init__(self) -> None:
        self._server: tuple[int, float] | None = None
        self._seen = 0
        self._given: set[AdviceKind] = set()
        self._asked: set[AdviceKind] = set()
        self._due: set[AdviceKind] = set()

    def copied(self, text: str) -> None:
        """Somebody took a step of it to the clipboard: then it is also said if it did not take effect."""
        self._asked |= {kind for kind in self._given if ADVISED[kind][0] in text}

    def look(self, facts: Facts, remedies: Iterable[Remedy]) -> tuple[tuple[AdviceKind, InEffect, str], ...]:
        """What to say now: the kind, whether it is in effect, and what the setting is."""
        server = server_since(facts)
        if server is None:
            return ()
        if server != self._server:
            self._due = self._given if self._server is not None else set()
            self._server, self._seen, self._given = server, 0, set()
        self._seen += 1
        if self._seen < LOOKS:
            return ()
        told = [(kind, in_effect(kind, facts), setting_now(kind, facts)) for kind in sorted(self._due)]
        asked, self._due = self._asked, set()
        self._asked = self._asked - {kind for kind, _, _ in told}
        self._given |= {one.kind for one in remedies if isinstance(one, Advice)}
        return tuple(one for one in told if one[1] is InEffect.YES or (one[1] is InEffect.NO and one[0] in asked))
