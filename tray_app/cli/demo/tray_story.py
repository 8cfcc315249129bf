"""The demo's story in the tray: somebody chats, and notices tell when the first word came, before and after a fix."""

import contextlib
import threading
import time
from collections.abc import Callable

from tray_app.core.menu import notice as notice_view
from tray_app.core.menu.screen import NoticeView
from tray_app.core.text import demo as view
from tray_app.core.text.text import Translator
from tray_app.core.values.relay import RelayState
from tray_app.demo.person import Person
from tray_app.demo.visit import StoryStuck, Visit, held_at, tasks_before
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.standins.scheduler import Work

LOOK_EVERY_S = 0.2
STANDS_S = 15.0
"""So long the first queue stands still: time enough to see it, and for the notice about it, on a busy machine too."""
READS_S = 8.0
"""With chat first the tasks get their turn while the person reads."""
CAUSE = "demo"
"""Each of these notices takes the place of the one before."""


class TrayStory:
    """One thread that watches the played model. Threads: `begin` and `end` from any."""

    def __init__(
        self, ollama: DemoOllama, webui: DemoOpenWebUI, person: Person, relay: Callable[[], RelayState | None]
    ) -> None:
        self._scheduler = ollama.scheduler
        self._webui = webui
        self._person = person
        self._relay = relay
        self._visit = Visit(ollama, webui, crowded=True)
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._counted = 0
        """Messages whose first word was looked at."""

    def begin(self, tell: Callable[[NoticeView], None], translator: Callable[[], Translator]) -> None:
        self._thread = threading.Thread(target=self._tell, args=(tell, translator), name="story")
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._visit.stop()
        if self._thread is not None:
            self._thread.join()
        self._person.stop()

    def _tell(self, tell: Callable[[NoticeView], None], translator: Callable[[], Translator]) -> None:
        """The first wait behind tasks; then what each change brings, once more when it brings more."""
        tell(notice_view.told(*view.tray_opening(translator()), CAUSE))
        told = latest = self._held()  # before anybody can have changed something: some click while the queue stands
        with contextlib.suppress(StoryStuck):  # it goes on without: the person chats all the same
            self._visit.begin()
            self._visit.ask()
            self._over.wait(STANDS_S)
        self._counted = len(self._heard())
        self._visit.go_on()
        if not self._over.is_set():
            self._person.start()
        slow: float | None = None
        changed_at, good = 0.0, 0
        while (work := self._next_word()) is not None:
            if self._held() != latest:
                latest, changed_at = self._held(), time.time()
            waited, before, tr = work.first_token_s or 0.0, tasks_before(work), translator()
            if slow is None and len(before) > 1:
                slow = waited
                tell(notice_view.told(*view.tray_wait(waited, before, None, tr), CAUSE))
            elif slow is not None and 0 < changed_at < work.waited_since:
                held = held_at(self._relay()) if work.relayed else ()
                better = (not before) + bool(held)
                if told == latest and better <= good:
                    continue
                told, good = latest, better
                self._person.reads_s = READS_S if work.relayed else 0.0
                tell(notice_view.told(*view.tray_wait(waited, before, slow, tr, held), CAUSE))

    def _held(self) -> object:
        """What Open WebUI goes by: a copy."""
        return dict(self._webui.settings), self._webui.registry.ollama.urls[:]

    def _next_word(self) -> Work | None:
        """The next message of the person that has got its first word, none left out; None at the end."""
        while not self._over.is_set():
            heard = self._heard()
            if len(heard) > self._counted:
                self._counted += 1
                return heard[self._counted - 1]
            self._over.wait(LOOK_EVERY_S)
        return None

    def _heard(self) -> list[Work]:
        """Messages whose first word has come."""
        with self._scheduler.changed:
            chats = [one for one in self._scheduler.seen if one.stream]
        return [one for one in chats if one.first_s is not None]
