"""A recording that may be sent to others: what `doctor` hides is hidden, and it still replays to the same diagnosis.

So a text is not cut out but exchanged: the same text for the same stand-in, wherever and whenever it appears.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.report.redact import ALLOWED, Redactor
from tray_app.core.values.reading import Known, Unknown, Unseen
from tray_app.core.values.snapshot import Snapshot

_OUR_WORDS = frozenset(word.value for word in Unseen)


class Anonymous:
    """Remembers its stand-ins for the polls of one recording."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._stand_ins: dict[str, str] = {}

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        names = frozenset(text for text in _allowed_texts(snapshot) if self._redactor.name(text) == text)
        exchanged = self._exchanged(snapshot, names)
        assert isinstance(exchanged, Snapshot)
        return exchanged

    def _exchanged(self, value: Any, names: frozenset[str]) -> Any:
        """`names`: texts that some field may show, so that every field may."""
        made = value
        match value:
            case StrEnum():
                pass
            case str():
                made = self._text(value, names)
            case Unknown(why, detail):
                made = value if detail in _OUR_WORDS else Unknown(why, self._redactor.detail(detail, ours=False))
            case Struct():
                fields = {name: self._exchanged(getattr(value, name), names) for name in value.__struct_fields__}
                made = replace(value, **fields)
            case tuple() | list():
                made = type(value)(self._exchanged(one, names) for one in value)
            case dict():
                made = {self._exchanged(key, names): self._exchanged(one, names) for key, one in value.items()}
        return made

    def _text(self, text: str, names: frozenset[str]) -> str:
        known = self._stand_ins.get(text)
        if known is None and (not text or text in names):
            return text
        return known or self._stand_ins.setdefault(text, f"hidden-{len(self._stand_ins) + 1}")


def _allowed_texts(value: object, *, allowed: bool = False) -> Iterator[str]:
    match value:
        case StrEnum():
            pass
        case str():
            if allowed:
                yield value
        case Known(known):
            yield from _allowed_texts(known, allowed=allowed)
        case Struct():
            listed = ALLOWED.get(type(value).__name__, frozenset())
            for name in value.__struct_fields__:
                yield from _allowed_texts(getattr(value, name), allowed=name in listed)
        case tuple() | list():
            for one in value:
                yield from _allowed_texts(one, allowed=allowed)
