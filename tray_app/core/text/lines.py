"""Lines for a terminal as values: text with a style, tables and line breaks that know how wide every script is."""

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
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def pad(text: str, columns: int) -> str:
    return text + " " * max(0, columns - width(text))


def cut(text: str, columns: int) -> str:
    """As much of the beginning as fits."""
    while width(text) > columns:
        text = text[:-1]
    return text


def in_turn(*sentences: str) -> str:
    """One after another; a full-width stop brings its own space."""
    made = ""
    for one in filter(None, sentences):
        made = f"{made}{'' if not made or made[-1] in NOT_FIRST else ' '}{one}"
    return made


def clean(text: str, limit: int = 200) -> str:
    """A name from outside, made safe to print: no control or direction characters, clipped."""
    kept = text
    if not text.isprintable():  # a quick way to know that none of them is there, in every row of every look
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
    """The line in pieces no wider than `columns`, broken at spaces, and between the characters of a script that has no
    spaces; later pieces hang under the first one's text, or under what stands beside its label. A command after `$`
    stays whole: the terminal breaks it so that it can be copied as one."""
    text = "".join(span.text for span in one)
    if width(text) <= columns or text.lstrip().startswith("$ "):
        return [one]
    hang = _hang(text, columns)
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


def _hang(text: str, columns: int) -> int:
    """Where later pieces begin: `* sentence`, `1. sentence`, `label   value`, but not `one  |  other`.

    A long label leaves them too little room.
    """
    label = re.match(r" *\S+(?: \S+)* {2,}(?=[^\s|])", text)
    if label is not None and width(label.group()) <= columns // 3:
        return width(label.group())
    sign = re.match(r" *(?:[*>] |\d+\. )?", text)
    return len(sign.group()) if sign is not None else 0


NOT_FIRST = frozenset("、。，．：；？！）」』】〉》〕〗％～ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ")
NOT_LAST = frozenset("（「『【〈《〔〖")
"""What begins and what ends no line (JIS X 4051; W3C, Requirements for Chinese Text Layout)."""


_SIGN = r"(?:[^\w\s|\u00b7\u2013\u2014,;:]|->)[ ](?=[^\s`('\"])"
"""It stands with the word that it is for."""
_NUMBER = r"\d[\d.,]*[ ](?:[KMGT]i?B|ms|s|min|h)(?!\w)\S*"
"""With its unit."""
_PATH = re.compile(r"""\s*[`(]?(?:'[^']*[/\\][^']*'|"[^"]*[/\\][^"]*")\S*""")
"""Quoted for a shell: in two lines it is another path to who copies it."""
_WORD = re.compile(rf"{_PATH.pattern}|\s*(?:{_SIGN})?(?:{_NUMBER}|\S+)|\s+$")


def _words(text: str) -> list[str]:
    """Words with the spaces before them, and with what belongs to them; where a script has no spaces, what may stand
    alone in a line."""
    return [piece for word in _WORD.findall(text) for piece in _parts(word)] or ([text] if text else [])


def _parts(word: str) -> list[str]:
    if word.isascii() or _PATH.fullmatch(word):
        return [word]
    begins = [at for at in range(1, len(word)) if _may_break(word[at - 1], word[at])]
    return [word[begin:end] for begin, end in zip((0, *begins), (*begins, len(word)), strict=True)]


def _may_break(before: str, after: str) -> bool:
    if before in NOT_LAST or after in NOT_FIRST or before.isspace() or before.isdigit():
        return False
    one_by_one = _stands_alone(before), _stands_alone(after)
    # Beside such a character a Latin word begins a line, and its brackets and stops stay with it.
    return all(one_by_one) or (one_by_one[0] and after not in ").,:;!?%/") or (one_by_one[1] and before not in "(/[")


def _stands_alone(char: str) -> bool:
    """A character beside which a line may break without a space: all wide ones but Korean, which has spaces."""
    return unicodedata.east_asian_width(char) in "WF" and not unicodedata.name(char, "").startswith("HANGUL")
