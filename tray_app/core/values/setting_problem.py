"""What is wrong with a line of the user's settings file, as facts; core/text/settings.py makes the sentence."""

from enum import StrEnum

from msgspec import Struct


class SettingFault(StrEnum):
    UNKNOWN_KEY = "unknown-key"  # `expected` is the nearest right key, or empty
    WRONG_TYPE = "wrong-type"  # `expected` is one of the type words: number, text, true-or-false, list-of-texts, table
    OUT_OF_RANGE = "out-of-range"  # `expected` is "LOW..HIGH"
    NOT_A_CHOICE = "not-a-choice"  # `expected` is the choices, joined with ", "
    NOT_A_URL = "not-a-url"  # `expected` is an example
    URL_WITH_LOGIN = "url-with-login"
    NO_SUCH_FILE = "no-such-file"
    CONTRADICTION = "contradiction"  # `expected` is the relation that must hold, in keys
    SYNTAX = "syntax"  # not TOML; `given` is the parser's own text
    NOT_UTF8 = "not-utf-8"
    UNREADABLE = "unreadable"  # `given` is the OS's own text


class SettingProblem(Struct, frozen=True):
    """`key` is dotted (`limits.hold_s`), empty for the file as a whole. `line` counts from 1."""

    key: str
    given: str
    expected: str
    fault: SettingFault
    line: int | None = None
