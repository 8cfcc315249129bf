"""What SQLite adds up for a picture is what all rows, read one by one, come to; also when it is asked again later."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.core.report.details.pictures import Kept, Seeing, pictures
from tray_app.core.report.details.scale import TimeWindow, midnights
from tray_app.core.report.details.stored import Stored
from tray_app.core.report.history import Mark, MarkKind, Stretch, Unwritten
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.finding import Level
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.storage.drawn.history_window import AHEAD_S, HistoryWindow
from tray_app.storage.history import HistoryFile

NOW = 1_764_000_001.0
NEVER = 1e300


def utc(_at):
    return 0


@st.composite
def past(draw):
    spans, at = [], NOW - draw(st.sampled_from((300, 3000, 80_000, 500_000)))
    for _ in range(draw(st.integers(0, 30))):
        at += draw(st.sampled_from((0.0, 0.0, 0.0, 700.0, 40_000.0)))
        until = at + draw(st.sampled_from((0.0, 2.0, 5.0, 61.25, 1800.0, 30_000.0)))
        if until > NOW:
            break
        spans.append(
            Stretch(
                at,
                until,
                draw(st.sampled_from(Level)),
                draw(st.none() | st.sampled_from(Pressure)),
                draw(st.none() | st.integers(0, 3)),
                draw(st.none() | st.integers(0, 9)),
                draw(st.none() | st.integers(0, 2)),
                waiting_at_least=draw(st.booleans()),
            )
        )
        at = until
    ended = []
    for number in range(draw(st.integers(0, 30))):
        end = NOW - draw(st.sampled_from((1, 50, 400, 3000, 50_000, 500_000))) - number / 8
        task = draw(st.sampled_from(("titles", "tags", None)))
        kind = RequestKind.TASK if task else RequestKind.CHAT
        ended.append(
            FinishedRequest("m", kind, "relay", task, end - 8, end, None, 2.0, draw(st.sampled_from((0.0, 3.0))))
        )
    marks = (Mark(NOW - 30, MarkKind.REFUSED, count=3), Mark(NOW - 90_000, MarkKind.EVICTED, "m"))
    return Unwritten(tuple(spans), tuple(ended), marks=marks)


def rounded(made):
    """Sums in another order differ in the last place."""

    def near(value):
        if isinstance(value, float):
            return round(value, 4)
        if isinstance(value, tuple):
            return tuple(map(near, value))
        if hasattr(value, "__struct_fields__"):
            return (type(value).__name__, *(near(getattr(value, name)) for name in value.__struct_fields__))
        return value

    return near((made.timeline, made.lanes, made.calls, made.oldest, made.ahead))


def plainly(file, window, now):
    rows = file.read()
    ahead = any(one.at > now + AHEAD_S for one in rows.spans)
    begins = [*(one.at for one in rows.spans), *(one.ended_at for one in rows.finished)]
    stored = Stored((), rows.spans, (), rows.finished, rows.marks, min(begins, default=None), ahead)
    # After the clock was set back, what it had written lies ahead: it is told, and in no picture.
    until_now = tuple(one for one in rows.finished if one.ended_at < now + AHEAD_S)
    inside = tuple(one for one in until_now if one.ended_at >= pictures_since(window, now))
    kept = Kept(replace(stored, finished=inside), midnights(now, 7, utc), (), until_now)
    return pictures(window, kept, Seeing(now), utc)


def pictures_since(window, now):
    return pictures(window, Kept(), Seeing(now), utc).frame.since


@settings(max_examples=60)
@given(rows=past(), window=st.sampled_from(TimeWindow), later=st.sampled_from((0.0, 1.0, 700.0, -700.0, -50_000.0)))
def test_a_picture_from_sums_is_the_picture_from_all_rows(tmp_path_factory, rows, window, later):
    file = HistoryFile(tmp_path_factory.mktemp("home") / "history.db", lambda: NOW)
    file.write(rows)
    reader = HistoryWindow(file, utc)
    for now in (NOW, NOW + later):
        made = pictures(window, reader.kept(window, now, NEVER), Seeing(now), utc)
        assert rounded(made) == rounded(plainly(file, window, now))
        newer = FinishedRequest("m", RequestKind.CHAT, "relay", None, NOW, NOW + 0.5, NOW + 0.1, 0.4)
        file.write(Unwritten((Stretch(NOW, NOW + 0.5, Level.TIGHT),), (newer,)))
    file.close()


@pytest.fixture
def file(tmp_path):
    made = HistoryFile(tmp_path / "history.db", lambda: NOW)
    yield made
    made.close()


SPAN = Stretch(NOW - 100, NOW - 50, Level.CALM, Pressure.NORMAL, 1, 0)
CHAT = FinishedRequest("m", RequestKind.CHAT, "relay", None, NOW - 60, NOW - 55, None, 4.0)


@pytest.mark.parametrize("window", TimeWindow)
def test_what_is_not_written_yet_is_there_once(file, window):
    """The span that goes on is in the file with its old end; a request may have been written by the relay."""
    file.write(Unwritten((SPAN,), (replace(CHAT, busy_s=1.0),)))
    unwritten = Unwritten((replace(SPAN, until=NOW),), (CHAT,))
    kept = HistoryWindow(file, utc).kept(window, NOW, SPAN.at)
    made = pictures(window, kept, Seeing(NOW, unwritten=unwritten), utc)
    assert made.timeline.watched_s == pytest.approx(100.0)
    assert [(one.calls, one.busy_s) for one in made.lanes] == [(1, 4.0)]
    assert [(one.share.calls, one.share.busy_s) for one in made.calls.kinds] == [(1, 4.0)]


def test_without_a_file_nothing_was_measured(tmp_path):
    kept = HistoryWindow(HistoryFile(tmp_path / "history.db"), utc).kept(TimeWindow.HOUR, NOW, NEVER)
    made = pictures(TimeWindow.HOUR, kept, Seeing(NOW), utc)
    assert made.is_empty
    assert len(made.calls.days) == 7


def test_a_history_that_lies_ahead_is_told(file):
    file.write(Unwritten((replace(SPAN, at=NOW + 9000, until=NOW + 9100),)))
    made = pictures(TimeWindow.DAY, HistoryWindow(file, utc).kept(TimeWindow.DAY, NOW, NEVER), Seeing(NOW), utc)
    assert made.ahead
    assert made.timeline.steps == ()


def test_a_damaged_file_is_a_storage_error(file):
    file.path.write_bytes(b"no database" * 1000)
    with pytest.raises(StorageError):
        HistoryWindow(file, utc).kept(TimeWindow.DAY, NOW, NEVER)
