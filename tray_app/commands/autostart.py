"""`autostart on|off|status`."""

from argparse import Namespace

from tray_app import autostart
from tray_app.app import App
from tray_app.cli import DONE, FAILED
from tray_app.core.errors import StorageError
from tray_app.core.view import autostart as view
from tray_app.core.view.text import Translator
from tray_app.launch import is_translocated, login_command
from tray_app.terminal import Terminal


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Show or change it for this user. `on` also repairs a path that changed."""
    command = login_command(app.overrides.home)
    try:
        if options.state == "on":
            if is_translocated():
                terminal.note(view.translocated(tr))
                return FAILED
            autostart.switch_on(command)
        elif options.state == "off":
            autostart.switch_off()
        found = autostart.status(command)
    except OSError as error:
        raise StorageError(str(error.filename or ""), error.strerror or str(error)) from error
    terminal.text(view.status(found.state.value, found.where, found.command, tr))
    return DONE
