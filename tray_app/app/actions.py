"""What a click may start, as the work of a job: each checks that what its row showed is still true."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tray_app.app.carry_out import Step, carry_out
from tray_app.app.jobs import JobControl, JobDone, Work
from tray_app.app.speed import Bench, Progress
from tray_app.core.menu import notice as notice_view
from tray_app.core.tasks.releases import NEWEST_SEEN
from tray_app.core.tasks.slots import slot_for
from tray_app.core.text import change as change_view
from tray_app.core.text import speed as speed_view
from tray_app.core.text.text import Translator
from tray_app.core.values.command import ApplyRemedy, SetSettings, SpeedTest, Undo, Unload
from tray_app.core.values.errors import ChangeError, Problem
from tray_app.core.values.job import JobKind
from tray_app.core.values.plan import ActionKind, Change, Record
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Json, parse_version

if TYPE_CHECKING:
    from tray_app.app.wiring import App

SPEED_RUNS = 3


class Actions:
    """Builds the work for a command. `translator` is asked when the work ends: the language may have changed."""

    def __init__(self, app: "App", translator: Callable[[], Translator]) -> None:
        self._app = app
        self._translator = translator

    def work(self, command: object) -> tuple[JobKind, str, Work, bool] | None:
        """(kind, subject, work, cancellable) for a command that starts a job; None for any other."""
        match command:
            case ApplyRemedy() if command.confirmed or not command.remedy.asks:
                return self._apply(command)
            case SetSettings():
                return JobKind.CHANGE, "", lambda _control: self._set(command.plan.changes, "menu"), False
            case Undo():
                return JobKind.UNDO, command.change_id, lambda _control: self._undo(command), False
            case Unload():
                return JobKind.UNLOAD, command.model, lambda _control: self._unload(command), False
            case SpeedTest():
                return JobKind.SPEED_TEST, "", self._speed, True
            case _:
                return None

    def _apply(self, command: ApplyRemedy) -> tuple[JobKind, str, Work, bool]:
        remedy = command.remedy
        kinds = {
            ActionKind.PULL: JobKind.PULL,
            ActionKind.UNLOAD: JobKind.UNLOAD,
            ActionKind.STOP_GENERATIONS: JobKind.STOP_GENERATIONS,
        }
        first = next(iter(remedy.plan.actions), None)
        kind = kinds[first.kind] if first else JobKind.CHANGE

        def work(control: JobControl) -> JobDone:
            def show(step: Step) -> None:
                control.progress(step.completed_bytes, step.total_bytes)

            try:
                done = carry_out(self._app, remedy, show, control.cancelled)
            except ChangeError as error:
                if error.problem is not Problem.CANCELLED:
                    raise
                return JobDone("", change_view.pull_cancelled(error.subject, self._translator()), models=True)
            tr = self._translator()
            notice = notice_view.changed(done.change_id, done.changes, tr) if done.changes else None
            told = [change_view.unloaded(name, tr) for name in done.unloaded]
            if done.stopped is not None:
                told.append(change_view.stopped(done.stopped, tr))
            return JobDone(
                "", " ".join(told), notice, change_id=done.change_id, settings=bool(done.changes), models=True
            )

        return kind, first.subject if first else remedy.id, work, kind is JobKind.PULL

    def _set(self, changes: Iterable[Change], remedy: str) -> JobDone:
        done = self._app.fixer.apply(changes, remedy)
        notice = notice_view.changed(done.change_id, done.changes, self._translator())
        return JobDone("", notice=notice, settings=True)

    def _undo(self, command: Undo) -> JobDone:
        """Only the change that the row named, and only while it still holds those values."""
        recorded = self._recorded(command.change_id)
        if recorded is None or (command.changes and _shown(recorded.changes) != _shown(command.changes)):
            raise ChangeError(Problem.DRIFT, "")
        undone = self._app.fixer.undo(recorded)
        tr = self._translator()
        lines = change_view.undone(undone.changes, undone.drifted, tr)
        told = ["; ".join("".join(span.text for span in line) for line in lines)]
        if recorded.remedy.startswith("task-model:"):
            told.append(change_view.model_stays(recorded.remedy.partition(":")[2], None, tr))
        return JobDone("", " ".join(told), settings=True)

    def _recorded(self, change_id: str) -> Record | None:
        waiting = self._app.journal.changes().undoable(self._app.open_webui.origin)
        return next((one for one in waiting if one.id == change_id), None)

    def _unload(self, command: Unload) -> JobDone:
        loaded = {model.name: model.digest for model in self._app.ollama.ps()}
        if command.model not in loaded:
            raise ChangeError(Problem.NOTHING_TO_DO, command.model)
        if command.digest and loaded[command.model] != command.digest:
            raise ChangeError(Problem.DRIFT, command.model)
        self._app.ollama.unload(command.model)
        return JobDone("", change_view.unloaded(command.model, self._translator()), models=True)

    def _speed(self, control: JobControl) -> JobDone:
        """The task model of now, a few calls: the menu has no room for a table."""
        client = self._app.writable_open_webui()
        chat = self._app.chat_model()
        tr = self._translator()
        if chat is None:
            return JobDone("", speed_view.no_chat_model(tr))

        def show(step: Progress) -> None:
            if control.cancelled():
                raise ChangeError(Problem.CANCELLED, "speed")
            control.progress(step.run - 1, step.runs)

        def recorded(change_id: str) -> Record:
            return self._app.journal.changes().made(change_id)

        slot = slot_for(chat, parse_version(client.version()) or NEWEST_SEEN)
        try:
            timing = Bench(client, self._app.fixer, recorded, slot).compare(chat.id, (), SPEED_RUNS, show)[0]
        except ChangeError as error:
            if error.problem is not Problem.NOTHING_TO_DO:
                raise
            return JobDone("", speed_view.tasks_off(tr))
        return JobDone("", speed_view.sentence(timing.answered, timing.task_s, timing.first_token_s, tr))


def _shown(changes: Iterable[Change]) -> dict[Setting, Json]:
    return {one.setting: one.after for one in changes}
