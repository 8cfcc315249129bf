"""Where this app's files are: where each system expects them, or all under one folder (`--home`)."""

import os
from pathlib import Path

import platformdirs

from tray_app.core.values.errors.storage import StorageError, StorageFault
from tray_app.core.values.identity import APP_ID, APP_NAME


class Paths:
    """Nothing is created here; each file makes its folder when it is first written."""

    def __init__(self, home: Path | None = None) -> None:
        """StorageError where this user, or the one that `home` names by ~, has no home folder."""
        try:
            self.home = None if home is None else Path(os.path.abspath(home.expanduser()))  # noqa: PTH100 - keep links
            config, state, logs, cache = _usual() if self.home is None else _below(self.home)
        except RuntimeError as error:
            given = home is not None
            fault = StorageFault.MISSING if given else StorageFault.OTHER
            raise StorageError(str(home or "~"), "no home folder", fault, given=given) from error
        self.settings_file = config / "settings.toml"
        self.secret_file = config / "secret.json"
        self.state_file = state / "state.json"
        self.journal_file = state / "journal.jsonl"
        self.lock_file = state / "write.lock"
        self.switch_lock_file = state / "switch.lock"
        self.trying_lock_file = state / "trying.lock"
        self.instance_lock_file = state / "instance.lock"
        self.instance_file = state / "instance.json"
        self.details_lock_file = state / "details.lock"
        self.details_file = state / "details.json"
        self.relay_file = state / "relay.json"
        self.relay_log_file = logs / "relay.log"
        self.history_file = state / "history.db"
        self.log_file = logs / f"{APP_NAME}.log"
        self.cache_dir = cache

    @property
    def keychain_service(self) -> str:
        """The name of our one keychain item; with `--home` an item of its own."""
        return APP_ID if self.home is None else f"{APP_ID}:{self.home}"


def _usual() -> tuple[Path, Path, Path, Path]:
    return (
        Path(platformdirs.user_config_dir(APP_NAME, appauthor=False)),
        Path(platformdirs.user_state_dir(APP_NAME, appauthor=False)),
        Path(platformdirs.user_log_dir(APP_NAME, appauthor=False)),
        Path(platformdirs.user_cache_dir(APP_NAME, appauthor=False)),
    )


def _below(home: Path) -> tuple[Path, Path, Path, Path]:
    return home, home, home / "logs", home / "cache"
