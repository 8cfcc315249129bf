"""What must not leave this machine in a report: the home folder, this user, this machine's name, every known token."""

import getpass
import platform
from contextlib import suppress
from pathlib import Path

from tray_app.app.wiring import App
from tray_app.core.report.redact import Redactor
from tray_app.core.values.errors import ElbowroomError


def redactor_of(app: App) -> Redactor:
    names = [platform.node().partition(".")[0]]
    with suppress(OSError, KeyError):  # a user without a name
        names.append(getpass.getuser())
    try:
        token = app.token(app.open_webui_url)
    except ElbowroomError:
        token = None  # a locked keychain gives no token, so none can show
    return Redactor(str(Path.home()), tuple(names), (token.value,) if token else ())
