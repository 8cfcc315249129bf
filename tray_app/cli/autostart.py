"""`autostart on|off|status`."""

from argparse import Namespace

from tray_app import autostart
from tray_app.app.doing.chat_first import relay_port
from tray_app.app.wiring import App
from tray_app.autostart.launch import has_lasting_place, is_translocated, login_command
from tray_app.cli.main import DONE, FAILED
from tray_app.cli.terminal import Terminal
from tray_app.core.text import autostart as view
from tray_app.core.text import chat_first as chat_first_view
from tray_app.core.text.text import Translator


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Show or change it for this user. `on` also repairs a path that changed."""
    command = login_command(app.overrides.home)
    if options.state == "on":
        if not has_lasting_place():
            terminal.note(view.translocated(tr) if is_translocated() else view.run_once(tr))
            return FAILED
        autostart.switch_on(command)
    elif options.state == "off":
        autostart.switch_off()
    found = autostart.status(command)
    if options.state == "off" and relay_port(app.changes()) is not None:
        terminal.note(chat_first_view.not_at_login(tr))
    terminal.text(view.status(found.state.value, found.where, found.command, tr))
    return DONE
