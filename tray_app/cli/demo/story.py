"""The demo's story in the terminal: one person, a fixed script, figures that are measured at the played model."""

import time
from collections.abc import Callable

from tray_app.app.watch import Look
from tray_app.app.wiring import App
from tray_app.cli.main import DONE, FAILED
from tray_app.cli.terminal import Terminal
from tray_app.core.fit.prediction import predict
from tray_app.core.tasks import assignments
from tray_app.core.tasks.settings import decode
from tray_app.core.text import demo as view
from tray_app.core.text import errors
from tray_app.core.text import findings as finding_view
from tray_app.core.text import fit as fit_view
from tray_app.core.text.lines import Line, indented, line
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.relay import RelayState
from tray_app.core.values.remedy import AllTasksOff, Consent, PutChatsFirst, Remedy, UseModel, is_chat_first
from tray_app.core.values.task_settings import TASKS, Switch, TaskSettings
from tray_app.demo.clock import StoryClock
from tray_app.demo.visit import StoryStuck, Visit, Waited
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI

READ_S = 3.0
"""Between two scenes, for whoever reads along."""
TYPES_S = 2.0
"""What the second message takes to type, by the story's clock."""
LOOKS = 3
"""Two in a row raise the pressure, and rates need two."""
EASES_S = 120.0
"""After so long without evidence the pressure is judged to be gone, by the story's clock."""
BIG, USUAL_ADVICE = "qwen3:32b", "llama3.2:3b"
COLUMNS, FIT_COLUMNS = 80, 60
FIT_LINES = 3
"""The sentence, the bar and what it shows."""


