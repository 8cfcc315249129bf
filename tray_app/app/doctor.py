"""`elbowroom doctor`: asks every source once, times it, and reports what it said without anything private.

Works over named sources, so that the one file that wires the app decides what they are.
"""

import errno
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from tray_app.app.rhythm import unknown
from tray_app.core.report.doctor import Entry, EntryState, RawSource, Report, answered, is_text, shown
from tray_app.core.report.redact import Redactor, numeric_part
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.service import ServiceError
from tray_app.core.values.errors.storage import StorageError, StorageFault
from tray_app.core.values.reading import Unknown, Why
from tray_app.storage.files import storage_error


def _nothing() -> Mapping[str, bytes | Unknown]:
    return {}


class Probe(Struct, frozen=True):
    """Something that is read. `question` gives a Reading or a value, or raises a typed error.

    `ask_raw`: the OS's own bytes behind it, by name. `from_server`: its errors hold text of a server.
    """

    name: str
    question: Callable[[], object]
    ask_raw: Callable[[], Mapping[str, bytes | Unknown]] = field(default=_nothing)
    from_server: bool = False


def run(
    sources: Sequence[Probe],
    redactor: Redactor,
    versions: Sequence[tuple[str, str]] = (),
    clock: Callable[[], float] = time.perf_counter,
) -> Report:
    """Every source once, in order. An error of one is its entry, never the end."""
    entries = tuple(_entry(source, redactor, clock) for source in sources)
    return Report(tuple((name, redactor.name(version)) for name, version in versions), entries)


def capture(
    sources: Sequence[Probe],
    folder: Path,
    redactor: Redactor,
    versions: Sequence[tuple[str, str]] = (),
    clock: Callable[[], float] = time.perf_counter,
) -> Report:
    """The report and the raw numbers behind it as files in a new folder that only its owner may read.

    StorageError where the folder cannot be made or holds something already.
    """
    report = run(sources, redactor, versions, clock)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        if any(folder.iterdir()):
            raise StorageError(str(folder), "not empty", StorageFault.NOT_EMPTY, given=True)
        files = [_save(folder, f"{source.name}-{name}", data) for source, name, data in _numbers(sources, redactor)]
        names = [*files, "report.json"]
        report = replace(report, files=tuple(names))
        text = json.dumps(report.as_json(), indent=1)
        _write(folder / "report.json", text.encode())
    except OSError as error:
        raise storage_error(folder, error, given=True) from error
    return report


def _numbers(sources: Sequence[Probe], redactor: Redactor) -> list[tuple[Probe, str, bytes]]:
    found = []
    for source in sources:
        for name, data in source.ask_raw().items():
            kept = numeric_part(data, redactor) if isinstance(data, bytes) else None
            if kept is not None:
                found.append((source, name, kept))
    return found


def _save(folder: Path, name: str, data: bytes) -> str:
    safe = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "_" for char in name)[:80]
    file = f"{safe}.{'txt' if is_text(data) else 'bin'}"
    _write(folder / file, data)
    return file


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        path.chmod(0o600)
        file.write(data)


def _entry(source: Probe, redactor: Redactor, clock: Callable[[], float]) -> Entry:
    began = clock()
    try:
        answer = source.question()
    except ElbowroomError as error:
        return Entry(
            source.name,
            EntryState.FAILED,
            clock() - began,
            why=_why_of(error, redactor),
            error=type(error).__name__,
            raw=_raw(source, redactor),
        )
    seconds = clock() - began
    raw = _raw(source, redactor)
    return answered(source.name, answer, seconds, raw, redactor, ours=not source.from_server)


_SYSTEMS_WORDS = frozenset(os.strerror(code) for code in errno.errorcode)
"""The operating system's, never a server's."""


def _why_of(error: ElbowroomError, redactor: Redactor) -> Unknown:
    """A server's text may hold anything; where a file of ours cannot be read, the path is of use."""
    if isinstance(error, ServiceError):
        reason = unknown(error)
        return Unknown(reason.why, redactor.detail(reason.detail, ours=reason.detail in _SYSTEMS_WORDS))
    return Unknown(Why.BAD_ANSWER, redactor.text(" ".join(map(str, error.args))))


def _raw(source: Probe, redactor: Redactor) -> tuple[RawSource, ...]:
    ours = not source.from_server
    return tuple(shown(name, data, redactor, ours=ours) for name, data in source.ask_raw().items())
