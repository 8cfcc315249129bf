"""`metal`: prints how much memory Metal lets models use. Nobody types it; the reader of a Mac's GPU starts it."""

from argparse import Namespace

from tray_app.app.wiring import App
from tray_app.cli.main import DONE, FAILED
from tray_app.cli.terminal import Terminal
from tray_app.core.text.text import Translator
from tray_app.readers._metal import working_set_bytes


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """A process of its own, because Metal loads the GPU driver and never gives its memory back."""
    del app, options, tr
    try:
        terminal.text(str(working_set_bytes()))
    except OSError:
        return FAILED
    return DONE
