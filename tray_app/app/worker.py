"""The polling thread: mailbox, due time, back-off; the sole owner of changing state.

The mailbox is the timer: the worker waits on it until the next poll is due. It never waits for the tray: frames and
notices are handed over and forgotten.
"""

import datetime as dt
import logging
import queue
import threading
import time
from collections.abc import Callable

from msgspec.structs import replace

from tray_app.app.connect import open_in_browser
from tray_app.app.details.desk import DetailsDesk
from tray_app.app.jobs import JobDone, JobMoved, Jobs, NewJob, chat_first_work, job_of
from tray_app.app.rhythm import pause_s
from tray_app.app.session import Session
from tray_app.app.watch import Look
from tray_app.core.menu import menu as menu_view
from tray_app.core.menu import notice as notice_view
from tray_app.core.menu.screen import NoticeView, ScreenState
from tray_app.core.text import chat_first as chat_first_view
from tray_app.core.text import errors as error_view
from tray_app.core.text import status as status_view
from tray_app.core.text import versions
from tray_app.core.text.lines import in_turn
from tray_app.core.values.command import (
    ApplyRemedy,
    Autostart,
    ByJob,
    Cancel,
    CheckUpdates,
    Command,
    Connect,
    CopyText,
    Disconnect,
    Drawn,
    Looked,
    MuteForModel,
    NoticeProblem,
    NoticesUnseen,
    NotificationsOnlyCritical,
    OpenDetails,
    OpenLink,
    PageJob,
    Quit,
    Refresh,
    SetChatFirst,
    SetIcon,
    SetLanguage,
    SetRelief,
    SetReliefClear,
    Snooze,
    SnoozeUntil,
    TryRelief,
    Undo,
)
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.job import JobKind
from tray_app.core.values.reading import Moment
from tray_app.core.values.remedy import CHAT_FIRST
from tray_app.core.values.snapshot import Pressure
from tray_app.storage.state import State
from tray_app.tray.base import NAME, Tray

log = logging.getLogger(__name__)

MORNING_HOUR = 8
QUIT_WAIT_S = 1.5
TAKE_BACK_WAIT_S = 12.0
"""Quit with chat first on: Open WebUI is asked to go back first."""
KEEP_EVERY_S = 1.0


