"""The log file: rotated, readable by this user only, and without secrets whatever the message says."""

import logging
import logging.handlers
import os
import re
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.files import PRIVATE_FILE, check_regular, make_folder, typed_errors

MAX_BYTES = 512 * 1024
BACKUPS = 3

_SECRETS = (
    re.compile(r"\bsk-[A-Za-z0-9_-]{4,}"),  # API keys of Open WebUI and of model hosts
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),  # session tokens (JWT)
    re.compile(r"(?i)(?<=bearer )\S+"),
    re.compile(r"(?i)(?<=//)[^/\s@]+(?=@)"),  # user:password@ in a URL
    re.compile(r"""(?i)(?<=password)(["']?\s*[:=]\s*)\S+"""),
)


def without_secrets(text: str) -> str:
    """The text with everything that looks like a secret replaced, and the home folder shortened to ~."""
    for pattern in _SECRETS:
        text = pattern.sub("[hidden]", text)
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    return text.replace(home, "~") if len(home) > 1 else text


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """Also the files that rotation makes are this user's only. Where the file cannot be rotated, it grows."""

    _rotate_from = 0

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802
        stream: TextIOWrapper | None = self.stream
        return (stream is None or stream.tell() >= self._rotate_from) and bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802
        """Windows renames no file that another program holds open: Python's own handler then loses the line, and one
        of the older files with each further try. Here the name is asked for first, and again only much later."""
        base, next_one = Path(self.baseFilename), Path(f"{self.baseFilename}.next")
        if self.stream is not None:
            self.stream.close()
        try:
            base.replace(next_one)
        except OSError:
            self.stream = self._open()
            self._rotate_from = self.stream.tell() + self.maxBytes // 8
            return
        self._rotate_from = 0
        try:
            super().doRollover()
        except OSError:  # an older file is held: the newest lines matter more
            self.stream = self._open()
        with suppress(OSError):
            next_one.replace(f"{self.baseFilename}.1")

    def _open(self) -> TextIOWrapper:
        def opener(path: str, flags: int) -> int:
            descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), PRIVATE_FILE)
            check_regular(descriptor)
            return descriptor

        return open(self.baseFilename, "a", encoding="utf-8", errors="backslashreplace", opener=opener)


def open_log(path: Path) -> logging.Handler:
    """A handler for the root logger. StorageError where the file cannot be written; the app then runs without."""
    with typed_errors(path):
        make_folder(path.parent)
        handler = _PrivateFile(path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8")
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


def log_to(path: Path) -> None:
    """From here on everything that is logged goes to that file, once; without a file the app runs all the same."""
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    if any(isinstance(handler, _PrivateFile) for handler in root.handlers):
        return
    try:
        root.addHandler(open_log(path))
    except StorageError as error:
        root.addHandler(logging.NullHandler())
        logging.getLogger(__name__).warning("no log file: %s", error.reason)
