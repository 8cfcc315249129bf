"""The pictures of the details page, made while somebody looks: the newest look, and the history as far as it is kept.

A long window changes slowly, so it is not made anew with every look. A full history takes a second to add up: that is
done on a thread of its own, and the worker waits for it only a moment.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from msgspec import Struct

from tray_app.app.watch import HistoryKeeper, Look
from tray_app.core.diagnosis.memory_use import memory_use
from tray_app.core.report.details.pictures import CALL_DAYS, Kept, Pictures, Seeing, pictures
from tray_app.core.report.details.scale import TimeWindow, midnights
from tray_app.core.report.details.stored import Stored
from tray_app.core.report.history import Unwritten
from tray_app.core.text import details_pictures as view
from tray_app.core.text import errors as error_view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.drawn.history_window import HistoryWindow
from tray_app.storage.history import HistoryFile

AGAIN_S = {TimeWindow.TEN_MINUTES: 0.0, TimeWindow.HOUR: 4.0, TimeWindow.DAY: 30.0, TimeWindow.WEEK: 120.0}
NOTHING_PENDING = 1e300
WAIT_S = 0.1
"""What a picture takes on an ordinary day, so that the page need not be told twice."""


class _Made(Struct, frozen=True):
    """A chart as it was made. `language`: of its words."""

    at: float
    language: object
    chart: view.Document


def offset(at: float) -> int:
    """How far local time is ahead of UTC at that moment."""
    return time.localtime(at).tm_gmtoff


class PicturesBeside:
    """Owned by the thread that the keeper's looks come from; what it asks for is made on another."""

    def __init__(self, keeper: HistoryKeeper, late: Callable[[], None]) -> None:
        """`late`: pictures are there that `document` did not wait for. Called on their thread."""
        self._keeper = keeper
        self._late = late
        self._maker = PictureMaker(keeper.file)
        self._pool: ThreadPoolExecutor | None = None
        self._running: Future[view.Document] | None = None
        self._of: tuple[Look, str] | None = None
        """What is made, or was made last."""
        self._newest: view.Document | None = None

    def document(self, look: Look, tr: Translator, language: str) -> view.Document | None:
        """All pictures with their words, as the page gets them; those of an earlier look where these take longer. None:
        none were made yet."""
        if self._running is not None and not self._ended(self._running):
            return self._newest
        if self._of is None or self._of[0] is not look or self._of[1] != language:
            self._pool = self._pool or ThreadPoolExecutor(1, "pictures")
            self._of = look, language
            # Before the file is read: what is written meanwhile is in both, and what is in both is counted once.
            unwritten = self._keeper.unwritten
            self._running = self._pool.submit(self._maker.document, look, unwritten, tr, language)
            if not self._ended(self._running):
                self._running.add_done_callback(lambda _made: self._late())
        return self._newest

    def _ended(self, running: "Future[view.Document]") -> bool:
        wait((running,), WAIT_S)
        if not running.done():
            return False
        self._running = None
        self._newest = running.result()
        return True

    def forget(self) -> None:
        """Nobody looks any more: what was read is given back, and what is still made is for nobody."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._running = self._of = self._newest = None
        self._maker = PictureMaker(self._keeper.file)


class PictureMaker:
    """Owned by one thread."""

    def __init__(self, file: HistoryFile | None) -> None:
        self._reader = HistoryWindow(file, offset) if file is not None else None
        self._times: dict[TimeWindow, _Made] = {}

    def document(self, look: Look, unwritten: Unwritten, tr: Translator, language: str) -> view.Document:
        """`unwritten`: what the file did not have yet when it was asked for."""
        seeing = Seeing(
            look.facts.at.taken_at,
            memory_use(look.facts, look.case.candidates),
            look.facts.requests,
            unwritten,
        )
        trouble, newest = "", None
        for window in TimeWindow:
            made = self._times.get(window)
            if made is not None and made.language == language and 0 <= seeing.at - made.at < AGAIN_S[window]:
                continue
            shown, problem = self._pictures(window, seeing)
            trouble = trouble or (error_view.told(problem, tr) if problem is not None else "")
            newest = newest or shown
            self._times[window] = _Made(seeing.at, language, view.time_document(shown, offset, tr))
        assert newest is not None  # the shortest window is made each time
        times = [(window, self._times[window].chart) for window in TimeWindow]
        return view.document(newest, times, trouble, offset, tr)

    def _pictures(self, window: TimeWindow, seeing: Seeing) -> tuple[Pictures, StorageError | None]:
        """Without what cannot be read: what was seen since the start is there all the same."""
        spans = seeing.unwritten.spans
        try:
            if self._reader is None:
                return pictures(window, Kept(days=_days(seeing.at)), seeing, offset), None
            kept = self._reader.kept(window, seeing.at, spans[0].at if spans else NOTHING_PENDING)
            return pictures(window, kept, seeing, offset), None
        except StorageError as error:
            kept = Kept(Stored(), _days(seeing.at))
            return pictures(window, kept, seeing, offset), error


def _days(now: float) -> tuple[float, ...]:
    return midnights(now, CALL_DAYS, offset)
