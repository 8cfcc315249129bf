"""TOML text to a document with the line of every key; a line that is no TOML is reported and left out."""

import re
import tomllib
from collections.abc import Mapping

from msgspec import Struct

from tray_app.core.values.errors.storage import SettingFault, SettingProblem

_MOST_BAD_LINES = 20
_KEY_LINE = re.compile(r"""\s*["']?([\w-]+(?:\.[\w-]+)*)["']?\s*=""")
_TABLE_LINE = re.compile(r"""\s*\[\s*["']?([\w.-]+)["']?\s*\]""")
_AT_LINE = re.compile(r"\(at line (\d+)")


class SettingsText(Struct, frozen=True):
    document: Mapping[str, object]
    lines: Mapping[str, int]
    """Dotted key or table name -> its line, counted from 1."""
    problems: tuple[SettingProblem, ...]

    def table(self, name: str) -> Mapping[str, object]:
        """A sub-table; empty where it is missing or no table (which is reported as a wrong type elsewhere)."""
        found = self.document.get(name)
        return found if isinstance(found, dict) else {}


def parse(data: bytes) -> SettingsText:
    """Bytes of any kind: a byte-order mark (Notepad), CRLF, another encoding, no TOML at all."""
    problems: list[SettingProblem] = []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(SettingProblem("", "", "", SettingFault.NOT_UTF8, line))
        text = data.decode("utf-8-sig", errors="replace")
    lines = text.replace("\r\n", "\n").split("\n")
    document, syntax = _parse_lines(lines)
    return SettingsText(document, _key_lines(lines), (*problems, *syntax))


def _parse_lines(lines: list[str]) -> tuple[Mapping[str, object], list[SettingProblem]]:
    """Leave out bad lines one by one, so that one typing error does not cost the other settings."""
    kept = list(lines)
    problems: list[SettingProblem] = []
    while True:
        try:
            return tomllib.loads("\n".join(kept)), problems
        except (ValueError, RecursionError) as error:  # TOMLDecodeError; a number of 5,000 digits; 50,000 brackets
            number = _line_of(error, kept)
            problems.append(SettingProblem("", "", "", SettingFault.SYNTAX, number))
            if len(problems) > _MOST_BAD_LINES:
                return {}, problems
            kept[number - 1] = ""


def _line_of(error: ValueError | RecursionError, lines: list[str]) -> int:
    """The parser says `(at line 3, column 5)` or `(at end of document)`: then the last line with text.

    Of errors that are not its own it says nothing: the longest line is the likeliest.
    """
    if not isinstance(error, tomllib.TOMLDecodeError):
        return max(range(1, len(lines) + 1), key=lambda number: len(lines[number - 1]))
    match = _AT_LINE.search(str(error))
    number = int(match[1]) if match else len(lines)
    # An unclosed text is told at the line after it: blame the nearest one that still has something in it.
    full = [index for index, line in enumerate(lines, 1) if line.strip(" \t")]
    return max((index for index in full if index <= number), default=min(full, default=number))


def _key_lines(lines: list[str]) -> dict[str, int]:
    """tomllib keeps no positions; a line-wise look is enough for flat keys and one level of tables."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(lines, 1):
        if match := _TABLE_LINE.match(line):
            table = f"{match[1]}."
            found.setdefault(match[1], number)
        elif match := _KEY_LINE.match(line):
            found.setdefault(table + match[1], number)
    return found
