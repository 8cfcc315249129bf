"""Keys written into the user's settings.toml: comments, order and everything else in it stay as they are.

A key that stands commented out, as in the file that we begin, is set where it stands, and taken back to that.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from msgspec import Struct
from tomlkit.exceptions import TOMLKitError

from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.storage import SettingsNotWritten, StorageError, StorageFault, WriteFault
from tray_app.storage.files import make_folder, read_file, replace_file, stamp_of, typed_errors
from tray_app.storage.settings import decode
from tray_app.storage.settings_keys import Declared, Settings, declared, tables
from tray_app.storage.settings_template import shown, template
from tray_app.storage.toml import NotToml, as_text, document

LARGEST_BYTES = 1_000_000
"""No person's settings are as long; a larger file is something else by mistake."""
_LOCK_WAIT_S = 10.0
_BOM = b"\xef\xbb\xbf"
_TABLE = re.compile(r"\s*\[")


class _Text(Struct, frozen=True):
    """The file's text with plain line ends, and how they and the mark before them stood."""

    text: str
    mark: bytes
    windows: bool

    def bytes(self, text: str) -> bytes:
        return self.mark + (text.replace("\n", "\r\n") if self.windows else text).encode()


def seal_of(path: Path) -> str:
    """What tells whether a file is still the one that was shown: of its content, empty where there is none yet."""
    data = read_file(path)
    return "" if data is None else _seal(data)


def write_keys(path: Path, values: Mapping[str, object], seal: str | None = None) -> str:
    """Sets dotted keys (`limits.hold_s`); None takes one back to its default. Returns the seal of what was written.

    `seal`: of the file that the person saw; another one by now is refused. SettingsNotWritten where the file must not
    be touched or the values do not hold, StorageError where the disk says no. Then nothing is written.
    """
    import filelock

    target = Path(os.path.realpath(path))  # a link stays a link
    with typed_errors(target):
        make_folder(target.parent)
    try:
        with filelock.FileLock(target.with_name(target.name + ".lock"), timeout=_LOCK_WAIT_S):
            return _write(path, target, values, seal)
    except filelock.Timeout as error:
        raise ChangeError(Problem.OTHER_WRITER, str(path)) from error
    except OSError as error:  # of the lock's file
        raise StorageError(str(path), error.strerror or str(error)) from error


def _write(path: Path, target: Path, values: Mapping[str, object], seal: str | None) -> str:
    stamp = stamp_of(target)
    if stamp is not None and stamp.size > LARGEST_BYTES:
        raise SettingsNotWritten(str(path), WriteFault.TOO_BIG)
    before = read_file(target)
    if seal is not None and seal != ("" if before is None else _seal(before)):
        raise SettingsNotWritten(str(path), WriteFault.CHANGED_MEANWHILE)
    if before is not None and not os.access(target, os.W_OK):
        raise StorageError(str(path), "Permission denied", StorageFault.DENIED)
    found = _read(path, template().encode() if before is None else before)
    after = found.bytes(edited(path, found.text, values))
    _check(path, found.bytes(found.text), after, values)
    if after != before:
        if stamp_of(target) != stamp:
            raise SettingsNotWritten(str(path), WriteFault.CHANGED_MEANWHILE)
        replace_file(target, after, like=target)
    return _seal(after)