class Worker:
    """Runs in a thread of its own until Quit. `send` is safe from any thread and returns at once."""

    def __init__(
        self,
        session: Session,
        screen: Tray,
        now: Callable[[], float] = time.time,
        uptime: Callable[[], float] = time.monotonic,
        open_browser: Callable[[str], bool] = open_in_browser,
    ) -> None:
        self._session = session
        self._screen = screen
        self._now = now
        self._uptime = uptime
        self._mailbox: queue.SimpleQueue[Command | JobMoved | JobDone] = queue.SimpleQueue()
        self._jobs = Jobs(self._mailbox.put)
        self._signing_in = Jobs(self._mailbox.put)  # beside the others: its page may stay open for ten minutes
        self._details = DetailsDesk(session, self.send, open_browser, lambda: self._mailbox.put(Drawn()))
        self._look: Look | None = None
        self._message = ""
        self._trouble = ""
        self._broken = ""
        self._unseen: NoticeProblem | None = None
        self._clicked = threading.Event()
        self._due = 0.0
        self._quitting = False
        self._keeping = False
        """A relay of ours stands between Open WebUI and Ollama."""
        self._relief_job = ""
        self._relief_order: ApplyRemedy | Undo | None = None
        self._late_end: threading.Timer | None = None

    @property
    def page_is_open(self) -> bool:
        """Of the details page."""
        return self._details.is_open

    def send(self, command: Command) -> None:
        self._mailbox.put(command)
        self._clicked.set()
        if isinstance(command, Quit):
            # A poll may wait for a server that hangs; whoever quits does not.
            wait_s = TAKE_BACK_WAIT_S if self._keeping else QUIT_WAIT_S
            self._late_end = threading.Timer(wait_s, self._screen.stop)
            self._late_end.daemon = True
            self._late_end.start()

    def run(self) -> None:
        """Polls and commands until Quit. What goes wrong in one round is told; the next round goes on."""
        self._show_whatever_is_there()
        while not self._quitting:
            went_well = self._went_well(self._round)
            if not went_well:
                self._due = max(self._due, self._uptime() + self._interval())
            self._show_whatever_is_there()
        self._signing_in.stop(QUIT_WAIT_S)
        self._jobs.stop(QUIT_WAIT_S)
        self._went_well(self._details.close)
        if self._keeping:
            self._went_well(self._take_back)
        if self._late_end is not None:
            self._late_end.cancel()
        self._screen.stop()

    def _went_well(self, step: Callable[[], None]) -> bool:
        """The edge of this thread: whatever a round raises is told in the menu, and the next round goes on."""
        try:
            step()
        except ElbowroomError as error:
            log.warning("this round failed: %s", type(error).__name__)
            self._trouble = self._told(error)
        except Exception:
            log.exception("internal error")
            self._trouble = status_view.internal_error(self._session.translator())
        else:
            return True
        return False

    def _told(self, error: ElbowroomError) -> str:
        return error_view.told(error, self._session.translator())

    def _round(self) -> None:
        """Everything in the mailbox first, then a poll if it is due."""
        item = self._next()
        self._clicked.clear()
        while item is not None:
            self._handle(item)
            if self._quitting:
                return
            item = self._next(wait=False)
        if self._uptime() < self._due:
            return
        try:
            self._poll()
        except ChangeError as error:
            if error.problem is not Problem.CANCELLED:
                raise  # else somebody clicked: that first, then the poll again
        else:
            self._trouble = ""

    def _next(self, *, wait: bool = True) -> Command | JobMoved | JobDone | None:
        if not wait:
            return None if self._mailbox.empty() else self._mailbox.get()
        while True:
            left = max(0.0, self._due - self._uptime())
            self._keeping = self._session.chat_first.keep()
            slice_s = min(left, KEEP_EVERY_S) if self._keeping else left
            try:
                return self._mailbox.get(timeout=slice_s)
            except queue.Empty:
                if slice_s == left:
                    return None

    def _take_back(self) -> None:
        kept_by = self._session.chat_first.take_back()
        if kept_by is not None:
            why = chat_first_view.stays_on(self._told(kept_by), self._session.translator())
            self._screen.notify(NoticeView(NAME.capitalize(), why, "chat-first"))

    def _poll(self) -> None:
        look = self._session.look(busy=self._jobs.running is not None, cut=self._clicked.is_set)
        self._look = look
        self._due = self._uptime() + self._interval()
        if self._session.on_duty:
            for notice in self._session.tell(look):
                self._screen.notify(notice)
        relief = self._session.relief.wants(look) if self._session.on_duty else None
        if relief is not None:
            self._relieve(relief)
        if self._session.chat_first.is_due(look) and self._jobs.running is None:
            self._do(SetChatFirst(on=True))

    def _relieve(self, order: ApplyRemedy | Undo) -> None:
        """What automatic relief ordered is a job like a click's; its end goes back to the state machine."""
        self._relief_job = ""
        if self._jobs.running is None:
            self._do(order)
        if self._jobs.running is None:
            self._session.relief.ended(order, JobDone(""), self._moment())
            return
        self._relief_job, self._relief_order = self._jobs.running.id, order

    def _moment(self) -> Moment:
        return Moment(self._uptime(), self._now())

    def _interval(self) -> float:
        if self._look is None:
            return pause_s(self._session.settings(), None, idle=False)
        facts = self._look.facts
        no_model = facts.ollama is not None and not facts.ollama.loaded
        idle, watched = no_model and facts.pressure is Pressure.NORMAL, self._details.is_watched
        return pause_s(self._session.settings(), self._look.diagnosis.level, idle=idle, watched=watched)

    def _show_whatever_is_there(self) -> None:
        """The icon always comes: where its screen cannot be made, with the reason and the way to quit."""
        if not self._quitting and not self._went_well(self._show):
            self._went_well(lambda: self._render(ScreenState(), self._trouble))

    def _show(self) -> None:
        state = self._session.screen_state(self._look)
        self._render(state, self._message or self._trouble or self._session.complaint())

    def _render(self, state: ScreenState, message: str) -> None:
        notices = replace(state.notices, problem=self._unseen)
        job = self._jobs.running or self._signing_in.running
        state = replace(state, job=job, message=message, notices=notices)
        self._screen.show(menu_view.render(state, self._session.translator(), self._part_is_broken))
        self._details.tidy()
        self._details.show(state, self._look)

    def _part_is_broken(self, error: Exception) -> None:
        """In the log once, not with every frame."""
        if repr(error) != self._broken:
            self._broken = repr(error)
            log.error("a part of the menu cannot be shown", exc_info=error)

    # --- the mailbox -----------------------------------------------------------------------

    def _handle(self, item: Command | JobMoved | JobDone) -> None:
        match item:
            case JobMoved() | Drawn():
                pass  # the next frame shows it as it is
            case JobDone():
                self._job_ended(item)
            case NoticesUnseen(problem):
                self._unseen = problem
            case Quit():
                self._quitting = True
            case Refresh():
                self._session.look_again(models=False)
                self._due = 0.0
            case OpenDetails(form):
                self._message = self._details.open(form)
            case Looked():
                self._due = min(self._due, self._uptime() + self._interval())
            case Cancel(job_id):
                self._jobs.cancel(job_id)
                self._signing_in.cancel(job_id)
            case _:
                self._do(item)

    def _do(self, command: Command) -> None:
        """Every effect of every click but those that never fail. What goes wrong is told in the menu."""
        session = self._session
        self._message = ""
        try:
            match command:
                case _ if isinstance(command, ByJob | SetChatFirst | PageJob):
                    self._start(self._job_of(command))
                case Connect(url):
                    job = NewJob(JobKind.CONNECT, url, session.connect_work(url), cancellable=True)
                    if not self._signing_in.start(job):
                        self._signing_in.ask_again()
                case Disconnect():
                    self._message = session.disconnect()
                    self._due = 0.0
                case CopyText(text):
                    self._screen.copy(text)
                    session.advice.copied(text)
                case Snooze() | MuteForModel() | NotificationsOnlyCritical() | SetLanguage() | SetIcon():
                    session.remember(self._wish(command))
                case Autostart(on):
                    self._message = session.autostart(on=on)
                case OpenLink():
                    session.open_link(command)
                case _:
                    self._ask(command)
        except ElbowroomError as error:
            self._message = self._told(error)

    def _job_of(self, command: ByJob | SetChatFirst | PageJob) -> NewJob:
        session = self._session
        if isinstance(command, PageJob):
            return self._details.job_of(command, self._look)
        if isinstance(command, SetChatFirst):
            led = (self._look.facts.overview.connections or ()) if self._look is not None else ()
            work = chat_first_work(session.app, led, session.translator, on=command.on)
            return NewJob(JobKind.CHANGE, CHAT_FIRST, work)
        return job_of(command, session.app.carrier, session.translator)

    def _ask(self, command: Command) -> None:
        notice, tr = None, self._session.translator()
        if isinstance(command, SetRelief | SetReliefClear | TryRelief):
            notice = self._session.relief.obey(command, tr)
        elif isinstance(command, CheckUpdates):
            server = self._session.app.open_webui
            told = in_turn(versions.told(server.version(), server.newest_release(), tr), versions.who_asks(tr))
            notice = notice_view.told(tr.gettext("Versions"), told, "versions")
        if notice is not None:
            self._screen.notify(notice)
            self._message = notice.body

    def _wish(
        self, command: Snooze | MuteForModel | NotificationsOnlyCritical | SetLanguage | SetIcon
    ) -> Callable[[State], State]:
        """What the state file is to hold from now on."""
        match command:
            case Snooze(until):
                ends = self._snooze_end(until)
                return lambda state: replace(state, snoozed_until=ends)
            case MuteForModel(model, muted):
                return lambda state: replace(state, muted=_with(state.muted, model, muted=muted))
            case NotificationsOnlyCritical(on):
                return lambda state: replace(state, notices_only_critical=on)
            case SetLanguage(code):
                return lambda state: replace(state, language=code)
            case SetIcon(when_tight):
                return lambda state: replace(state, icon_when_tight=when_tight)

    def _start(self, job: NewJob) -> None:
        if not self._jobs.start(job):
            self._message = status_view.job_runs_already(self._session.translator())

    def _job_ended(self, done: JobDone) -> None:
        """What came of it is told, and whatever it may have changed is asked again at once."""
        self._jobs.ended(done)
        self._signing_in.ended(done)
        if self._relief_order is not None and done.job_id == self._relief_job:
            self._session.relief.ended(self._relief_order, done, self._moment())
            self._relief_order = None
        tr = self._session.translator()
        if done.error is not None:
            self._message = self._told(done.error)
        elif done.broken:
            self._message = status_view.internal_error(tr)
        else:
            self._message = done.message
        if done.notice is not None:
            self._screen.notify(done.notice)
        if done.connection:
            self._session.move(busy=self._jobs.running is not None)
        if done.settings or done.models:
            self._session.look_again(models=done.models)
        self._due = 0.0

    def _snooze_end(self, until: SnoozeUntil) -> float | None:
        """Unix seconds; tomorrow is the next morning at eight on the user's clock."""
        now = self._now()
        match until:
            case SnoozeUntil.NOW:
                return None
            case SnoozeUntil.HOUR:
                return now + self._session.settings().snooze_s
            case SnoozeUntil.TOMORROW:
                local = dt.datetime.fromtimestamp(now).astimezone()
                morning = (local + dt.timedelta(days=1)).replace(hour=MORNING_HOUR, minute=0, second=0, microsecond=0)
                return morning.timestamp()


def _with(names: tuple[str, ...], name: str, *, muted: bool) -> tuple[str, ...]:
    rest = tuple(one for one in names if one != name)
    return (*rest, name) if muted else rest
