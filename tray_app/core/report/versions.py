"""The versions at hand against what was known when this was built: older or newer, and with which faults."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from tray_app.core.report.overview import Overview
from tray_app.core.requests import releases as of_ollama
from tray_app.core.tasks import releases as of_open_webui
from tray_app.core.values.snapshot import Presence
from tray_app.core.values.version import FaultyReleases, ReleaseFault, Version, parse_version


class Program(StrEnum):
    """Values are stable: they appear in the JSON output."""

    OLLAMA = "ollama"
    OPEN_WEBUI = "open-webui"


class Age(StrEnum):
    """Against the newest release that was known. Values are stable: they appear in the JSON output."""

    OLDER = "older"
    SAME = "same"
    NEWER = "newer"
    UNKNOWN = "unknown"  # it does not say a version that can be read


class KnownFault(Struct, frozen=True):
    """`fixed`: the first release without it, as people write it."""

    fault: ReleaseFault
    fixed: str


class VersionNote(Struct, frozen=True):
    """`version` as the program says it; `newest`: what was out when this was built."""

    program: Program
    version: str
    newest: str
    age: Age
    faults: tuple[KnownFault, ...] = ()
    mended_by: str = ""
    """The first release that has none of them."""


_NEWEST = {Program.OLLAMA: of_ollama.NEWEST_KNOWN, Program.OPEN_WEBUI: of_open_webui.NEWEST_SEEN}
_FAULTS: dict[Program, Mapping[ReleaseFault, FaultyReleases]] = {
    Program.OLLAMA: of_ollama.FAULTS,
    Program.OPEN_WEBUI: of_open_webui.FAULTS,
}


def note(program: Program, version: str, *, gpu: bool = False) -> VersionNote:
    """`gpu`: one is known to be there, so that faults without one are none here."""
    number, newest = parse_version(version), _NEWEST[program]
    found = {
        fault: faulty.fixed
        for fault, faulty in _FAULTS[program].items()
        if number is not None and faulty.since <= number < faulty.fixed
        if not (gpu and fault is ReleaseFault.CPU_EVICTS)
    }
    faults = tuple(KnownFault(fault, _written(fixed)) for fault, fixed in found.items())
    mended_by = _written(max(found.values())) if found else ""
    return VersionNote(program, version, _written(newest), _age(number, newest), faults, mended_by)


def notes(seen: Overview) -> tuple[VersionNote, ...]:
    """Of the servers that answer."""
    made = []
    if seen.ollama is not None and seen.ollama.presence is Presence.RUNNING:
        made.append(note(Program.OLLAMA, seen.ollama.version, gpu=seen.gpu is not None))
    if seen.open_webui is not None:
        made.append(note(Program.OPEN_WEBUI, seen.open_webui.version))
    return tuple(made)


def _written(version: Version) -> str:
    return ".".join(map(str, version))


def _age(number: Version | None, newest: Version) -> Age:
    if number is None:
        return Age.UNKNOWN
    return Age.SAME if number == newest else Age.OLDER if number < newest else Age.NEWER
