"""What the worker needs from the rest of the app, and what survives a new connection: alerts, relief, choices."""

import logging
import time
import webbrowser
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from tray_app import __version__, autostart
from tray_app.app import language, opened
from tray_app.app.connect import connect_work
from tray_app.app.doing.advised import AdviceWatch
from tray_app.app.doing.at_login import AtLogin
from tray_app.app.doing.keeper import ChatFirstKeeper
from tray_app.app.doing.reliever import Reliever
from tray_app.app.doing.trying import held_in, left_switched, put_back
from tray_app.app.jobs import Work
from tray_app.app.rhythm import FIND_EVERY_S, poll_within
from tray_app.app.watch import HistoryKeeper, Look
from tray_app.app.wiring import App, Overrides
from tray_app.core.diagnosis.alerts import Notice, Quiet
from tray_app.core.menu import first_run as tray_view
from tray_app.core.menu import notice as notice_view
from tray_app.core.menu.screen import IconWish, NoticeSettings, NoticeView, ScreenState
from tray_app.core.remedies.ollama_settings import InEffect
from tray_app.core.remedies.relay_rules import not_taken, relay_rules
from tray_app.core.text import chat_first as chat_first_view
from tray_app.core.text import errors as error_view
from tray_app.core.text import settings as settings_view
from tray_app.core.text.text import Translator
from tray_app.core.values.command import Link, OpenLink
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.errors.usage import UsageError
from tray_app.core.values.plan import Record
from tray_app.core.values.relay import WishNotTaken
from tray_app.core.values.remedy import TaskModels
from tray_app.core.values.snapshot import Access
from tray_app.core.values.token import origin_of
from tray_app.readers.own_use import OwnUseReader
from tray_app.services.deadline import all_within
from tray_app.storage.history import HistoryFile
from tray_app.storage.settings_keys import IconChoice, Settings
from tray_app.storage.state import State

log = logging.getLogger(__name__)

OLLAMA_PAGE = "https://ollama.com/download"
UNDO_ROWS = 5
SUMMONED_S = 60.0
BEING_MADE_S = 10.0
"""A change that is open for less long, and was not at our start, may be one that another copy makes just now."""


