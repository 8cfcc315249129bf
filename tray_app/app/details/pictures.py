"""The pictures of the details page, made while somebody looks: the newest look, and the history as far as it is kept.

A long window changes slowly, so it is not made anew with every look.
"""

import time

from msgspec import Struct

from tray_app.app.watch import HistoryKeeper, Look
from tray_app.core.diagnosis.memory_use import memory_use
from tray_app.core.report.details.pictures import CALL_DAYS, Kept, Pictures, Seeing, pictures
from tray_app.core.report.details.scale import TimeWindow, midnights
from tray_app.core.report.details.stored import Stored
from tray_app.core.text import details_pictures as view
from tray_app.core.text import errors as error_view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.drawn.history_window import HistoryWindow

AGAIN_S = {TimeWindow.TEN_MINUTES: 0.0, TimeWindow.HOUR: 4.0, TimeWindow.DAY: 30.0, TimeWindow.WEEK: 120.0}
NOTHING_PENDING = 1e300


class _Made(Struct, frozen=True):
    """A chart as it was made. `language`: of its words."""

    at: float
    language: object
    chart: view.Document


def offset(at: float) -> int:
    """How far local time is ahead of UTC at that moment."""
    return time.localtime(at).tm_gmtoff


class PictureMaker:
    """Owned by one thread: the one that the keeper's look comes from."""

    def __init__(self, keeper: HistoryKeeper) -> None:
        self._keeper = keeper
        self._reader = HistoryWindow(keeper.file, offset) if keeper.file is not None else None
        self._times: dict[TimeWindow, _Made] = {}
        self._newest: tuple[Look, str, view.Document] | None = None

    def document(self, look: Look, tr: Translator, language: str) -> view.Document:
        """All pictures with their words, as the page gets them."""
        if self._newest is None or self._newest[0] is not look or self._newest[1] != language:
            self._newest = look, language, self._made(look, tr, language)
        return self._newest[2]

    def _made(self, look: Look, tr: Translator, language: str) -> view.Document:
        unwritten = self._keeper.unwritten
        seeing = Seeing(
            look.facts.at.taken_at,
            memory_use(look.facts, look.candidates),
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
