"""Plan files: read from a file or from standard input, written as a new file."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import tomlkit

from tray_app.core.tasks.plan_file import FORMAT, FORMAT_KEY, LARGEST_BYTES
from tray_app.core.values.errors.plan_file import PlanFileError, PlanFileFault
from tray_app.core.values.version import Json
from tray_app.storage.files import storage_error, write_all
from tray_app.storage.toml import NotToml, TomlFault, as_text, document, read_given, read_stream

_FAULTS = {
    TomlFault.NOT_UTF8: PlanFileFault.NOT_UTF8,
    TomlFault.NOT_TOML: PlanFileFault.NOT_TOML,
    TomlFault.TOO_BIG: PlanFileFault.TOO_BIG,
}


def read(path: Path | None, standard_input: BinaryIO) -> dict[str, Any]:
    """What a file says, or standard input where none is named. PlanFileError, StorageError."""
    try:
        data = read_stream(standard_input, LARGEST_BYTES) if path is None else read_given(path, LARGEST_BYTES)
        return document(as_text(data.removeprefix(b"\xef\xbb\xbf")))
    except NotToml as error:
        raise PlanFileError(_FAULTS[error.fault], line=error.line) from error


def text(head: Iterable[str], entries: Iterable[tuple[tuple[str, ...], str, Json]]) -> str:
    """A file of remarks and keys. An entry without a value (None) is remarks alone, an empty remark an empty line."""
    lines = [*_remarks(head), "", tomlkit.dumps({FORMAT_KEY: FORMAT}).strip()]
    for remarks, key, value in entries:
        lines += _remarks(remarks)
        if value is not None:
            # Without inline tables where they are empty tomlkit would write nothing at all.
            lines.append(tomlkit.dumps({key: tomlkit.inline_table() if value == {} else value}).strip())
    return "\n".join(lines) + "\n"


def _remarks(remarks: Iterable[str]) -> Iterator[str]:
    return (f"# {one}" if one else "" for one in remarks)


def write(path: Path, content: str) -> None:
    """A new file with the usual rights: it is for others, too. StorageError where it is there or cannot be made."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, 0o666)
        try:
            write_all(descriptor, content.encode())
        except OSError:
            path.unlink(missing_ok=True)  # half a plan would be another plan
            raise
        finally:
            os.close(descriptor)
    except OSError as error:
        raise storage_error(path, error, given=True) from error
