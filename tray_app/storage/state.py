"""What the app itself remembers between runs, as one small JSON file that is replaced as a whole."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.token import is_base_url, is_origin
from tray_app.core.values.units import is_time
from tray_app.core.values.version import Json
from tray_app.storage.files import Stamp, make_folder, read_file, replace_file, stamp_of, storage_error, typed_errors

VERSION = 1
_LOCK_WAIT_S = 10.0


class State(Struct, frozen=True):
    """Times are Unix seconds. A new field needs a default, a line in `_decoded` and no new version."""

    connected_url: str = ""
    """The Open WebUI that `connect` was last successful with."""
    ollama_urls: tuple[str, ...] = ()
    """The Ollama servers that it used then, as they are reached from here."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Origin -> where its token is: `keychain` or `file`."""
    snoozed_until: float | None = None
    notices_only_critical: bool = False
    muted: tuple[str, ...] = ()
    """Causes that the user does not want to hear of again: `kind subject`."""
    language: str = ""
    """Chosen in the menu; the settings file wins."""
    icon_when_tight: bool = False
    relief_chosen: str = ""
    """The remedy of automatic relief, empty for none. Both chosen in the menu; the settings file wins."""
    first_run_done: bool = False
    relief_change_id: str = ""
    """The journal id of the change that automatic relief made and has to take back."""
    relief_remedy: str = ""
    relief_made: tuple[str, ...] = ()
    """The journal ids of what automatic relief changed, the newest last."""
    relief_at: float | None = None
    """When automatic relief last applied or took back."""
    relief_blocked: str = ""
    """The remedy that the user undid: relief leaves it alone."""
    chat_first_paused: bool = False
    """Quit took chat first back; the next start puts it back."""
    receipt_told: str = ""
    """The change of which a notice told what it brought."""
    told: Mapping[str, float] = field(default_factory=dict)
    """Cause -> when its notice was shown, so that a restart does not repeat it."""
    unknown: Mapping[str, Json] = field(default_factory=dict)
    """Keys of a newer version, kept when the file is written."""


class StateFile:
    """Command line and tray may change it at the same time: `update` reads, changes and writes under a lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: StorageError | None = None
        """Why the file could not be read the last time."""
        self._known: tuple[Stamp | None, State] = (None, State())

    def read(self) -> State:
        """The state, read again only when the file is another one; missing, damaged or unreadable: the first-run state.

        It never raises: what the app remembers is worth less than the app. `problem` says what is wrong.
        """
        try:
            stamp = stamp_of(self.path)
            if stamp != self._known[0]:
                self._known = (None, State())
                self._known = (stamp, _decode(read_file(self.path) or b"")[0])
            self.problem = None
        except StorageError as error:
            self.problem = error
        return self._known[1]

    def update(self, change: Callable[[State], State]) -> State:
        """Write what `change` makes of the current state. A damaged or unreadable file is set aside first, not lost."""
        import filelock  # only who writes needs it: a command that looks starts sooner

        with typed_errors(self.path):
            make_folder(self.path.parent)
            try:
                with filelock.FileLock(self.path.with_name(self.path.name + ".lock"), timeout=_LOCK_WAIT_S):
                    state, damaged = self._found()
                    changed = change(state)
                    if damaged:
                        self._set_aside()
                    if damaged or changed != state:
                        replace_file(self.path, _encode(changed))
                    return changed
            except filelock.Timeout as error:
                raise ChangeError(Problem.OTHER_WRITER, str(self.path)) from error

    def _found(self) -> tuple[State, bool]:
        """As `_decode`. What cannot be read (a folder, a file of root's) is as good as damaged."""
        try:
            return _decode(read_file(self.path) or b"")
        except StorageError:
            return State(), True

    def _set_aside(self) -> None:
        """Keep the damaged bytes under the first free name `state.json.damaged-N`."""
        number = 1
        while os.path.exists(aside := self.path.with_name(f"{self.path.name}.damaged-{number}")):
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
    try:
        text = json.dumps(document, indent=2)
    except RecursionError:  # what a newer version added is nested deeper than can be written
        text = json.dumps({name: value for name, value in document.items() if name not in state.unknown}, indent=2)
    return f"{text}\n".encode("ascii")


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


_TEXTS = frozenset({"language", "relief_chosen", "relief_change_id", "relief_remedy", "relief_blocked", "receipt_told"})
_SWITCHES = frozenset({"chat_first_paused", "notices_only_critical", "icon_when_tight", "first_run_done"})
_TIMES = frozenset({"snoozed_until", "relief_at"})
_LISTS = frozenset({"muted", "relief_made"})
_PLACES = ("keychain", "file")


def _decoded(key: str, value: Any) -> Any:
    """The value as its field wants it; None where it does not fit."""
    decoded: Any = None
    url = key == "connected_url" and type(value) is str and (not value or is_base_url(value))
    if url or (key in _TEXTS and _is_text(value)) or (key in _SWITCHES and type(value) is bool):
        decoded = value
    elif key in _TIMES and is_time(value):
        decoded = float(value)
    elif (key == "ollama_urls" and _are(value, is_base_url)) or (key in _LISTS and _are(value, _is_text)):
        decoded = tuple(value)
    elif key == "told" and type(value) is dict and all(map(_is_text, value)) and all(map(is_time, value.values())):
        decoded = MappingProxyType({cause: float(at) for cause, at in value.items()})
    elif key == "secrets" and type(value) is dict and all(map(is_origin, value)):
        decoded = MappingProxyType(value) if all(place in _PLACES for place in value.values()) else None
    return decoded


def _are(value: object, good: Callable[[str], bool]) -> bool:
    """A list of texts that are each good."""
    return type(value) is list and all(type(one) is str and good(one) for one in value)


def _is_text(value: object) -> bool:
    """That can be printed: no half of a character."""
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)
