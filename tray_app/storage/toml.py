"""TOML from outside, with the line where it ends to be TOML. Nothing in it is judged."""

import re
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.files import read_file, storage_error

_AT_LINE = re.compile(r"\(at line (\d+)")


class TomlFault(StrEnum):
    NOT_UTF8 = "not-utf-8"
    NOT_TOML = "not-toml"
    TOO_BIG = "too-big"


class NotToml(Exception):
    """`line` counts from 1, where one is known."""

    def __init__(self, fault: TomlFault, line: int | None = None) -> None:
        super().__init__(fault, line)
        self.fault = fault
        self.line = line


def as_text(data: bytes) -> str:
    """NotToml where it is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise NotToml(TomlFault.NOT_UTF8, data.count(b"\n", 0, error.start) + 1) from error


def document(text: str) -> dict[str, Any]:
    """NotToml where it is none, or nested deeper than can be read."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = _AT_LINE.search(str(error))
        raise NotToml(TomlFault.NOT_TOML, int(found[1]) if found else None) from error


def read_given(path: Path, most: int) -> bytes:
    """A file that a person named. It never waits, and reads no more than `most`. NotToml, StorageError."""
    try:
        if path.stat().st_size > most:
            raise NotToml(TomlFault.TOO_BIG)
    except OSError as error:
        raise storage_error(path, error, given=True) from error
    try:
        return read_file(path) or b""
    except StorageError as error:
        raise StorageError(error.path, error.reason, error.fault, given=True) from error


def read_stream(stream: BinaryIO, most: int) -> bytes:
    """All of it. NotToml where it is more than `most`."""
    data = stream.read(most + 1)
    if len(data) > most:
        raise NotToml(TomlFault.TOO_BIG)
    return data
