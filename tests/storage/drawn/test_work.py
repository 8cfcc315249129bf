"""What a look at a long history costs, counted in SQLite's own steps: the time that it takes is another machine's."""

import contextlib
import random

import pytest

from tray_app.core.report.details.pictures import Seeing, pictures
from tray_app.core.report.details.scale import TimeWindow
from tray_app.core.report.history import Stretch, Unwritten
from tray_app.core.values.finding import Level
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.storage.drawn.history_window import HistoryWindow
from tray_app.storage.history import HistoryFile

NOW = 1_764_000_001.0
NEVER = 1e300
WEEK_S = 7 * 86_400.0
REQUESTS, SPANS = 20_000, 10_000


def utc(_at):
    return 0


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A week, evenly filled."""
    chance = random.Random(1)
    each = WEEK_S / SPANS
    begins = [NOW - WEEK_S + each * (number + 1) for number in range(SPANS - 1)]
    spans = tuple(Stretch(at, at + each, chance.choice((Level.CALM, Level.TIGHT)), Pressure.NORMAL) for at in begins)
    ended = []
    for number in range(REQUESTS):
        end = NOW - WEEK_S * (number + 0.5) / REQUESTS
        task = chance.choice((None, "titles", "tags"))
        kind = RequestKind.TASK if task else RequestKind.CHAT
        ended.append(FinishedRequest("m", kind, "relay", task, end - 2, end, None, 2.0))
    made = HistoryFile(tmp_path_factory.mktemp("home") / "history.db", lambda: NOW)
    made.write(Unwritten(spans, tuple(ended)))
    yield made
    made.close()


@pytest.fixture
def steps(file, monkeypatch):
    """`steps(work)`: what SQLite did for it, in instructions of its own machine."""
    counted, real = [0], file._reading

    @contextlib.contextmanager
    def reading():
        with real() as database:
            database.set_progress_handler(lambda: counted.__setitem__(0, counted[0] + 10), 10)
            yield database

    monkeypatch.setattr(file, "_reading", reading)

    def count(work):
        before = counted[0]
        work()
        return counted[0] - before

    return count


def all_windows(reader, now):
    return lambda: [reader.kept(window, now, NEVER) for window in TimeWindow]


def test_a_look_after_another_reads_next_to_nothing(file, steps):
    """Also where the windows take turns, as they do in each document."""
    reader = HistoryWindow(file, utc)
    first = steps(all_windows(reader, NOW))
    assert first > 20 * REQUESTS, "all of it was read"
    assert steps(all_windows(reader, NOW + 2)) < first / 100
    assert steps(all_windows(reader, NOW + 302)) < first / 5
    assert steps(lambda: reader.kept(TimeWindow.WEEK, NOW + 304, NEVER)) < first / 500


def test_what_an_hour_holds_is_read_once(file, steps):
    """The ten minutes are asked for in between."""
    reader = HistoryWindow(file, utc)
    all_windows(reader, NOW)()
    hour = len(reader.kept(TimeWindow.HOUR, NOW + 2, NEVER).window.finished)
    assert hour == pytest.approx(REQUESTS / (7 * 24), abs=2)
    again = steps(lambda: reader.kept(TimeWindow.HOUR, NOW + 4, NEVER))
    assert again < 40 * hour


@pytest.mark.parametrize("written", ["late", "pruned"])
def test_what_is_added_up_once_is_added_up_anew_where_the_file_is_another(file, written):
    """A file that was locked is written late; one that is too large is pruned."""
    reader, window = HistoryWindow(file, utc), TimeWindow.TEN_MINUTES
    before = pictures(window, reader.kept(window, NOW, NEVER), Seeing(NOW), utc).calls
    if written == "late":
        late = FinishedRequest("late", RequestKind.TASK, "relay", "tags", NOW - 7200, NOW - 7195, None, 5.0)
        file.write(Unwritten((), (late,)))
    else:
        with file._connected() as database:
            database.execute("DELETE FROM finished WHERE ended_at < ?", (NOW - WEEK_S / 2,))
        database.close()
    after = pictures(window, reader.kept(window, NOW + 302, NEVER), Seeing(NOW + 302), utc).calls
    anew = HistoryWindow(file, utc).kept(window, NOW + 302, NEVER)
    plain = pictures(window, anew, Seeing(NOW + 302), utc).calls
    assert after.answers == plain.answers
    assert [(one.kind, one.share.calls) for one in after.kinds] == [(one.kind, one.share.calls) for one in plain.kinds]
    assert after != before
