"""`demo`: the whole story on embedded stand-ins, in the terminal or in the tray."""

import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tray_app.app.watch import Look
from tray_app.app.wiring import App, Overrides
from tray_app.cli.main import DONE, FAILED
from tray_app.cli.terminal import Terminal
from tray_app.core.tasks.settings import decode
from tray_app.core.text import change as change_view
from tray_app.core.text import demo as view
from tray_app.core.text import findings as finding_view
from tray_app.core.text import plan as plan_view
from tray_app.core.text.lines import indented, line
from tray_app.core.text.tasks import setting_name
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.finding import Level, TaskStorm
from tray_app.core.values.task_settings import TASKS, Switch
from tray_app.core.values.token import Token, origin_of
from tray_app.demo.machine import played_machine
from tray_app.demo.person import Person
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI
from tray_app.standins.scheduler import Pace
from tray_app.standins.upstream import Call
from tray_app.storage.secret import KeptIn

CHAT_MODEL = "qwen3:32b"
# A 32B Q4 model on such a Mac writes about 12 tokens a second; the demo plays it some four times faster.
PACE = Pace(token_s=0.07, prompt_token_s=0.002, load_s_per_gib=0.05)
FAST_PACE = Pace(token_s=0.05, prompt_token_s=0.001, load_s_per_gib=0.01)
TABS = 2
OVERLOAD_WITHIN_S = 20.0
CALM_WITHIN_S = 15.0


@dataclass
class Stage:
    """The stand-ins, the person and our own app on them, all in a folder of their own."""

    ollama: DemoOllama
    open_webui: DemoOpenWebUI
    people: tuple[Person, ...]
    app: App

    def chat(self) -> None:
        """Everybody begins to chat and goes on until the stage is cleared."""
        for person in self.people:
            person.start()

    @property
    def sent(self) -> int:
        return sum(person.sent for person in self.people)


