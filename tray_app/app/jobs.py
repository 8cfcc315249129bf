"""At most one job beside the polls: a change, a download, a speed test, a sign-in. It reports by mailbox.

What a job does is the carrier's; here it becomes a thread, a progress and a sentence at the end.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tray_app.app import speed
from tray_app.app.changes import Carrier, Outcome
from tray_app.app.doing.downloads import Step
from tray_app.app.doing.trying import bench
from tray_app.core.menu import notice as notice_view
from tray_app.core.menu.screen import NoticeView
from tray_app.core.report.trial import Trial
from tray_app.core.text import change as change_view
from tray_app.core.text import speed as speed_view
from tray_app.core.text.lines import in_turn
from tray_app.core.text.tasks import setting_name
from tray_app.core.text.text import Translator
from tray_app.core.values.command import ApplyRemedy, ByJob, Prove, SetSettings, SpeedTest, Undo, Unload
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.job import JobKind, RunningJob
from tray_app.core.values.plan import ActionKind
from tray_app.core.values.remedy import Consent
from tray_app.core.values.snapshot import WebUIModel

if TYPE_CHECKING:
    from tray_app.app.wiring import App

log = logging.getLogger(__name__)

REPORT_EVERY_S = 0.5


class JobDone(Struct, frozen=True):
    """How a job ended. `message` and `notice` are for the person; `settings`: Open WebUI's settings may have changed,
    `models`: so may the list of models, `connection`: another server or token from now on."""

    job_id: str
    message: str = ""
    notice: NoticeView | None = None
    error: ElbowroomError | None = None
    broken: bool = False
    """It ended by a bug of ours; the log has it."""
    change_id: str = ""
    """The journal's id of what was changed."""
    settings: bool = False
    models: bool = False
    connection: bool = False


class JobMoved(Struct, frozen=True):
    """Progress of the running job."""

    job: RunningJob


class JobControl:
    """What a job's work is given: a way to report, and to learn that it should stop."""

    def __init__(self, job: RunningJob, send: Callable[[JobMoved], None]) -> None:
        self.job = job
        self._send = send
        self._cancel = threading.Event()
        self._again = threading.Event()
        self._told_at: float | None = None

    def cancel(self) -> None:
        self._cancel.set()
        self.job = replace(self.job, cancelling=True)

    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def ask_again(self) -> None:
        self._again.set()

    def asked_again(self) -> bool:
        """True once for each time that the person asked for this job while it ran."""
        asked = self._again.is_set()
        self._again.clear()
        return asked

    def progress(self, completed_bytes: int, total_bytes: int | None) -> None:
        """Each report is a new frame of the screen, so only some are sent on; the job itself always has the newest."""
        self.job = replace(self.job, completed_bytes=completed_bytes, total_bytes=total_bytes)
        now = time.monotonic()
        if self._told_at is None or now - self._told_at >= REPORT_EVERY_S:
            self._told_at = now
            self._send(JobMoved(self.job))


Work = Callable[[JobControl], JobDone]


class NewJob(Struct, frozen=True):
    """A job to start. `subject` is a model, a host or empty."""

    kind: JobKind
    subject: str
    work: Work
    cancellable: bool = False


class Jobs:
    """Starts one job at a time in a thread of its own; owned by the worker."""

    def __init__(self, send: Callable[[JobMoved | JobDone], None]) -> None:
        self._send = send
        self._numbers = itertools.count(1)
        self._control: JobControl | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> RunningJob | None:
        return self._control.job if self._control else None

    def start(self, new: NewJob) -> bool:
        """False where a job runs already: two clicks at once are one job."""
        if self._control is not None:
            return False
        job = RunningJob(f"{new.kind.value}-{next(self._numbers)}", new.kind, new.subject, cancellable=new.cancellable)
        self._control = control = JobControl(job, self._send)
        self._thread = threading.Thread(target=self._run, args=(control, new.work), name=job.id, daemon=True)
        self._thread.start()
        return True

    def ask_again(self) -> None:
        """For a job that shows the person something: show it again."""
        if self._control is not None:
            self._control.ask_again()

    def cancel(self, job_id: str) -> None:
        """Ask the job to stop; a job that began since the click goes on."""
        if self._control is not None and self._control.job.id == job_id and self._control.job.cancellable:
            self._control.cancel()

    def ended(self, done: JobDone) -> None:
        """The worker took note of the end; the next job may start."""
        if self._control is not None and self._control.job.id == done.job_id:
            self._control = None

    def stop(self, seconds: float) -> None:
        """Ask whatever runs to end, and wait that long: the journal makes a later kill safe."""
        if self._control is not None:
            self._control.cancel()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, control: JobControl, work: Work) -> None:
        try:
            done = work(control)
        except ElbowroomError as error:
            done = JobDone(control.job.id, error=error, settings=True)
        except Exception:  # the worker waits for the end of this job, whatever end it is
            log.exception("internal error")
            done = JobDone(control.job.id, broken=True, settings=True)
        log.info("job %s %s ended", control.job.kind.value, control.job.id)
        self._send(replace(done, job_id=control.job.id))


# --- what a command asks for ----------------------------------------------------------------

KINDS = {
    ActionKind.PULL: JobKind.PULL,
    ActionKind.UNLOAD: JobKind.UNLOAD,
    ActionKind.STOP_GENERATIONS: JobKind.STOP_GENERATIONS,
    ActionKind.END: JobKind.END,
    ActionKind.START_RELAY: JobKind.CHANGE,
}


