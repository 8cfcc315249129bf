"""Names from outside, made fit for a menu row: one line, short, and unable to reorder the words around them."""

import unicodedata
from functools import lru_cache

from tray_app.core.text import lines
from tray_app.core.text.lines import clean

NAME_LIMIT = 40
ROW_LIMIT = 110
# Characters that start a right-to-left run (Unicode Standard Annex 9, table 4).
_RIGHT_TO_LEFT = {"R", "AL"}
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"


def short(name: str, limit: int = NAME_LIMIT) -> str:
    """A model's, host's or program's name. The middle is cut: the tag at the end tells models apart."""
    kept = clean(" ".join(name.split()), limit=10_000)
    if len(kept) > limit:
        tail = limit // 3
        kept = f"{kept[: limit - tail - 3]}...{kept[-tail:]}"
    if not kept.isascii() and any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in kept):
        return f"{_ISOLATE}{kept}{_END_ISOLATE}"
    return kept


def row_text(text: str, limit: int = ROW_LIMIT) -> str:
    """A finished sentence as a row: one line, clipped at a word. Isolates of `short` stay."""
    kept = " ".join(text.split())
    if not kept.isprintable():
        kept = "".join(
            char
            for char in kept
            if char in (_ISOLATE, _END_ISOLATE) or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}
        )
    if len(kept) <= limit:
        return kept
    cut = kept[: limit - 3]
    head, space, _ = cut.rpartition(" ")
    cut = head if space and len(head) > limit // 2 else cut
    return f"{cut}...{_END_ISOLATE}" if cut.count(_ISOLATE) > cut.count(_END_ISOLATE) else f"{cut}..."


@lru_cache(maxsize=512)
def wrapped(text: str, columns: int = 80) -> tuple[str, ...]:
    """A sentence as lines of a menu. Most of them are the same in every look, and breaking them is half of its work."""
    pieces = lines.wrapped(lines.line(row_text(text, 10_000)), columns) if text else []
    return tuple("".join(span.text for span in piece) for piece in pieces)
