"""`gateway haproxy`: the configuration for a team; nothing is contacted, nothing is started."""

from argparse import Namespace

from tray_app import __version__
from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.terminal import Terminal
from tray_app.core.lanes.haproxy import Prefer, gateway_of
from tray_app.core.text import gateway as view
from tray_app.core.text.text import Translator
from tray_app.services.address import ollama_address
from tray_app.storage.files import storage_error


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """To stdout or a file; how to go on to stderr, so that `>` gets the configuration alone."""
    given = [*filter(None, [app.overrides.ollama]), *options.hosts]
    hosts = tuple(ollama_address(one) for one in given)
    gateway = gateway_of(hosts, tuple(options.slots), options.listen, options.stats, Prefer(options.prefer))
    made = view.haproxy(gateway, __version__, tr)
    if options.output is None:
        terminal.out.write(made)
    else:
        try:
            options.output.write_text(made, encoding="utf-8", newline="\n")
        except OSError as error:
            raise storage_error(options.output, error, given=True) from error
    terminal.out.flush()
    for told in view.how_to_use(str(options.output or ""), gateway.listen, tr):
        terminal.note(told)
    return DONE
