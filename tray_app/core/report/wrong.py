"""What can be wrong with a line of a recording, or with one value in it."""

from enum import StrEnum


class Wrong(StrEnum):
    TOO_LONG = "too-long"
    NOT_JSON = "not-json"
    SCHEMA = "schema"  # there, and none that this version reads
    BEFORE_IS_MISSING = "before-is-missing"  # it says what changed since a line that could not be read
    OTHER_POLL = "other-poll"  # it changes what the line before does not have
    NO_TIME = "no-time"  # no clock can show it
    MISSING = "missing"
    NO_NUMBER = "no-number"
    NO_WHOLE_NUMBER = "no-whole-number"
    TOO_LARGE = "too-large"
    NO_TEXT = "no-text"
    NO_TRUTH = "no-truth"
    NO_KNOWN_WORD = "no-known-word"
    NO_LIST = "no-list"
    LIST_LENGTH = "list-length"
    NO_OBJECT = "no-object"
    NO_READING = "no-reading"
