"""Both stand-ins and the played machine in one bundle, with an app of their own on them: for tests of whole commands.

As a program it plays one command in a process of its own, so that a test can send it real signals:
`python tests/played.py HOME STEP_S ARGV...` prints what the server holds afterwards.
"""

import contextlib
import json
import signal
import sys
from pathlib import Path

from tray_app.app.wiring import App, Overrides
from tray_app.cli import main as cli
from tray_app.core.values.token import Token, origin_of
from tray_app.demo.machine import played_machine
from tray_app.standins.models import BIG
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI
from tray_app.standins.upstream import Call
from tray_app.storage.secret import KeptIn

GIB = 1 << 30
ROOMY = 26 * GIB
"""A budget under which a small model fits beside the 32B one."""


class Played(contextlib.AbstractContextManager):
    """One admin, the 32B model loaded, signed in. `alone`: nobody else has an account, so that a pull helps."""

    def __init__(self, home, *, version="0.12.4", installed=(BIG,), budget_bytes=ROOMY, alone=True, pace=None):
        self.home = Path(home)
        self.ollama = DemoOllama(installed=installed, budget_bytes=budget_bytes, pace=pace)
        self.ollama.start()
        self.webui = DemoOpenWebUI(version, ollama_url=self.ollama.url)
        if alone:
            self.webui.accounts.accounts = [one for one in self.webui.accounts.accounts if one.email == ADMIN[0]]
        self.webui.start()
        self.machine = played_machine(self.ollama)
        self._apps = []
        self.load(BIG)
        app = self.app()
        app.secrets.store(Token(self.webui.session(), origin_of(self.webui.url)), KeptIn.FILE)

    def __exit__(self, *_):
        for app in self._apps:
            app.close()
        self.webui.stop()
        self.ollama.stop()

    @property
    def settings(self):
        return dict(self.webui.settings)

    @property
    def overrides(self):
        return Overrides(home=self.home, ollama=self.ollama.url, open_webui=self.webui.url, machine=self.machine)

    def app(self):
        app = App(self.overrides)
        self._apps.append(app)
        return app

    def load(self, model):
        for _line in Call(self.ollama.url, "/api/generate", {"model": model, "stream": False}).lines():
            pass

    def run(self, *argv):
        """One command on the played machine; the exit code."""
        here = classmethod(lambda _cls, _options: self.overrides)
        real = Overrides.__dict__["of"]
        Overrides.of = here
        try:
            return cli.run(list(argv))
        finally:
            Overrides.of = real


def main():
    home, step_s, *argv = sys.argv[1:]
    with Played(home) as played:
        played.ollama.pull_step_s = float(step_s)
        before = played.settings
        code = played.run(*argv)
        told = {
            "same": played.settings == before,
            "partial": played.ollama.partial,
            "journal": [one.event.value for one in played.app().journal.read().records],
        }
        print(json.dumps(told))
    sys.exit(code)


if __name__ == "__main__":
    # A shell that started the tests in the background made their children deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
