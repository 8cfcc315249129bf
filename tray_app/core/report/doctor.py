"""What `doctor` found, redacted: a value per source, and which signals work."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.reading import Known, Unknown
from tray_app.core.values.version import Json

SCHEMA = 1


class EntryState(StrEnum):
    WORKS = "works"
    UNKNOWN = "unknown"
    FAILED = "failed"


class RawSource(Struct, frozen=True):
    """One thing the OS was asked. `size_bytes` None: it gave nothing, and `why` says the reason."""

    name: str
    size_bytes: int | None
    why: Unknown | None = None
    text: str | None = None
    """Its numbers as text, or hexadecimal for a structure; None where nothing of it may be shown."""


class Entry(Struct, frozen=True):
    """One source. `why` is set where the state is unknown; `error` is the name of the typed error where it failed."""

    name: str
    state: EntryState
    seconds: float
    value: Json = None
    why: Unknown | None = None
    error: str = ""
    raw: tuple[RawSource, ...] = ()
    missing: tuple[tuple[str, Unknown], ...] = ()
    """Parts of the value that are not known."""


class Report(Struct, frozen=True):
    """`versions`: program -> version, redacted. `files` are those that a capture wrote."""

    versions: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    files: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Json]:
        return {
            "schema": SCHEMA,
            "versions": dict(self.versions),
            "sources": [_entry(entry) for entry in self.entries],
            "files": list(self.files),
        }


def _entry(entry: Entry) -> Json:
    return {
        "name": entry.name,
        "state": entry.state.value,
        "seconds": round(entry.seconds, 6),
        "value": entry.value,
        "why": _why(entry.why),
        "error": entry.error,
        "raw": [
            {"name": raw.name, "size_bytes": raw.size_bytes, "why": _why(raw.why), "text": raw.text}
            for raw in entry.raw
        ],
        "missing": {path: _why(why) for path, why in entry.missing},
    }


def _why(unknown: Unknown | None) -> Json:
    return {"why": unknown.why.value, "detail": unknown.detail} if unknown else None


def missing_parts(value: object, path: str = "") -> Iterator[tuple[str, Unknown]]:
    """The Unknown readings inside a value, by the names of their fields."""
    match value:
        case Unknown():
            yield path, value
        case Known():
            yield from missing_parts(value.value, path)
        case Struct():
            for name in value.__struct_fields__:
                yield from missing_parts(getattr(value, name), f"{path}.{name}" if path else name)
