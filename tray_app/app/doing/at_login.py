"""Whether this copy is started at login, for the menu: asked in every look, looked up where its file was touched."""

from pathlib import Path

from tray_app import autostart
from tray_app.autostart.launch import has_lasting_place, login_command
from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.files import Stamp, stamp_of


class AtLogin:
    """`home`: what `--home` says. Where this copy lies, and where the system keeps the entry, stays while it runs."""

    def __init__(self, home: Path | None = None) -> None:
        self._home = home
        self._lasts = has_lasting_place()
        self._file: Path | None = None
        self._seen: tuple[Stamp | None, bool] | None = None

    @property
    def command(self) -> tuple[str, ...]:
        return login_command(self._home)

    def is_on(self) -> bool | None:
        """None where it cannot be offered: it cannot be read, or this copy runs from a temporary place."""
        if not self._lasts:
            return None
        try:
            self._file = self._file or autostart.file()
            stamp = stamp_of(self._file) if self._file is not None else None
            if self._file is None or self._seen is None or self._seen[0] != stamp:
                on = autostart.status(self.command).state is autostart.AutostartState.ON
                self._seen = (stamp, on)
            return self._seen[1]
        except StorageError:
            return None
