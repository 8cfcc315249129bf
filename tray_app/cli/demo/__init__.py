"""`demo`: the whole story on embedded stand-ins, in the terminal or in the tray."""

import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tray_app.app.wiring import App, Overrides
from tray_app.cli.demo.story import Story
from tray_app.cli.terminal import Terminal
from tray_app.core.lanes.pace import FIRST_QUIET_S
from tray_app.core.text.text import Translator
from tray_app.core.values.token import Token, origin_of
from tray_app.core.values.units import GIB
from tray_app.demo.clock import StoryClock
from tray_app.demo.machine import played_machine
from tray_app.demo.person import Person
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI
from tray_app.standins.scheduler import Pace
from tray_app.standins.server import free_port
from tray_app.standins.upstream import Call
from tray_app.storage.secret import KeptIn

CHAT_MODEL = "qwen3:32b"
TOKEN_S, PROMPT_TOKEN_S = 0.155, 0.02
"""What a 32B Q4 model takes on such a Mac: some 6 tokens a second written, some 50 read."""
PACE = Pace(TOKEN_S, PROMPT_TOKEN_S, load_s_per_gib=0.3, speed=5.0)
FAST_PACE = Pace(TOKEN_S, PROMPT_TOKEN_S, load_s_per_gib=0.3, speed=100.0)
TRAY_PACE = Pace(TOKEN_S, PROMPT_TOKEN_S, load_s_per_gib=0.3, speed=2.0)
TRAY_SQUEEZE = 2.2 * GIB
"""One person alone brings a small machine into trouble: two calls that wait are enough."""
TYPES_S, CHAT_LENGTH = 0.3, 2
SETTINGS = """request_limit_s = 20
[limits]
hold_s = 2
clear_s = 15
[chat_first]
relay_port = {port}
quiet_low_s = 0
quiet_high_s = {quiet}
"""
"""Nobody waits half a minute in a demo to be told. Tasks wait after an answer as they do for a new person, at the pace
that is played."""


@dataclass
class Theatre:
    """The stand-ins, the person and our own app on them, all in a folder of their own."""

    ollama: DemoOllama
    open_webui: DemoOpenWebUI
    app: App
    clock: StoryClock


@contextmanager
def stage(pace: Pace, spoken: str = "", *, scripted: bool = True) -> Iterator[Theatre]:
    """Everything of the demo on loopback and in a temporary folder; nothing of it is left afterwards.

    `scripted`: nothing moves by itself, so that the story is always the same.
    """
    with tempfile.TemporaryDirectory(prefix="elbowroom-demo-") as folder:
        ollama = DemoOllama(pace=pace)
        ollama.start()
        open_webui = DemoOpenWebUI("0.12.4", ollama_url=ollama.url)
        accounts = open_webui.accounts
        accounts.accounts = [one for one in accounts.accounts if one.email == ADMIN[0]]
        accounts.accounts[0].ui = {"promptAutocomplete": True}
        open_webui.start()
        open_webui.settings["ENABLE_AUTOCOMPLETE_GENERATION"] = True
        clock = StoryClock()
        machine = (
            played_machine(ollama, settle_s=0.0, pressure_clock=clock)
            if scripted
            else played_machine(ollama, per_waiting=TRAY_SQUEEZE)
        )
        quiet = max(1.0, FIRST_QUIET_S / pace.speed)
        (Path(folder) / "settings.toml").write_text(SETTINGS.format(port=free_port(), quiet=quiet))
        app = App(
            Overrides(
                home=Path(folder),
                ollama=ollama.url,
                open_webui=open_webui.url,
                language=spoken,
                machine=machine,
                played=True,
            )
        )
        token = Token(open_webui.session(ADMIN[0]), origin_of(open_webui.url))
        app.secrets.store(token, KeptIn.FILE)
        for _line in Call(ollama.url, "/api/generate", {"model": CHAT_MODEL, "stream": False}).lines():
            pass  # loads the model, as a first message would
        try:
            yield Theatre(ollama, open_webui, app, clock)
        finally:
            app.relay.end()
            app.close()
            open_webui.stop()
            ollama.stop()


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """The story needs no keys and ends within a minute, with a terminal or without one."""
    spoken = app.overrides.language
    if options.tray:
        return _in_tray(spoken, terminal, tr)
    with stage(FAST_PACE if options.fast else PACE, spoken) as played:
        story = Story(played.app, played.ollama, played.open_webui, played.clock, terminal, tr)
        return story.play(fast=options.fast)


def _in_tray(spoken: str, terminal: Terminal, tr: Translator) -> int:
    from tray_app.cli.demo.tray_story import TrayStory
    from tray_app.cli.tray import run_demo

    with stage(TRAY_PACE, spoken, scripted=False) as played:
        person = Person(played.open_webui, pause_s=TYPES_S, chat_length=CHAT_LENGTH)
        story = TrayStory(played.ollama, played.open_webui, person, played.app.relay.state)
        try:
            return run_demo(played.app.overrides, terminal, tr, story.begin)
        finally:
            story.end()
