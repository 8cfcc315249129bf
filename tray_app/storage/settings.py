"""The user's settings.toml as it is read: a bad key falls back to its default, the rest stays.

settings_keys.py declares every key once, settings_write.py sets single ones in the file.
"""

from pathlib import Path

from msgspec.structs import replace

from tray_app.core.values.errors.storage import SettingFault, SettingProblem, StorageError
from tray_app.storage.files import Stamp, read_file, stamp_of, write_new
from tray_app.storage.settings_keys import Settings, tables


def load(path: Path) -> tuple[Settings, tuple[SettingProblem, ...]]:
    """The settings and everything that is wrong with the file. A missing file is all defaults; it never raises."""
    try:
        data = read_file(path)
    except StorageError as error:
        return Settings(), (SettingProblem("", error.reason, "", SettingFault.UNREADABLE),)
    return decode(data, path.parent) if data else (Settings(), ())


def decode(data: bytes, folder: Path) -> tuple[Settings, tuple[SettingProblem, ...]]:
    """As `load`, from bytes. `folder` is what a relative `ca_file` starts from."""
    # Most people have no such file: then neither the parser nor the checks are imported.
    from tray_app.storage.settings_check import checked, contradictions
    from tray_app.storage.settings_text import parse

    text = parse(data)
    settings, found = checked(Settings(), text.document, "", text.lines, folder)
    for name, key in tables().items():
        table, problems = checked(key.default, text.table(name), f"{name}.", text.lines, folder)
        settings = replace(settings, **{name: table})
        found += problems
    settings, clashes = contradictions(settings, text.lines)
    found = [*text.problems, *found, *clashes]
    return settings, tuple(sorted(found, key=lambda problem: (problem.line or 0, problem.key)))


class SettingsFile:
    """The file as last read; `reload` reads it again only when it changed on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp = _stamp(path)
        self.settings, self.problems = load(path)

    def begin(self) -> None:
        """Writes a file with every key commented out where there is none yet, for whoever wants to change one."""
        from tray_app.storage.settings_template import template

        write_new(self.path, template().encode())

    def reload(self) -> bool:
        """Whether the file changed since the last call; then `settings` and `problems` are new."""
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self.settings, self.problems = load(self.path)
        return True


def _stamp(path: Path) -> Stamp | None:
    """None also where it cannot be looked at: `load` then says why."""
    try:
        return stamp_of(path)
    except StorageError:
        return None
