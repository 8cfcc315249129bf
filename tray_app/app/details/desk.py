"""The worker's side of the details page: opens it, fills it while somebody looks, takes what its buttons ask for."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from tray_app.app.connect import open_in_browser
from tray_app.app.details.beside import HostsBeside
from tray_app.app.details.comparing import Comparisons
from tray_app.app.details.form import SettingsDesk
from tray_app.app.details.hosted import HostedForms
from tray_app.app.details.pictures import PicturesBeside
from tray_app.app.jobs import NewJob
from tray_app.app.session import Session
from tray_app.app.watch import Look
from tray_app.app.way_in import DETAILS_PREFIX, WayIn, parent_folder
from tray_app.core.menu.details.document import Offered
from tray_app.core.menu.details.make import PageState, document
from tray_app.core.menu.screen import ScreenState
from tray_app.core.text import details as view
from tray_app.core.values.command import Command, Looked, PageForm, PageJob, PageStep, Refresh
from tray_app.core.values.job import JobKind
from tray_app.page.details_page import DetailsPage
from tray_app.readers.callers import whose_connection

log = logging.getLogger(__name__)

LED_S = 20.0
"""How long a page that is opened is told where the row leads."""
KEPT_COMMANDS = 2000
"""What buttons of earlier documents stood for: a tab may show one of a while ago."""


class DetailsDesk:
    """Owned by the worker; only `_do` and what it reads run on the threads of the page's requests."""

    def __init__(
        self,
        session: Session,
        send: Callable[[Command], None],
        open_browser: Callable[[str], bool] = open_in_browser,
        drawn: Callable[[], None] = lambda: None,
    ) -> None:
        """`drawn`: pictures that took a while, or another Ollama, are to be shown; called on a thread of theirs."""
        self._session = session
        self._send = send
        self._open_browser = open_browser
        self._page: DetailsPage | None = None
        self._way_in: WayIn | None = None
        self._commands: dict[str, Command] = {}
        self._lock = threading.Lock()
        self._sorry = ""
        self._settings = SettingsDesk()
        self._hosted = HostedForms()
        self._comparing = Comparisons()
        self._at, self._at_until, self._times = "", 0.0, 0
        self._pictures = PicturesBeside(session.history, drawn)
        self._beside = HostsBeside(session.beside, drawn)

    def open(self, form: PageForm = PageForm.WHOLE) -> str:
        """A tab with the page, the same page for every tab; what to say where no browser opens one."""
        tr = self._session.translator()
        self._times += 1
        self._at, self._at_until = f"{form}:{self._times}" if form else "", time.monotonic() + LED_S
        if self._page is None:
            self._page = DetailsPage(self._do, lambda: self._send(Looked()), view.gone(tr), whose=whose_connection)
            folder = parent_folder(self._session.app.paths.state_file.parent)
            self._way_in = WayIn(folder, self._open_browser, DETAILS_PREFIX)
            url = self._page.gate.bootstrap_url
        else:
            url = self._page.gate.let_in()
        assert self._way_in is not None
        return "" if self._way_in.hand_over(url) else view.no_browser(tr)

    @property
    def is_open(self) -> bool:
        return self._page is not None

    @property
    def is_watched(self) -> bool:
        return self._page is not None and self._page.is_watched

    def tidy(self) -> None:
        """The way in is closed once it was used, and the page when its last tab has gone."""
        if self._page is None or self._way_in is None:
            return
        self._page.look_after()
        if self._page.is_over:
            self.close()
        elif not self._page.gate.is_open:
            self._way_in.remove()

    def close(self) -> None:
        page, way_in = self._page, self._way_in
        self._page = self._way_in = None
        if page is not None:
            page.close()
        if way_in is not None:
            way_in.remove()
        self._hosted.forget()
        self._pictures.forget()
        self._beside.forget()
        with self._lock:
            self._commands.clear()

    def show(self, screen: ScreenState, look: Look | None) -> None:
        """What everybody who looks sees from now on; nothing is worked out where nobody does."""
        if self._page is None or not self._page.is_watched:
            return
        tr, offered = self._session.translator(), Offered()
        lang = self._session.language().replace("_", "-")  # BCP 47
        app = self._session.app
        form = self._settings.state(app.settings_file)
        led = self._at if time.monotonic() < self._at_until else ""
        hosts = self._beside.seen(app, look)
        state = PageState(screen, lang, app.changes().all, form, self._hosted.state, self._comparing.state, led, hosts)
        made = document(state, offered, _local_time, tr)
        if look is not None:
            made = replace(made, pictures=self._pictures.document(look, tr, state.lang))
        self._sorry = view.no_longer(tr)
        with self._lock:
            for token, command in offered.commands.items():
                self._commands.pop(token, None)
                self._commands[token] = command
            for token in list(self._commands)[: max(0, len(self._commands) - KEPT_COMMANDS)]:
                del self._commands[token]
        self._page.publish(msgspec.json.encode(made))

    def job_of(self, job: PageJob, look: Look | None) -> NewJob:
        """What a form asks for, as the job that does it."""
        app, session = self._session.app, self._session
        if job.step is PageStep.COMPARE:
            work = self._comparing.work(app, job, look, session.translator, session.language())
            return NewJob(JobKind.COMPARE, "", work, cancellable=True)
        host = self._hosted.state.host or self._hosted.state.address
        return NewJob(JobKind.HOSTED, host, self._hosted.work(app, job, look), cancellable=job.step is PageStep.ADD)

    # --- on the threads of requests ----------------------------------------------------------

    def _do(self, path: str, sent: Mapping[str, object]) -> Mapping[str, object] | None:
        if path == SETTING:
            written = self._settings.write(self._session.app.settings_file, sent, self._session.translator())
            self._send(Refresh())  # also after a no: then the form shows what the file says now
            return dict(zip(("ok", "message", "seal"), written, strict=True))
        if path in (HOSTED, COMPARE):
            told, job = (
                self._hosted.ask(sent, self._session.translator()) if path == HOSTED else self._comparing.ask(sent)
            )
            self._send(job or Refresh())
            return told
        if path != ACT:
            return None
        token = sent.get("act")
        with self._lock:
            command = self._commands.get(token) if isinstance(token, str) else None
        if command is None:
            return {"ok": False, "message": self._sorry}
        self._send(command)
        return {"ok": True, "message": ""}


ACT, SETTING, HOSTED, COMPARE = "/act", "/setting", "/hosted", "/compare"


def _local_time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