def _seal(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(path: Path, data: bytes) -> _Text:
    mark = _BOM if data.startswith(_BOM) else b""
    try:
        text = as_text(data[len(mark) :])
    except NotToml as error:
        raise SettingsNotWritten(str(path), WriteFault.NOT_UTF8, error.line) from error
    windows = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    return _Text(text.replace("\r\n", "\n") if windows else text, mark, windows)


def edited(path: Path, text: str, values: Mapping[str, object]) -> str:
    """The text with the values in it. SettingsNotWritten where it is no TOML, or could not be kept as it is."""
    wanted = _parsed(path, text)
    for name, value in values.items():
        key = _declared(name)
        plain = None if value is None else _plain(value)
        text = _taken_back(text, name, key, wanted) if plain is None else _set(text, name, plain, wanted)
        _put(wanted, name, plain)
    if not _says(text, wanted):
        raise SettingsNotWritten(str(path), WriteFault.TOO_ODD)
    return text


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    """Whether the text is this document. An empty table is as good as none: `limits.hold_s` was all that made it."""
    try:
        return _full(document(text)) == _full(wanted)
    except NotToml:
        return False


def _full(held: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in held.items() if value != {}}


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return document(text)
    except NotToml as error:
        raise SettingsNotWritten(str(path), WriteFault.DAMAGED, error.line) from error


def _declared(name: str) -> Declared:
    """KeyError where no such key is declared: a mistake of ours, not the user's."""
    table, _, key = name.rpartition(".")
    return declared(type(tables()[table].default) if table else Settings)[key]


def _plain(value: object) -> object:
    """As TOML has it: whole numbers without a point, lists."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return list(value) if isinstance(value, tuple) else value


def _put(held: dict[str, Any], name: str, value: object) -> None:
    table, _, key = name.rpartition(".")
    place = held
    if table:
        found = held.get(table)
        # `limits = 5` is to become a table, which no edit of ours makes of it: `edited` then says so.
        place = found if isinstance(found, dict) else {}
        if value is not None:
            held[table] = place
    if value is None:
        place.pop(key, None)
    else:
        place[key] = value


def _holds(held: Mapping[str, Any], name: str) -> bool:
    table, _, key = name.rpartition(".")
    place = held.get(table) if table else held
    return isinstance(place, dict) and key in place


def _set(text: str, name: str, value: object, held: Mapping[str, Any]) -> str:
    """Over the value that is there, else where the key stands commented out, else as a new line of its table."""
    if not _holds(held, name):
        line = _line_of(text, name, commented=True)
        if line is not None:
            lines = text.split("\n")
            lines[line] = f"{name.rpartition('.')[2]} = {shown(value)}"
            if _same(changed := "\n".join(lines), held, name, value):
                return changed
    return _with_value(text, name, value)


def _with_value(text: str, name: str, value: object) -> str:
    """Where tomlkit cannot, the text as it was: then it does not hold what was wanted, which `edited` sees."""
    table, _, key = name.rpartition(".")
    try:
        parsed: Any = tomlkit.parse(text)
        if table and table not in parsed:
            parsed[table] = tomlkit.table()
        place = parsed[table] if table else parsed
        place[key] = value
        return tomlkit.dumps(parsed)
    except (TOMLKitError, TypeError, ValueError):
        return text


def _taken_back(text: str, name: str, key: Declared, held: Mapping[str, Any]) -> str:
    """Commented out with its default, as a file of ours begins; the words beside it stay."""
    if not _holds(held, name):
        return text
    plain = _with_value(text, name, _plain(key.default))
    line = _line_of(plain, name, commented=False)
    if line is not None:
        lines = plain.split("\n")
        lines[line] = f"#{lines[line].lstrip()}"
        if _same(changed := "\n".join(lines), held, name, None):
            return changed
    try:
        parsed: Any = tomlkit.parse(text)
        place = parsed[name.rpartition(".")[0]] if "." in name else parsed
        place.remove(name.rpartition(".")[2])
        return tomlkit.dumps(parsed)
    except (TOMLKitError, TypeError, ValueError):
        return text


def _line_of(text: str, name: str, *, commented: bool) -> int | None:
    """The line in which a key stands in its own table. A guess by its form: the result is read again."""
    table, _, key = name.rpartition(".")
    wanted = re.compile((r"#\s*" if commented else r"\s*") + re.escape(key) + r"\s*=")
    here = ""
    for number, line in enumerate(text.split("\n")):
        if _TABLE.match(line):
            here = line.partition("#")[0].strip().strip("[]").strip()
        elif here == table and wanted.match(line):
            return number
    return None


def _same(text: str, held: Mapping[str, Any], name: str, value: object) -> bool:
    """Whether the text says what was held, but for this key."""
    wanted = {key: dict(one) if isinstance(one, dict) else one for key, one in held.items()}
    _put(wanted, name, value)
    return _says(text, wanted)


def _check(path: Path, before: bytes, after: bytes, values: Mapping[str, object]) -> None:
    """What is wrong with the file afterwards and was not before: a value out of its bounds, keys that contradict."""
    _, known = decode(before, path.parent)
    _, found = decode(after, path.parent)
    old = {(problem.key, problem.fault, problem.given) for problem in known}
    for problem in found:
        if problem.key in values or (problem.key, problem.fault, problem.given) not in old:
            raise SettingsNotWritten(str(path), WriteFault.REFUSED, problem=problem)
