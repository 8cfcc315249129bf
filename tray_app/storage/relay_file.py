"""The file by which the relay of chat first is found: where it listens, and the secret of its private channel."""

import json
from pathlib import Path

from msgspec import Struct

from tray_app.core.report.codec import BadValue, decode, encode
from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.files import Stamp, read_file, replace_file, stamp_of, typed_errors

SCHEMA = 1
_PORTS = range(1, 65536)


class RelayDoor(Struct, frozen=True):
    """Where the relay that runs is reached: by Open WebUI at `port`, by us at `control_port` with `secret`."""

    pid: int
    port: int
    upstream: str
    control_port: int
    secret: str
    version: str
    started_at: float

    def __repr__(self) -> str:
        return f"RelayDoor(pid={self.pid}, port={self.port}, control_port={self.control_port})"


class RelayFile:
    """Written by the relay as a whole, so that nobody reads half of it; read again only when it is another file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: Stamp | None = None
        self._door: RelayDoor | None = None

    def write(self, door: RelayDoor) -> None:
        """Readable by this user only. StorageError where it cannot be written."""
        replace_file(self.path, json.dumps({"schema": SCHEMA, **_members(door)}).encode())

    def read(self) -> RelayDoor | None:
        """None where no relay runs, as far as its file says; also where that is damaged or cannot be read."""
        try:
            stamp = stamp_of(self.path)
            if stamp is not None and stamp == self._stamp:
                return self._door
            content = read_file(self.path) if stamp is not None else None
        except StorageError:
            stamp = content = None
        self._stamp, self._door = stamp, None if content is None else _door(content)
        return self._door

    def remove(self) -> None:
        """At the relay's orderly end. StorageError where that fails."""
        with typed_errors(self.path):
            self.path.unlink(missing_ok=True)


def _members(door: RelayDoor) -> dict[str, object]:
    members = encode(door)
    assert isinstance(members, dict)
    return dict(members)


def _door(content: bytes) -> RelayDoor | None:
    try:
        door = decode(RelayDoor, json.loads(content))
    except (BadValue, ValueError, RecursionError):
        return None
    return door if door.port in _PORTS and door.control_port in _PORTS and door.secret else None
