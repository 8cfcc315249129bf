"""The history on disk: what is written is there, whatever else happens to the file; and nobody waits for it."""

import contextlib
import errno
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.core.report.history import Mark, MarkKind, Noted, Past, Stretch, Unwritten
from tray_app.core.values.errors.storage import StorageError, StorageFault
from tray_app.core.values.finding import Level
from tray_app.core.values.reading import Moment
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.storage import history
from tray_app.storage.history import KEPT_S, HistoryFile

NOW = 1.8e9
CALM = Stretch(NOW, NOW, Level.CALM, Pressure.NORMAL, 0, 0)
CHAT = FinishedRequest("qwen3:32b", RequestKind.CHAT, "relay", None, NOW - 9, NOW - 1, NOW - 7, 8.0)


def rows(*spans, finished=()):
    return Unwritten(spans, finished)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "history.db"


@pytest.fixture
def file(path):
    made = HistoryFile(path, lambda: NOW)
    yield made
    made.close()


def test_what_is_written_is_read(file, path):
    task = replace(CHAT, kind=RequestKind.TASK, task="titles", first_token_at=None, served=False, model=None)
    assert file.write(rows(CALM, replace(CALM, at=NOW + 5, until=NOW + 9, pressure=None), finished=(CHAT, task)))
    held = HistoryFile(path).read()
    assert held.spans == (CALM, replace(CALM, at=NOW + 5, until=NOW + 9, pressure=None))
    assert set(held.finished) == {CHAT, task}
    assert HistoryFile(path).read(NOW + 7).spans == held.spans[1:]
    if sys.platform != "win32":
        assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}


def test_no_more_is_read_than_was_asked_for(file, path):
    """What begins after the end, or ends before the begin, is another time's."""
    later = replace(CALM, at=NOW + 5, until=NOW + 9)
    newer = replace(CHAT, began_at=NOW + 1, ended_at=NOW + 6)
    marks = (Mark(NOW - 8, MarkKind.REFUSED), Mark(NOW + 8, MarkKind.EVICTED, "m"))
    assert file.write(Unwritten((CALM, later), (CHAT, newer), marks=marks))
    assert HistoryFile(path).read(NOW - 9, NOW + 4) == Past((CALM,), (CHAT,), marks[:1])
    assert HistoryFile(path).read(NOW + 1) == Past((later,), (newer,), marks[1:])


def test_a_row_that_no_version_writes_is_left_out_and_no_other(file, path):
    assert file.write(rows(CALM, finished=(CHAT, replace(CHAT, ended_at=NOW))))
    for statement in (
        "UPDATE finished SET kind = 'nonsense' WHERE ended_at < 1.8e9",
        "UPDATE spans SET running = 'many'",
        "INSERT INTO marks VALUES (1.0, 'evicted', x'00', NULL, NULL, NULL, 1)",
    ):
        with contextlib.closing(sqlite3.connect(path)) as other, other:
            other.execute(statement)
    assert HistoryFile(path).read() == Past((), (replace(CHAT, ended_at=NOW),), ())


def test_a_span_that_went_on_is_the_same_row_and_a_request_is_there_once(file):
    file.write(rows(CALM, finished=(CHAT,)))
    file.write(rows(replace(CALM, until=NOW + 60, swap_out_bytes=5.0), finished=(CHAT,)))
    assert file.read() == Past((replace(CALM, until=NOW + 60, swap_out_bytes=5.0),), (CHAT,))


def test_without_a_file_there_is_nothing(path):
    assert HistoryFile(path).read() == Past()


def test_a_week_is_kept(file):
    old = replace(CALM, at=NOW - KEPT_S - 9, until=NOW - KEPT_S - 1)
    ended = replace(CHAT, ended_at=NOW - KEPT_S - 1)
    file.write(rows(old, CALM, finished=(ended, CHAT)))
    assert file.read() == Past((CALM,), (CHAT,))


def test_no_more_than_its_size_is_kept_and_the_newest_stay(file, monkeypatch, path):
    monkeypatch.setattr(history, "LARGEST_BYTES", 200_000)
    many = tuple(replace(CHAT, ended_at=NOW - number, model="m" * 60) for number in range(5000))
    spans = tuple(replace(CALM, at=NOW - 10 * number, until=NOW - 10 * number + 5) for number in range(2000))
    file.write(rows(*spans, finished=many))
    held = file.read()
    assert max(one.ended_at for one in held.finished) == NOW
    assert held.spans[-1].at == NOW
    file.close()
    assert path.stat().st_size <= 300_000


MARK = Mark(NOW, MarkKind.CHANGED, None, "change-1", "tags", "off")


def test_marks_are_kept_once(file):
    evicted = Mark(NOW + 1, MarkKind.EVICTED, "qwen3:32b", count=2)
    file.write(Unwritten(marks=(MARK, evicted)))
    file.write(Unwritten(marks=(MARK,)))
    assert file.read().marks == (MARK, evicted)
    assert file.read(NOW + 1).marks == (evicted,)