def job_of(
    command: ByJob,
    carrier: Carrier,
    translator: Callable[[], Translator],
) -> NewJob:
    """The job of a command. `translator` is asked when the work ends: the language may have changed."""
    match command:
        case ApplyRemedy(remedy):
            first = next(iter(remedy.plan.actions), None)
            kind = KINDS[first.kind] if first else JobKind.CHANGE
            subject = (first.subject if first else "") or remedy.id
            return NewJob(
                kind, subject, lambda control: _carry_out(command, carrier, control, translator), kind is JobKind.PULL
            )
        case SetSettings(plan):
            return NewJob(JobKind.CHANGE, "", lambda _: _done(carrier.apply(plan.changes, "menu"), translator()))
        case Undo(change_id):
            return NewJob(JobKind.UNDO, change_id, lambda _: _undo(command, carrier, translator))
        case Unload(model):
            return NewJob(JobKind.UNLOAD, model, lambda _: _unload(command, carrier, translator))
        case Prove():
            return NewJob(JobKind.PROVE, "", lambda _: _prove(command, carrier, translator))
        case SpeedTest():
            return NewJob(
                JobKind.SPEED_TEST, "", lambda control: _speed(carrier, control, translator), cancellable=True
            )


def chat_first_work(
    app: "App", led: Iterable[OllamaConnection], translator: Callable[[], Translator], *, on: bool
) -> Work:
    """Chat first on or off, as the command line does it."""

    def work(_control: JobControl) -> JobDone:
        desk = app.chat_first
        was_paused = app.state.read().chat_first_paused
        desk.pause(paused=False)
        if on and was_paused and desk.in_force():
            return JobDone("")  # a Quit that was killed before it took anything back
        if on:
            done = app.carrier.carry_out(desk.remedy(led), Consent.CONFIRMED, lambda _: None, lambda: False)
            return replace(_done(done, translator()), models=True)
        changes = [change.back() for record in desk.off() for change in record.changes]
        lines = change_view.undone(changes, (), translator())
        return JobDone("", "; ".join("".join(span.text for span in line) for line in lines), settings=True, models=True)

    return work


def _carry_out(
    command: ApplyRemedy, carrier: Carrier, control: JobControl, translator: Callable[[], Translator]
) -> JobDone:
    def show(step: Step) -> None:
        control.progress(step.completed_bytes, step.total_bytes)

    given = Consent.CONFIRMED if command.confirmed else Consent.CLICK
    try:
        done = carrier.carry_out(command.remedy, given, show, control.cancelled)
    except ChangeError as error:
        if error.problem is not Problem.CANCELLED:
            raise
        return JobDone("", change_view.pull_cancelled(error.subject, translator()), models=True)
    return replace(_done(done, translator()), models=True)


def _done(done: Outcome, tr: Translator) -> JobDone:
    notice = notice_view.changed(done.change_id, done.changes, tr) if done.changes else None
    told = [change_view.freed(action, tr) for action in done.freed]
    if done.stopped is not None:
        told.append(change_view.stopped(done.stopped, tr))
    return JobDone("", in_turn(*told), notice, change_id=done.change_id, settings=bool(done.changes))


def _undo(command: Undo, carrier: Carrier, translator: Callable[[], Translator]) -> JobDone:
    undone = carrier.undo(command.change_id, command.changes)
    tr = translator()
    lines = change_view.undone(undone.changes, undone.drifted, tr)
    told = ["; ".join("".join(span.text for span in line) for line in lines)]
    if undone.stays is not None:
        told.append(change_view.model_stays(*undone.stays, tr))
    return JobDone("", in_turn(*told), settings=True)


def _unload(command: Unload, carrier: Carrier, translator: Callable[[], Translator]) -> JobDone:
    carrier.unload(command.model, command.digest)
    return JobDone("", change_view.unloaded(command.model, translator()), models=True)


def _prove(command: Prove, carrier: Carrier, translator: Callable[[], Translator]) -> JobDone:
    carrier.writable()
    proof, tr = speed.prove(carrier, command.slot), translator()
    if proof is None:
        text = change_view.not_proven(tr)
    elif proof.good:
        text = "".join(span.text for span in change_view.proven(proof.chat, proof.answered, proof.seconds, tr))
    else:
        text = change_view.not_in_effect(proof.chat, proof.wanted, proof.answered, tr)
    return JobDone("", text, notice_view.told(setting_name(command.slot, tr), text, "proof"), models=True)


def _speed(carrier: Carrier, control: JobControl, translator: Callable[[], Translator]) -> JobDone:
    """The task model of now, a few calls: the menu has no room for a table."""

    def show(step: speed.Progress) -> None:
        if control.cancelled():
            raise ChangeError(Problem.CANCELLED, "speed")
        control.progress(step.run - 1, step.runs)

    carrier.writable()
    chat = speed.chat_model(carrier)
    if chat is None:
        return JobDone("", speed_view.no_chat_model(translator()))
    try:
        timing = _timed(carrier, chat, show)
    except ChangeError as error:
        if error.problem is not Problem.NOTHING_TO_DO:
            raise
        return JobDone("", speed_view.tasks_off(translator()))
    tr = translator()
    if timing.failed is not None:
        raise timing.failed
    return JobDone("", speed_view.sentence(timing, tr))


def _timed(carrier: Carrier, chat: WebUIModel, show: Callable[[speed.Progress], None]) -> Trial:
    """Nothing is switched for it."""
    return bench(carrier, chat).compare(chat.id, (), speed.MENU_RUNS, show).trials[0]
