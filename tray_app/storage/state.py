"""What the app itself remembers between runs, as one small JSON file that is replaced as a whole."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from tray_app.core.values.errors import ChangeError, Problem
from tray_app.core.values.version import Json
from tray_app.storage.files import Stamp, make_folder, read_file, replace_file, stamp_of, storage_error, typed_errors

VERSION = 1
_LOCK_WAIT_S = 10.0


class State(Struct, frozen=True):
    """Times are Unix seconds. A new field needs a default, a line in `_decoded` and no new version."""

    connected_url: str = ""
    """The Open WebUI that `connect` was last successful with."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Origin -> where its token is: `keychain` or `file`."""
    snoozed_until: float | None = None
    notices_only_critical: bool = False
    muted: tuple[str, ...] = ()
    """Causes that the user does not want to hear of again: `kind subject`."""
    language: str = ""
    """Chosen in the menu; the settings file wins."""
    first_run_done: bool = False
    relief_change_id: str = ""
    """The journal id of the change that automatic relief made and has to take back."""
    relief_remedy: str = ""
    relief_at: float | None = None
    """When automatic relief last applied or took back."""
    relief_blocked: str = ""
    """The remedy that the user undid: relief leaves it alone."""
    told: Mapping[str, float] = field(default_factory=dict)
    """Cause -> when its notice was shown, so that a restart does not repeat it."""
    unknown: Mapping[str, Json] = field(default_factory=dict)
    """Keys of a newer version, kept when the file is written."""


class StateFile:
    """Command line and tray may change it at the same time: `update` reads, changes and writes under a lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: tuple[Stamp | None, State] = (None, State())

    def read(self) -> State:
        """The state, read again only when the file is another one; missing or damaged: the first-run state.

        StorageError where it cannot be read.
        """
        stamp = stamp_of(self.path)
        if stamp != self._known[0]:
            self._known = (stamp, _decode(read_file(self.path) or b"")[0])
        return self._known[1]

    def update(self, change: Callable[[State], State]) -> State:
        """Write what `change` makes of the current state. A damaged file is set aside first, not lost."""
        import filelock  # only who writes needs it: a command that looks starts sooner

        with typed_errors(self.path):
            make_folder(self.path.parent)
            try:
                with filelock.FileLock(self.path.with_name(self.path.name + ".lock"), timeout=_LOCK_WAIT_S):
                    state, damaged = _decode(read_file(self.path) or b"")
                    changed = change(state)
                    if damaged:
                        self._set_aside()
                    if damaged or changed != state:
                        replace_file(self.path, _encode(changed))
                    return changed
            except filelock.Timeout as error:
                raise ChangeError(Problem.OTHER_WRITER, str(self.path)) from error

    def _set_aside(self) -> None:
        """Keep the damaged bytes under the first free name `state.json.damaged-N`."""
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        try:
            self.path.rename(aside)
        except OSError as error:
            raise storage_error(aside, error) from error


def _encode(state: State) -> bytes:
    document: dict[str, Any] = {name: getattr(state, name) for name in State.__struct_fields__ if name != "unknown"}
    document = {**state.unknown, "version": VERSION, **document}
    document["secrets"] = dict(state.secrets)
    document["told"] = dict(state.told)
    return (json.dumps(document, indent=2) + "\n").encode("ascii")


def _decode(data: bytes) -> tuple[State, bool]:
    """The state, and whether something in the file was unusable (damage, or a newer version's layout)."""
    if not data.strip():
        return State(), False
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return State(), True
    if not isinstance(document, dict) or document.get("version") != VERSION:
        return State(), True
    known = set(State.__struct_fields__) - {"unknown"}
    good = {key: value for key in known & document.keys() if (value := _decoded(key, document[key])) is not None}
    unknown = {key: value for key, value in document.items() if key not in known and key != "version"}
    damaged = any(key not in good and document[key] is not None for key in known & document.keys())
    return replace(State(), **good, unknown=MappingProxyType(unknown)), damaged


_TEXTS = frozenset({"connected_url", "language", "relief_change_id", "relief_remedy", "relief_blocked"})
_SWITCHES = frozenset({"notices_only_critical", "first_run_done"})
_TIMES = frozenset({"snoozed_until", "relief_at"})
_PLACES = ("keychain", "file")


def _decoded(key: str, value: Any) -> Any:
    """The value as its field wants it; None where it does not fit."""
    decoded: Any = None
    if (key in _TEXTS and type(value) is str) or (key in _SWITCHES and type(value) is bool):
        decoded = value
    elif key in _TIMES and _is_time(value):
        decoded = float(value)
    elif key == "muted" and type(value) is list and all(type(one) is str for one in value):
        decoded = tuple(value)
    elif key == "told" and type(value) is dict and all(map(_is_time, value.values())):
        decoded = MappingProxyType({cause: float(at) for cause, at in value.items()})
    elif key == "secrets" and type(value) is dict and all(place in _PLACES for place in value.values()):
        decoded = MappingProxyType(value)
    return decoded


def _is_time(value: object) -> bool:
    """A JSON number that a clock can show; JSON's true is none, and 1e999 is infinite."""
    return type(value) in {int, float} and abs(value) < 1e15  # type: ignore[arg-type]  # a number by then
