"""`start`, which run.py chooses where no command is given: the icon, or the demo where there is nothing to watch."""

from argparse import Namespace
from collections.abc import Callable

from tray_app.app.wiring import App
from tray_app.cli import demo, tray
from tray_app.cli.terminal import Terminal
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.service import BadAnswer, NotFound, NotThatServer, ServiceError, Unreachable, Untrusted


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    if something_to_watch(app):
        return tray.run(app, options, terminal, tr)
    terminal.note(tr.gettext("Neither Ollama nor Open WebUI answers here: starting the demo."))
    return demo.run(app, options, terminal, tr)


def something_to_watch(app: App) -> bool:
    """Whether an Ollama or an Open WebUI is where this run looks for them. Anonymous questions only.

    One that is slow, broken or behind a sign-in is there, too: the tray says what is wrong with it.
    """
    return any(_is_there(ask) for ask in (app.ollama.version, app.open_webui_at(app.open_webui_url).version))


def _is_there(ask: Callable[[], str]) -> bool:
    try:
        ask()
    except (Unreachable, NotThatServer, NotFound, BadAnswer) as error:
        return isinstance(error, Untrusted)
    except ServiceError:
        return True
    return True
