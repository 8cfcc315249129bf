"""What `doctor` found, redacted: a value per source, and which signals work."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from tray_app.core.report.codec import encode
from tray_app.core.report.redact import Redactor, numeric_part
from tray_app.core.report.versions import VersionNote
from tray_app.core.values.reading import Known, Unknown
from tray_app.core.values.version import Json

SCHEMA = 1
SHOWN_BYTES = 4096


class Probed(StrEnum):
    """The sources, by their names in the JSON."""

    HOST = "host"
    MEMORY = "memory"
    GPU = "gpu"
    PROCESSES = "processes"
    CONTAINERS = "containers"
    CONNECTIONS = "connections"
    OLLAMA_LOG = "ollama-log"
    AUTOSTART = "autostart"
    TRAY_HOST = "tray-host"
    NOTICES = "notices"
    KEYCHAIN = "keychain"
    PYTHON_BUILD = "python-build"
    RELAY = "relay"
    OLLAMA_VERSION = "ollama-version"
    OLLAMA_LOADED = "ollama-loaded"
    OLLAMA_INSTALLED = "ollama-installed"
    REQUESTS = "requests"
    OPEN_WEBUI = "open-webui"
    OPEN_WEBUI_FEATURES = "open-webui-features"
    OPEN_WEBUI_ACCESS = "open-webui-access"
    OPEN_WEBUI_TASKS = "open-webui-tasks"
    OPEN_WEBUI_MODELS = "open-webui-models"
    OPEN_WEBUI_BUSY = "open-webui-busy"


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


class RelayFound(Struct, frozen=True):
    """What the relay of chat first says of itself."""

    pid: int
    port: int
    version: str
    upstream_ok: bool
    held: int
    broken_off: int


def answered(
    name: str, answer: object, seconds: float, raw: tuple[RawSource, ...], redactor: Redactor, *, ours: bool
) -> Entry:
    """The entry of a source that answered, with a Reading or a plain value. `ours`: not the words of a server."""
    if isinstance(answer, Unknown):
        return Entry(name, EntryState.UNKNOWN, seconds, why=_redacted(answer, redactor, ours=ours), raw=raw)
    value = answer.value if isinstance(answer, Known) else answer
    missing = tuple((path, _redacted(why, redactor, ours=ours)) for path, why in missing_parts(value))
    return Entry(name, EntryState.WORKS, seconds, redactor.value(value), raw=raw, missing=missing)


def shown(name: str, data: bytes | Unknown, redactor: Redactor, *, ours: bool) -> RawSource:
    if isinstance(data, Unknown):
        return RawSource(name, None, _redacted(data, redactor, ours=ours))
    kept = numeric_part(data, redactor)
    text = None
    if kept is not None:
        text = kept.decode("ascii") if is_text(kept) else kept[:SHOWN_BYTES].hex()
    return RawSource(name, len(data), text=text)


def is_text(data: bytes) -> bool:
    return data.isascii() and b"\0" not in data


def _redacted(why: Unknown, redactor: Redactor, *, ours: bool) -> Unknown:
    return Unknown(why.why, redactor.detail(why.detail, ours=ours))


class Report(Struct, frozen=True):
    """`versions`: program -> version, redacted. `files` are those that a capture wrote."""

    versions: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    files: tuple[str, ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    """Server -> where it is looked for, redacted."""
    notes: tuple[VersionNote, ...] = ()
    """Of the servers that answered."""
    newer: str | None = None
    """What Open WebUI says of a newer version, where it was asked: empty where it could not find out."""

    def as_json(self) -> dict[str, Json]:
        return {
            "schema": SCHEMA,
            "versions": dict(self.versions),
            "addresses": dict(self.addresses),
            "sources": [_entry(entry) for entry in self.entries],
            "files": list(self.files),
            "releases": encode(self.notes),
            "newest_told": self.newer,
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
