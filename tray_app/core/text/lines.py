"""Lines for a terminal as values: text with a style, and tables whose columns line up in Korean too."""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct


class Style(StrEnum):
    """What a piece of text means; the terminal decides how that looks."""

    PLAIN = ""
    STRONG = "strong"
    FAINT = "faint"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class Span(Struct, frozen=True):
    text: str
    style: Style = Style.PLAIN


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """A line of plain strings and styled spans."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts)


def width(text: str) -> int:
    """Columns a terminal needs: wide East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def pad(text: str, columns: int) -> str:
    return text + " " * max(0, columns - width(text))


def clean(text: str, limit: int = 200) -> str:
    """A name from outside, made safe to print: no control or direction characters, clipped."""
    kept = "".join(char for char in text if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    return kept if len(kept) <= limit else kept[: limit - 3] + "..."


def table(header: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> list[Line]:
    """Columns as wide as their widest cell; the header is faint."""
    columns = [max(width(row[index]) for row in (header, *rows)) for index in range(len(header))]

    def joined(cells: Sequence[str]) -> str:
        return (indent + "  ".join(pad(cell, size) for cell, size in zip(cells, columns, strict=True))).rstrip()

    return [line(Span(joined(header), Style.FAINT)), *(line(joined(row)) for row in rows)]


def indented(lines: Sequence[Line], indent: str = "   ") -> list[Line]:
    return [(Span(indent), *one) for one in lines]


def wrapped(one: Line, columns: int) -> list[Line]:
    """The line in pieces no wider than `columns`, broken at spaces; later pieces hang under the first one's text."""
    text = "".join(span.text for span in one)
    if width(text) <= columns:
        return [one]
    hang = len(text) - len(text.lstrip(" "))
    hang += 2 if text[hang:].startswith(("* ", "> ")) else 0
    pieces: list[list[Span]] = [[]]
    used = 0
    for span in one:
        for word in _words(span.text):
            if used + width(word.rstrip(" ")) > columns and used > hang:
                pieces.append([Span(" " * hang), Span(word.lstrip(" "), span.style)])
                used = hang + width(word.lstrip(" "))
            else:
                pieces[-1].append(Span(word, span.style))
                used += width(word)
    return [tuple(piece) for piece in pieces]


def _words(text: str) -> list[str]:
    """Words with the spaces before them."""
    return re.findall(r"\s*\S+|\s+$", text) or ([text] if text else [])
