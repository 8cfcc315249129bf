"""A start whose words nobody can read: Windows without a console, a login item, a desktop file.

All three streams are None there. Whatever goes wrong goes to the log, and is shown in a box where a person started us.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType

from tray_app.app import language
from tray_app.autostart.launch import AT_LOGIN
from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.log import log_to
from tray_app.storage.paths import Paths
from tray_app.tray import alert

log = logging.getLogger(__name__)


def begin(argv: Sequence[str]) -> None:
    """From here on what ends a thread is in the log."""
    home = language.home_of(argv)
    with suppress(StorageError):  # the command itself says so
        log_to(Paths(Path(home) if home else None).log_file)
    sys.excepthook = partial(_unexpected, argv)
    threading.excepthook = lambda args: log.error("a thread ended", exc_info=args.exc_value)


def tell(argv: Sequence[str], text: str) -> None:
    """At login nobody asked for anything: the log is enough."""
    log.error("%s", text)
    if AT_LOGIN not in argv:
        alert.show(text)


def _unexpected(
    argv: Sequence[str], kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    log.error("%s", "".join(traceback.format_exception(kind, error, trace)))
    tr = language.load(language.of_command_line(argv), language.given(argv))
    tell(argv, tr.gettext("Something went wrong inside Elbowroom; the log has the details."))