def of_schema_1(path):
    """As the version before wrote it."""
    path.parent.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as old, old:
        for statement in history._STEPS[0]:
            old.execute(statement)
        old.execute("PRAGMA user_version = 1")
        old.execute("INSERT INTO spans VALUES (?, ?, 'calm', 'normal', 0, 0, NULL, NULL, 0.0)", (NOW, NOW))
        old.execute(
            "INSERT INTO finished VALUES ('qwen3:32b', 'chat', 'relay', NULL, ?, ?, ?, 8.0, 0.0, 1)",
            (CHAT.began_at, CHAT.ended_at, CHAT.first_token_at),
        )


def test_a_file_of_the_version_before_is_read_and_carried_on(file, path):
    of_schema_1(path)
    assert file.read() == Past((CALM,), (CHAT,))
    assert file.write(Unwritten(marks=(MARK,)))
    assert file.problem is None
    assert file.read() == Past((CALM,), (CHAT,), (MARK,))


def test_two_writers_that_find_an_old_file_make_it_new_once(path, monkeypatch):
    of_schema_1(path)
    one, other = HistoryFile(path, lambda: NOW), HistoryFile(path, lambda: NOW, guest=True)
    migrate = history._migrate

    def late(database, schema):
        monkeypatch.setattr(history, "_migrate", migrate)
        assert one.write(rows(CALM))  # between the other's look at the schema and its step
        migrate(database, schema)

    monkeypatch.setattr(history, "_migrate", late)
    assert other.write(rows(finished=(CHAT,)))
    assert (one.problem, other.problem) == (None, None)
    assert not list(path.parent.glob("*.damaged-*"))
    one.close()
    other.close()


@pytest.mark.parametrize("relay_first", [True, False])
def test_of_a_request_that_both_write_the_trays_row_stays(file, path, relay_first):
    relay = HistoryFile(path, lambda: NOW, guest=True)
    writes = [(relay, replace(CHAT, busy_s=1.0)), (file, CHAT)]
    for writer, row in writes if relay_first else reversed(writes):
        assert writer.write(rows(finished=(row,)))
    relay.close()
    assert file.read().finished == (CHAT,)


def test_the_relay_leaves_a_damaged_file_to_the_tray(file, path):
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    relay = HistoryFile(path, lambda: NOW, guest=True)
    assert not relay.write(rows(finished=(CHAT,)))
    assert relay.problem.fault is StorageFault.DAMAGED
    assert path.read_bytes().startswith(b"no database")
    assert file.write(rows(CALM))
    assert relay.write(rows(finished=(CHAT,)))
    relay.close()


class TestFaults:
    """Each is told, nothing is raised, and what was to be written is written once it can be."""

    def test_a_damaged_file_is_set_aside_and_begun_anew(self, file, path):
        path.parent.mkdir()
        path.write_bytes(b"no database" * 1000)
        assert file.write(rows(CALM))
        assert file.problem.fault is StorageFault.DAMAGED
        assert file.read().spans == (CALM,)
        assert path.with_name("history.db.damaged-1").read_bytes().startswith(b"no database")

    def test_a_file_without_our_tables_is_damaged(self, file, path):
        path.parent.mkdir()
        with sqlite3.connect(path) as other:
            other.execute("PRAGMA user_version = 1")
        other.close()
        assert file.write(rows(CALM))
        assert file.problem.fault is StorageFault.DAMAGED

    @given(at=st.integers(0, 20_000), byte=st.integers(0, 255), cut=st.booleans())
    @example(at=3461, byte=128, cut=False)  # SQLite tells what is wrong in words of the file, which are no text
    def test_whatever_is_broken_in_it_nothing_is_raised(self, tmp_path_factory, at, byte, cut):
        path = tmp_path_factory.mktemp("home") / "history.db"
        first = HistoryFile(path, lambda: NOW)
        first.write(rows(CALM, finished=tuple(replace(CHAT, ended_at=NOW - number) for number in range(100))))
        first.close()
        data = bytearray(path.read_bytes())
        at %= len(data)
        path.write_bytes(data[:at] if cut else data[:at] + bytes([byte]) + data[at + 1 :])
        again = HistoryFile(path, lambda: NOW)
        later = replace(CALM, at=NOW + 100, until=NOW + 100)
        assert again.write(rows(later)) or again.problem is not None
        with contextlib.suppress(StorageError):
            assert later in again.read().spans or again.problem is not None
        again.close()

    def test_another_program_that_holds_it_is_not_waited_for(self, file, path):
        file.write(rows(CALM))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        assert not file.write(rows(replace(CALM, until=NOW + 60)))
        assert file.problem is not None
        other.execute("ROLLBACK")
        other.close()
        assert file.write(rows(replace(CALM, until=NOW + 60)))
        assert file.problem is None
        assert file.read().spans == (replace(CALM, until=NOW + 60),)

    def test_a_reader_keeps_nobody_from_writing(self, file, path):
        file.write(rows(CALM))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM spans").fetchall()
        assert file.write(rows(replace(CALM, until=NOW + 60)))
        reader.close()

    def test_a_full_disk(self, file, path):
        file.write(rows(CALM))
        file._open.execute("PRAGMA max_page_count = 1")
        many = tuple(replace(CHAT, ended_at=NOW - number, model="m" * 60) for number in range(500))
        assert not file.write(rows(CALM, finished=many))
        assert file.problem.fault is StorageFault.DISK_FULL
        assert file.write(rows(CALM, finished=many))

    @pytest.mark.parametrize(
        ("code", "fault"), [(errno.EACCES, StorageFault.DENIED), (errno.EROFS, StorageFault.READ_ONLY)]
    )
    def test_a_folder_that_may_not_be_written(self, file, monkeypatch, code, fault):
        def refuses(_):
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patched:
            patched.setattr(history, "create_private", refuses)
            assert not file.write(rows(CALM))
        assert file.problem.fault is fault
        assert file.write(rows(CALM))

    def test_a_newer_version_is_left_alone(self, file, path):
        path.parent.mkdir()
        with sqlite3.connect(path) as newer:
            newer.execute("CREATE TABLE other (x)")
            newer.execute("PRAGMA user_version = 99")
        newer.close()
        before = path.read_bytes()
        assert not file.write(rows(CALM))
        assert file.problem.fault is StorageFault.NEWER
        assert path.read_bytes() == before
        with pytest.raises(StorageError):
            file.read()

    def test_a_folder_has_its_name(self, file, path):
        path.mkdir(parents=True)
        assert not file.write(rows(CALM))
        assert file.problem is not None

    def test_a_python_without_sqlite(self, file, monkeypatch):
        monkeypatch.setitem(sys.modules, "sqlite3", None)
        assert not file.write(rows(CALM))
        assert file.problem is not None