class Session:
    """Owned by the worker; `app` is another one after a new connection.

    `translator` and `language` are also asked by a job's thread (they only read).
    """

    def __init__(
        self,
        overrides: Overrides,
        troubles: tuple[ElbowroomError, ...] = (),
        *,
        on_duty: bool = True,
        beside: Sequence[str] = (),
    ) -> None:
        """`troubles`: what went wrong before, for the menu. Not `on_duty`: it looks and does what it is asked; notices,
        relief and watching over chat first are the tray's. `beside`: other Ollamas that the page shows, too."""
        self.on_duty = on_duty
        self.beside = beside
        self._overrides = overrides
        self._lasting = self._troubles = troubles
        self.app = App(overrides)
        state = self.app.state.read()
        self.relief = Reliever(lambda: self.app, self.remember)
        self._told: Mapping[str, float] | None = state.told
        self._keeper = HistoryKeeper(
            None if overrides.played else HistoryFile(self.app.paths.history_file), writes=on_duty
        )
        self._own_use = OwnUseReader()
        self._settled = False
        self._at_login = AtLogin(overrides.home)
        given = overrides
        self._repeated = language.repeated(str(given.home or ""), given.ollama, given.open_webui)
        self._moved = False
        self._not_taken: tuple[WishNotTaken, ...] = ()
        self._looked_for_at = float("-inf")
        self._found: int | None = None
        self._summoned_until = float("-inf")
        self.advice = AdviceWatch()
        self.chat_first = ChatFirstKeeper(lambda: self.app, on_duty=on_duty)

    @property
    def history(self) -> HistoryKeeper:
        """What is kept of the looks."""
        return self._keeper

    # --- looking -----------------------------------------------------------------------------

    def look(self, *, busy: bool = False, cut: Callable[[], bool] = lambda: False) -> Look:
        """One poll; a settings file that changed is read again first.

        `busy`: a job uses the connections of this app, so that another app has to wait for its end.
        `cut`: somebody clicked, so that a server that is slow is waited for no longer: ChangeError(CANCELLED).
        """
        self._moved = self.app.follow_settings() or self._moved
        if self._moved and not busy:
            self.reconnect()
        notices = self._notices()
        quiet = Quiet(notices.snoozed_until, notices.only_critical, notices.muted_models)
        if self._told is not None:  # here, because the observer is built on the worker's thread: it asks who is there
            self.app.observer.remember_told(self._told)
            self._told = None
        with all_within(poll_within(self.settings().request_limit_s), cut):
            look = self.app.observer.look(quiet)
        self._keeper.note(look, self.app.journal)
        settings = self.settings()
        at_relay = look.facts.overview.relay is not None
        self._not_taken = not_taken(look.facts, settings.task_models) if at_relay else ()
        self.app.observer.poll.tell_relay(relay_rules(look.facts, settings.chat_first, settings.task_models))
        self._settle(look, busy=busy)
        if not busy:
            self._find_again(look)
        return look

    def _find_again(self, look: Look) -> None:
        """Open WebUI may be started after us, on its other usual port: looked for now and then, unless one is named."""
        there = look.facts.open_webui is not None
        late = look.snapshot.uptime_s - self._looked_for_at >= FIND_EVERY_S
        if there or not late or self.app.named_open_webui or self.app.state.read().connected_url:
            return
        self._looked_for_at = look.snapshot.uptime_s
        with App(self._overrides) as fresh:
            moved = fresh.open_webui_url != self.app.open_webui_url
        if moved:
            self.reconnect()

    def _settle(self, look: Look, *, busy: bool) -> None:
        """Changes that a crash, or a server that went away, left open are looked up once it may be written again."""
        server = look.facts.open_webui
        if busy or server is None or server.access is not Access.ADMIN:
            return
        made, origin = self.app.changes(), origin_of(server.url)
        ages = [look.snapshot.taken_at - one.at for one in made.open(origin)]
        if self._settled and not left_switched(made.undoable(origin)) and all(0 <= age < BEING_MADE_S for age in ages):
            return
        try:
            settled = (*self.app.carrier.settle(), *put_back(self.app.carrier, held_in(self.app.paths)))
        except ElbowroomError as error:  # the server went away, or a change is being made right now
            log.info("open changes are settled later: %s", type(error).__name__)
            return
        self._settled = True
        for one in settled:
            log.info("change %s was left open and is settled", one.id)

    def look_again(self, *, models: bool) -> None:
        """A sign-in that could not be read is tried again, too: somebody unlocked the keychain, say."""
        if self.app.token_problem is not None:
            self.reconnect()
        self.app.observer.poll.look_again(models=models)

    def move(self, *, busy: bool) -> None:
        """Another server or token from now on; `busy` as in `look`."""
        self._moved = True
        if not busy:
            self.reconnect()

    def reconnect(self) -> None:
        """Another server or token from now on: everything is built anew."""
        self._told = self.app.observer.told()
        self._moved = False
        self.app.close()
        self.app = App(self._overrides)

    # --- telling -----------------------------------------------------------------------------

    def tell(self, look: Look) -> tuple[NoticeView, ...]:
        """The notices that are due, in the user's language; none where they are switched off."""
        if look.notices:
            told = self.app.observer.told()
            self.remember(lambda state: replace(state, told=told))
        tr = self.translator()
        first, brought = self._first_run(look, tr), (*self._brought(look, tr), *self._followed(look, tr))
        if not self.settings().notices:
            return first
        return (*first, *(self._notice(one, look, tr) for one in look.notices), *brought)

    def _followed(self, look: Look, tr: Translator) -> tuple[NoticeView, ...]:
        """Of advice for Ollama's own settings, once Ollama was started again."""
        return tuple(
            notice_view.advised(kind, state is InEffect.YES, now, tr)
            for kind, state, now in self.advice.look(look.facts, look.remedies)
        )

    def _brought(self, look: Look, tr: Translator) -> tuple[NoticeView, ...]:
        """Once for each change: what it brought, when enough answers came after it."""
        try:
            newest = next(iter(self._undoable()), None)
        except UsageError:  # of the address in the environment: the menu tells it
            return ()
        if look.facts.chat_model is not None:
            self._keeper.reckon_work(look.facts.chat_model.name, look.facts.at)
        self._keeper.reckon(newest, lambda: self.app.journal.read().records, look.facts.at)
        told = self._keeper.receipt
        if (
            not self.on_duty
            or told is None
            or not told.is_settled
            or self.app.state.read().receipt_told == told.change_id
        ):
            return ()
        self.remember(lambda state: replace(state, receipt_told=told.change_id))
        return (notice_view.receipt(told, tr),)

    @staticmethod
    def _notice(one: Notice, look: Look, tr: Translator) -> NoticeView:
        if one.lasted_s is None:
            return notice_view.about(one.finding, look.remedies, tr)
        return notice_view.relief(one.finding, round(one.lasted_s / 60), look.diagnosis.level, tr)

    def _first_run(self, look: Look, tr: Translator) -> tuple[NoticeView, ...]:
        """Once in the life of this installation: what was found, and how to connect.

        In that run again when a server came up since: what the first notice said then is no longer the next step.
        """
        if self._overrides.played:
            return ()
        seen = look.facts.overview
        before, now = self._found, tray_view.found(seen)
        if before is None:
            if self.app.state.read().first_run_done:
                return ()
            self.remember(lambda state: replace(state, first_run_done=True))
        elif now <= before or not self.settings().notices:
            return ()
        self._found = now
        return (tray_view.first_run(seen, tr),)

    def complaint(self) -> str:
        """The first thing that is wrong with our own files, for the menu; empty where they are fine."""
        tr, problems = self.translator(), self.app.settings_problems
        if problems:
            return settings_view.sentence(problems[0], tr)
        problems_now = filter(None, [self.chat_first.problem, self._keeper.problem])
        troubles = (*self._troubles, *self.app.file_problems, *problems_now)
        if not troubles and self._not_taken:
            return chat_first_view.not_taken(self._not_taken[0], tr)
        return error_view.told(troubles[0], tr) if troubles else ""

    def screen_state(self, look: Look | None) -> ScreenState:
        undoable: tuple[Record, ...] = ()
        self._troubles = self._lasting
        try:
            undoable = self._undoable()
        except UsageError as error:  # of the address in the environment
            self._troubles = (error,)
        return ScreenState(
            overview=look.facts.overview if look else None,
            diagnosis=look.diagnosis if look else None,
            used_bytes=look.facts.used_bytes if look else None,
            budget_bytes=look.facts.budget_bytes if look else None,
            remedies=look.remedies if look else (),
            task_models=look.task_models if look else TaskModels(),
            ways=look.strategies(self._keeper.work) if look else (),
            undoable=undoable,
            notices=self._notices(),
            autostart=self._at_login.is_on(),
            language=self.app.state.read().language,
            languages=language.names(),
            utc_offset_s=time.localtime().tm_gmtoff,
            version=__version__,
            played=self._overrides.played,
            has_monitor=bool(opened.monitor()),
            icon=self._icon(),
            summoned=time.monotonic() < self._summoned_until,
            receipt=self._keeper.receipt,
            relief=self.relief.choice(look),
            chat_first=self.chat_first.is_on(look),
            own=self._own_use.read(),
        )

    def _icon(self) -> IconWish:
        wanted = self.settings().icon
        if wanted:
            return IconWish(wanted == IconChoice.WHEN_TIGHT, by_file=True)
        return IconWish(self.app.state.read().icon_when_tight)

    def summoned(self) -> None:
        """Somebody looks for the icon: it is shown for a while, whatever was chosen."""
        self._summoned_until = time.monotonic() + SUMMONED_S

    def _notices(self) -> NoticeSettings:
        state, settings = self.app.state.read(), self.settings()
        only_critical = state.notices_only_critical or settings.notices_only_critical
        return NoticeSettings(state.snoozed_until, only_critical, state.muted)

    def _undoable(self) -> tuple[Record, ...]:
        return self.app.changes().undoable(origin_of(self.app.open_webui_url))[:UNDO_ROWS]

    # --- the rest ----------------------------------------------------------------------------

    def settings(self) -> Settings:
        return self.app.settings_file.settings

    def language(self) -> str:
        return (
            self._overrides.language
            or self.settings().language
            or self.app.state.read().language
            or language.of_system()
        )

    def translator(self) -> Translator:
        return language.load(self.language(), self._repeated)

    def connect_work(self, url: str) -> Work:
        return connect_work(self.app, url or self.app.open_webui_url, self.translator, self.language)

    def disconnect(self) -> str:
        """What the person must know who did it; empty where there is nothing."""
        try:
            self.app.secrets.forget_all()
        finally:
            self.reconnect()
        return chat_first_view.not_signed_in(self.translator()) if self.chat_first.leads() else ""

    def autostart(self, *, on: bool) -> str:
        """As `disconnect`."""
        if on:
            autostart.switch_on(self._at_login.command)
            return ""
        autostart.switch_off()
        return chat_first_view.not_at_login(self.translator()) if self.chat_first.leads() else ""

    def open_link(self, command: OpenLink) -> None:
        """Without waiting for the program that opens."""
        match command.link:
            case Link.OPEN_WEBUI:
                webbrowser.open(command.url)
            case Link.OLLAMA_PAGE:
                webbrowser.open(OLLAMA_PAGE)
            case Link.SYSTEM_MONITOR:
                opened.start_monitor()
            case Link.SETTINGS_FILE:
                self.app.settings_file.begin()
                opened.start(opened.editor(self.app.paths.settings_file))
            case Link.LOG_FILE:
                opened.start(opened.editor(self.app.paths.log_file))

    def remember(self, change: Callable[[State], State]) -> None:
        """A state that cannot be written must not stop the app: it only forgets."""
        try:
            self.app.state.update(change)
        except (StorageError, ElbowroomError) as error:
            log.warning("state not written: %s", error)

    def close(self) -> None:
        self._keeper.close()
        self.app.close()
