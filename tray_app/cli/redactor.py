"""What must not leave this machine in a report: the home folder, this user, this machine's name, every known token."""

import getpass
import os
import platform
from contextlib import suppress

from tray_app.app.wiring import App
from tray_app.core.report.redact import Redactor
from tray_app.core.values.errors.base import ElbowroomError


def redactor_of(app: App) -> Redactor:
    names = [platform.node().partition(".")[0]]
    with suppress(OSError, KeyError):  # a user without a name
        names.append(getpass.getuser())
    try:
        token = app.token(app.open_webui_url)
    except ElbowroomError:
        token = None  # a locked keychain gives no token, so none can show
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    return Redactor(home, tuple(names), (token.value,) if token else ())
