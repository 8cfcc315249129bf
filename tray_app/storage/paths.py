"""Where this app's files are: where each system expects them, or all under one folder (`--home`)."""

import os
from pathlib import Path

import platformdirs

from tray_app.core.values.identity import APP_ID, APP_NAME


class Paths:
    """Nothing is created here; each file makes its folder when it is first written."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = None if home is None else Path(os.path.abspath(home.expanduser()))  # noqa: PTH100 - keep links
        if self.home is None:
            config = Path(platformdirs.user_config_dir(APP_NAME, appauthor=False))
            state = Path(platformdirs.user_state_dir(APP_NAME, appauthor=False))
            logs = Path(platformdirs.user_log_dir(APP_NAME, appauthor=False))
            cache = Path(platformdirs.user_cache_dir(APP_NAME, appauthor=False))
        else:
            config = state = self.home
            logs = self.home / "logs"
            cache = self.home / "cache"
        self.settings_file = config / "settings.toml"
        self.secret_file = config / "secret.json"
        self.state_file = state / "state.json"
        self.journal_file = state / "journal.jsonl"
        self.lock_file = state / "write.lock"
        self.instance_lock_file = state / "instance.lock"
        self.instance_file = state / "instance.json"
        self.log_file = logs / f"{APP_NAME}.log"
        self.cache_dir = cache

    @property
    def keychain_service(self) -> str:
        """The name of our one keychain item; with `--home` an item of its own."""
        return APP_ID if self.home is None else f"{APP_ID}:{self.home}"