@contextmanager
def stage(pace: Pace, spoken: str = "") -> Iterator[Stage]:
    """Everything of the demo on loopback and in a temporary folder; nothing of it is left afterwards."""
    with tempfile.TemporaryDirectory(prefix="elbowroom-demo-") as folder:
        ollama = DemoOllama(pace=pace)
        ollama.start()
        open_webui = DemoOpenWebUI("0.12.4", ollama_url=ollama.url)
        open_webui.start()
        open_webui.settings["ENABLE_AUTOCOMPLETE_GENERATION"] = True
        app = App(
            Overrides(
                home=Path(folder),
                ollama=ollama.url,
                open_webui=open_webui.url,
                language=spoken,
                machine=played_machine(ollama),
            )
        )
        token = Token(open_webui.session(ADMIN[0]), origin_of(open_webui.url))
        app.secrets.store(token, KeptIn.FILE)
        account = open_webui.accounts.by_email(ADMIN[0])
        assert account is not None
        account.ui = {"promptAutocomplete": True}
        people = tuple(Person(open_webui, model=CHAT_MODEL, pause_s=0.4) for _ in range(TABS))
        for _line in Call(ollama.url, "/api/generate", {"model": CHAT_MODEL, "stream": False}).lines():
            pass  # loads the model, as a first message would
        try:
            yield Stage(ollama, open_webui, people, app)
        finally:
            for person in people:
                person.stop()
            app.close()
            open_webui.stop()
            ollama.stop()


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Without a terminal the story plays through without keys and ends within a minute."""
    if options.tray:
        from tray_app.cli.tray import run_demo

        with stage(PACE, app.overrides.language) as played:
            return run_demo(played.app.overrides, terminal, tr, played.chat)
    with stage(FAST_PACE if options.fast else PACE, app.overrides.language) as played:
        return Story(played, terminal, tr, fast=options.fast or not terminal.interactive).play()


class Story:
    """Six scenes: quiet, crowd, finding, fix, effect, undo."""

    def __init__(self, played: Stage, terminal: Terminal, tr: Translator, *, fast: bool) -> None:
        self._stage = played
        self._terminal = terminal
        self._tr = tr
        self._fast = fast
        self._began = time.monotonic()
        self._interval = 0.5 if fast else 1.0
        self._calls_at = self._sent_at = 0

    def play(self) -> int:
        terminal, tr = self._terminal, self._tr
        terminal.show(view.opening(tr))
        self._quiet()
        overloaded = self._crowd()
        if overloaded is None or not overloaded.remedies:
            terminal.note(view.unclear(tr))
            return FAILED
        self._say(overloaded)
        before = self._per_message()
        self._fix(overloaded)
        self._again()
        after = self._per_message()
        terminal.show(view.receipt(before, after, tr))
        self._undo()
        terminal.show(view.closing(tr))
        return DONE

    def _quiet(self) -> None:
        self._scene(1)
        self._watch(lambda _look: False, self._interval * 2)

    def _crowd(self) -> Look | None:
        """A person chats and types until the calls pile up."""
        self._scene(2)
        self._stage.chat()
        return self._watch(_is_storm, OVERLOAD_WITHIN_S)

    def _say(self, look: Look) -> None:
        self._scene(3)
        assert look.diagnosis.top is not None
        self._terminal.show([line("   " + finding_view.sentence(look.diagnosis.top, self._tr))])
        for remedy in look.remedies[:3]:
            self._terminal.show([view.chosen(remedy, self._tr)])
        self._key()

    def _fix(self, look: Look) -> None:
        self._scene(4)
        app = self._stage.app
        for remedy in [one for one in look.remedies if one.plan.changes and not one.plan.actions][:2]:
            self._terminal.show([view.command(typed(self._tr, "fix", remedy.id))])
            self._terminal.show(indented(plan_view.plan_lines(remedy.plan, self._tr)))
            done = app.carrier.apply(remedy.plan.changes, remedy.id)
            self._terminal.show(indented(change_view.applied(done.changes, done.others, self._tr)))
            app.observer.poll.look_again()
        self._key()

    def _again(self) -> None:
        """The person goes on chatting; what was queued before the change is answered first."""
        self._scene(5)
        self._count_from()
        self._watch(_is_relieved, CALM_WITHIN_S)

    def _count_from(self) -> None:
        self._calls_at, self._sent_at = len(self._stage.ollama.calls()), self._stage.sent

    def _per_message(self) -> float:
        """Calls that reached the chat model per message, since the last count began."""
        sent = max(1, self._stage.sent - self._sent_at)
        return (len(self._stage.ollama.calls()) - self._calls_at) / sent

    def _undo(self) -> None:
        self._scene(6)
        app = self._stage.app
        self._terminal.show([view.command(typed(self._tr, "undo", "--all"))])
        for recorded in app.carrier.undoable():
            undone = app.carrier.undo(recorded.id)
            self._terminal.show(indented(change_view.undone(undone.changes, undone.drifted, self._tr)))
        held = decode(app.open_webui.read_document(fresh=True))
        on = ", ".join(setting_name(task, self._tr) for task in TASKS if held.switch(task) is Switch.ON)
        self._terminal.show([line("   " + view.held(on, self._tr))])

    # --- helpers ---------------------------------------------------------------------------

    def _scene(self, number: int) -> None:
        self._terminal.show([line(""), view.scene(number, self._tr)])

    def _key(self) -> None:
        """A person goes on with Enter; without one the story waits a moment for the reader of a recording."""
        if not self._fast and self._terminal.interactive:
            self._terminal.note(view.press_enter(self._tr))
            input()

    def _watch(self, until: Callable[[Look], bool], seconds: float) -> Look | None:
        """Look once per interval, one line each; the first look for which `until` holds, or None."""
        end = time.monotonic() + seconds
        while True:
            look = self._stage.app.observer.look()
            spent = time.monotonic() - self._began
            counts = (look.facts.running, look.facts.waiting)
            pressure = look.facts.memory.pressure if look.facts.memory is not None else None
            self._terminal.show([view.moment(spent, counts, pressure, look.diagnosis.level, self._tr)])
            if until(look):
                return look
            if time.monotonic() >= end:
                return None
            time.sleep(self._interval)


def _is_storm(look: Look) -> bool:
    return isinstance(look.diagnosis.top, TaskStorm)


def _is_relieved(look: Look) -> bool:
    return look.facts.waiting == 0 and look.diagnosis.level in {Level.CALM, Level.TIGHT}
