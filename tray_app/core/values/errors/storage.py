"""Our own files, and lines of the settings file."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.errors.base import ElbowroomError


class StorageFault(StrEnum):
    """What keeps a file from being used, as far as the system says."""

    DISK_FULL = "disk-full"
    MISSING = "missing"
    DENIED = "denied"
    READ_ONLY = "read-only"
    EXISTS = "exists"
    NOT_EMPTY = "not-empty"
    PATH_TOO_LONG = "path-too-long"
    COMMAND_TOO_LONG = "command-too-long"  # does not fit where it is to be stored, as Windows' Run key
    OPEN_TO_OTHERS = "open-to-others"  # a file with a secret that others may read
    NO_CERTIFICATES = "no-certificates"
    DAMAGED = "damaged"  # kept under another name, and begun anew
    NEWER = "newer"  # a newer version of this app wrote it
    OTHER = "other"


class StorageError(ElbowroomError):
    """`path` may hold the home folder: the view shortens it. `reason` is the OS's own text.

    `given`: a person named this very file on the command line; else it is one of ours.
    """

    def __init__(
        self, path: str, reason: str, fault: StorageFault = StorageFault.OTHER, *, given: bool = False
    ) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason
        self.fault = fault
        self.given = given


class JournalDamaged(ElbowroomError):
    """Lines of the journal that do not count: the changes they tell of may not be offered for undo. Counted from 1.

    `newer`: a newer version of this app wrote them all, and nothing is wrong with them.
    """

    def __init__(self, path: str, lines: tuple[int, ...], *, newer: bool) -> None:
        super().__init__(path, lines)
        self.path = path
        self.lines = lines
        self.newer = newer


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


class WriteFault(StrEnum):
    """Why keys were not written into the settings file. Nothing was changed in it."""

    CHANGED_MEANWHILE = "changed-meanwhile"  # since the person saw it
    DAMAGED = "damaged"  # no TOML: first a person has to mend it
    NOT_UTF8 = "not-utf-8"
    TOO_BIG = "too-big"
    TOO_ODD = "too-odd"  # the key cannot be set in it without changing more
    REFUSED = "refused"  # `problem` says which value does not hold


class SettingsNotWritten(ElbowroomError):
    """`line` counts from 1, where one is known."""

    def __init__(
        self, path: str, fault: WriteFault, line: int | None = None, problem: SettingProblem | None = None
    ) -> None:
        super().__init__(path, fault, line)
        self.path = path
        self.fault = fault
        self.line = line
        self.problem = problem