WRITER = """
import sys
from pathlib import Path
from msgspec.structs import replace
from tests.storage.test_history import CALM, CHAT, NOW, rows
from tray_app.storage.history import HistoryFile
file = HistoryFile(Path(sys.argv[1]), lambda: NOW)
for number in range(100000):
    finished = tuple(replace(CHAT, ended_at=NOW + 10 * number + part) for part in range(10))
    file.write(rows(replace(CALM, at=NOW + 10 * number, until=NOW + 10 * number + 9), finished=finished))
    print(number, flush=True)
"""


@pytest.mark.parametrize("after", [0, 1, 7])
def test_a_kill_at_any_instant_loses_nothing_that_was_written(path, after):
    command, place = [sys.executable, "-c", WRITER, str(path)], Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(after + 1):
            told = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
    held = HistoryFile(path).read()
    assert len(held.spans) > told
    assert len(held.finished) == 10 * len(held.spans)
    again = HistoryFile(path, lambda: NOW)
    assert again.write(rows(CALM))
    assert again.problem is None
    again.close()


polls = st.lists(
    st.tuples(
        st.sampled_from([2.0, 5.0, 15.0, 400.0]),
        st.sampled_from([Pressure.NORMAL, Pressure.WARNING]),
        st.integers(0, 2),
        st.sampled_from([0.0, 1000.0]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=30,
)


@given(polls)
def test_the_rows_are_what_the_polls_were(made):
    """Written at any poll, or not: the file ends with every poll's state, its length, and the swap of each."""
    unwritten, held, at, truth, before, state = Unwritten(), {}, NOW, [], None, None
    ended = []
    for pause, pressure, running, swap, ends, writes in made:
        at += pause
        span = Stretch(at, at, Level.CALM, pressure, running, 0)
        finished = (replace(CHAT, ended_at=at),) if ends else ()
        ended += finished
        unwritten = unwritten.noted(Noted(Moment(at - NOW, at), span, swap, finished))
        if before is not None and pause < 45:
            truth.append((before, at, state, swap * pause))
        state, before = (pressure, running), at
        if writes and unwritten.worth:
            held |= {one.at: one for one in unwritten.spans}
            unwritten = unwritten.done()
    held |= {one.at: one for one in unwritten.spans}
    spans = sorted(held.values(), key=lambda one: one.at)
    for begin, end, state, _ in truth:
        (one,) = [one for one in spans if one.at <= begin and end <= one.until]
        assert (one.pressure, one.running) == state
    assert sum(one.until - one.at for one in spans) == pytest.approx(sum(end - begin for begin, end, _, _ in truth))
    assert sum(one.swap_out_bytes for one in spans) == pytest.approx(sum(one[3] for one in truth))


def test_nothing_is_worth_writing_while_nothing_changes():
    unwritten = Unwritten().noted(Noted(Moment(0, NOW), CALM))
    assert unwritten.worth
    unwritten = unwritten.done()
    for second in range(5, 500, 5):
        unwritten = unwritten.noted(Noted(Moment(second, NOW + second), replace(CALM, at=NOW + second)))
        assert not unwritten.worth
    busy = replace(CALM, at=NOW + 500, until=NOW + 500, running=1)
    unwritten = unwritten.noted(Noted(Moment(500, NOW + 500), busy))
    assert unwritten.worth
    unwritten = unwritten.done().noted(Noted(Moment(505, NOW + 505), replace(busy, at=NOW + 505)))
    assert unwritten.worth