class Story:
    """Eight scenes: the wait, the finding, the quickest help, undo, the usual advice, what fits, chat first, and all of
    that taken back with what it came to."""

    def __init__(
        self,
        app: App,
        ollama: DemoOllama,
        webui: DemoOpenWebUI,
        clock: StoryClock,
        terminal: Terminal,
        tr: Translator,
    ) -> None:
        self._app = app
        self._ollama = ollama
        self._webui = webui
        self._clock = clock
        self._terminal = terminal
        self._tr = tr
        self._fast = False
        self._typed_s = 0.0
        self._visits: list[Visit] = []

    def play(self, *, fast: bool) -> int:
        """To the end, or FAILED: where this machine does not get there in time, or for a reason that has a name."""
        self._fast = fast
        try:
            return self._play()
        except StoryStuck:
            self._terminal.problem(view.unclear(self._tr))
            return FAILED
        except ElbowroomError as error:  # told here: the addresses of `run` are the user's own, not the demo's
            self._terminal.problem(errors.told(error, self._tr))
            return FAILED
        finally:
            for visit in self._visits:
                visit.stop()

    def _play(self) -> int:
        tr = self._tr
        self._show(*view.opening(tr))
        self._look()  # what comes and goes from now on is counted against this quiet moment
        visit = self._begin_crowded()
        tasks_before = self._held()
        look = self._crowd(visit)
        self._scene(3)
        self._fix(_offered(look, AllTasksOff))
        visit.release()
        before = visit.end()
        self._show(view.drained(self._now(), tr), view.again(tr))
        self._visit()
        self._scene(4)
        self._undo()
        self._scene(5)
        self._foresee()
        self._scene(6)
        self._fix(_offered(self._look(), UseModel))
        self._show(view.again(tr))
        now = self._visit()
        self._scene(7)
        self._put_chats_first()
        self._scene(8)
        self._undo()
        self._undo()
        self._show(*view.receipt(_side(before, tasks_before), _side(now, self._held()), tr))
        self._moment(self._look(eased=True))
        self._show(*view.closing(tr))
        return DONE

    # --- scenes ----------------------------------------------------------------------------

    def _begin_crowded(self) -> Visit:
        self._scene(1)
        visit = self._new_visit(crowded=True)
        self._show(view.asks(self._now(), 0, self._tr))
        visit.begin()
        self._ask(visit)
        return visit

    def _new_visit(self, *, crowded: bool, relay: Callable[[], RelayState | None] | None = None) -> Visit:
        self._visits.append(Visit(self._ollama, self._webui, crowded=crowded, relay=relay))
        return self._visits[-1]

    def _crowd(self, visit: Visit) -> Look:
        """Elbowroom looks while the queue stands; the person sees the first word after that."""
        look = self._look()
        self._moment(look)
        self._first_word(visit)
        visit.answer()
        if look.diagnosis.top is None:
            raise StoryStuck
        self._scene(2)
        self._show(line("   " + finding_view.sentence(look.diagnosis.top, self._tr)))
        for remedy in look.remedies[:3]:
            self._show(view.chosen(remedy, self._tr))
        return look

    def _visit(self) -> Waited:
        """The same two messages in a new chat."""
        visit = self._new_visit(crowded=False)
        visit.begin()
        self._ask(visit)
        self._first_word(visit)
        return visit.end()

    def _ask(self, visit: Visit) -> None:
        self._typed_s += TYPES_S
        at = self._now()
        before = visit.ask()
        self._show(view.asks(at, 1, self._tr), view.in_front(before, self._tr))

    def _first_word(self, visit: Visit) -> None:
        visit.release()
        with self._terminal.progress() as progress:
            while (waited := visit.first_word_s) is None:
                if self._terminal.out.isatty():
                    progress.update(view.waiting(visit.waits_s(), self._tr))
                time.sleep(0.05)
        self._show(view.first_word(visit.asked_s + self._typed_s + waited, waited, self._tr))

    def _fix(self, remedy: Remedy) -> None:
        self._show(view.chosen(remedy, self._tr), view.command(typed(self._tr, "fix", remedy.id)))
        done = self._app.carrier.apply(remedy.plan.changes, remedy.id)
        self._show(*view.done(done.changes, self._tr), view.verified(self._tr))

    def _put_chats_first(self) -> None:
        """Every task on the big model again, and the same two messages."""
        tr, same = self._tr, "task-model="
        self._show(view.command(typed(tr, "set", same)))
        plan = self._app.carrier.plan(assignments.parse([same]))
        self._show(*view.done(self._app.carrier.apply(plan.changes, "set").changes, tr))
        self._show(view.command(typed(tr, "chat-first", "on")))
        remedy = _offered(self._look(), PutChatsFirst)
        self._app.carrier.carry_out(remedy, Consent.CONFIRMED, lambda _: None, lambda: False)
        self._show(view.led_through(tr), view.again(tr))
        visit = self._new_visit(crowded=True, relay=self._app.relay.state)
        visit.begin()
        self._ask(visit)
        self._show(view.held(visit.held(), tr))
        self._moment(self._look(eased=True))
        self._first_word(visit)
        visit.answer()
        visit.release()
        later = visit.end().after
        self._show(view.done_later(self._now(), later, tr))

    def _undo(self) -> None:
        """The newest change."""
        self._show(view.command(typed(self._tr, "undo")))
        newest = self._app.carrier.undoable()[0]
        undone = self._app.carrier.undo(newest.id)
        told = [view.led_back(self._tr)] if is_chat_first(newest.remedy) else view.done(undone.changes, self._tr)
        self._show(*told)

    def _foresee(self) -> None:
        """The verdict of `fit`, which loads nothing."""
        self._show(view.command(typed(self._tr, "fit", USUAL_ADVICE, "--with", BIG)))
        place = self._look(eased=True).facts.place
        made = predict(USUAL_ADVICE, place, with_model=BIG, limits=self._app.limits)
        self._show(*indented(fit_view.lines(made, self._tr, FIT_COLUMNS)[:FIT_LINES]), view.foreseen(self._tr))

    # --- helpers ---------------------------------------------------------------------------

    def _now(self) -> float:
        """The story's clock: what the chat model did, and what the person typed."""
        runners = self._ollama.scheduler.loaded()
        return self._typed_s + sum(one.worked_s for one in runners if one.model.name == BIG)

    def _scene(self, number: int) -> None:
        if not self._fast and number > 1:
            time.sleep(READ_S)
        self._show(line(""), view.scene(number, self._tr))

    def _show(self, *lines: Line) -> None:
        self._terminal.show(lines, widest=COLUMNS)

    def _look(self, *, eased: bool = False) -> Look:
        if eased:
            self._clock.pass_(EASES_S)
        self._app.observer.poll.look_again(models=True)
        for _ in range(LOOKS):
            self._clock.pass_(1.0 if not eased else EASES_S)
            look = self._app.observer.look()
        return look

    def _moment(self, look: Look) -> None:
        counts = (look.facts.running, look.facts.waiting)
        pressure = look.facts.memory.pressure if look.facts.memory is not None else None
        self._show(view.moment(self._now(), counts, pressure, look.diagnosis.level, self._tr))

    def _held(self) -> TaskSettings:
        """What the server itself says."""
        return decode(self._app.open_webui.read_document(fresh=True))


def _offered(look: Look, kind: type[Remedy]) -> Remedy:
    found = next((one for one in look.remedies if isinstance(one, kind) and one.plan.changes), None)
    if found is None:
        raise StoryStuck
    return found


def _side(waited: Waited, held: TaskSettings) -> view.StorySide:
    on = sum(held.switch(task) is Switch.ON for task in TASKS)
    return view.StorySide(waited.first_word_s, len(waited.before), waited.calls, on)
