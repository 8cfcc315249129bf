"""The journal: whole lines or none, whatever happens to the process or the disk; states folded from them."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.core.values.errors import StorageError
from tray_app.storage import journal as journal_module
from tray_app.storage.journal import (
    MISSING,
    BrokenLine,
    ChangeState,
    Entry,
    Event,
    Fault,
    Journal,
    JournalChange,
    decode_line,
    encode,
    fold,
    in_force,
    json_text,
    undoable,
)

ORIGIN = "http://127.0.0.1:8080"
TITLES = JournalChange("titles", "ENABLE_TITLE_GENERATION", "true", "false")
TAGS = JournalChange("tags", "ENABLE_TAGS_GENERATION", "true", "false")


def entry(event: Event = Event.INTENDED, name: str = "a", changes=(TITLES,), **more) -> Entry:
    return Entry(name, 1.5, event, ORIGIN, "0.12.4", "titles-off", tuple(changes), **more)


@pytest.fixture
def journal(tmp_path) -> Journal:
    return Journal(tmp_path / "home" / "journal.jsonl")


def test_a_missing_journal_is_empty(journal):
    assert journal.read().entries == ()
    assert not journal.path.parent.exists()


def test_what_was_appended_is_read_back(journal):
    entries = (entry(), entry(Event.APPLIED, detail="한글 \u2028 \n \ud800"))
    for one in entries:
        journal.append(one)
    assert journal.read().entries == entries
    assert journal.read().broken == ()


def test_a_line_has_the_documented_shape(journal):
    journal.append(entry())
    (line,) = journal.path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "schema": 1,
        "id": "a",
        "at": 1.5,
        "event": "intended",
        "origin": ORIGIN,
        "version": "0.12.4",
        "remedy": "titles-off",
        "changes": [{"setting": "titles", "key": "ENABLE_TITLE_GENERATION", "before": True, "after": False}],
        "detail": "",
    }


def test_absent_is_not_null_and_true_is_not_one(journal):
    changes = (
        JournalChange("task-model", "TASK_MODEL", MISSING, "null"),
        JournalChange("task-model", "TASK_MODEL", "null", MISSING),
        JournalChange("tags", "T", "1", "true"),
        JournalChange("tags", "T", "1.0", '"1"'),
    )
    journal.append(entry(changes=changes))
    assert journal.read().entries[0].changes == changes


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(json_values, st.none() | json_values.map(json_text), st.text(), st.text())
def test_any_value_survives(before, after, name, detail):
    change = JournalChange(name, name, json_text(before), MISSING if after is None else after)
    written = entry(changes=(change,), detail=detail)
    assert decode_line(json.dumps(encode(written)).encode()) == written


@given(st.binary(max_size=300))
def test_any_bytes_are_an_entry_or_a_fault(line):
    assert isinstance(decode_line(line), Entry | Fault)


@pytest.mark.parametrize("key", ["id", "at", "event", "origin", "version", "remedy", "changes", "detail"])
@pytest.mark.parametrize("value", [..., None, [], {}, True, "x"])
def test_a_line_of_another_shape_is_no_entry(key, value):
    document = dict(encode(entry()))
    if value is ...:
        del document[key]
    elif isinstance(value, str if key not in {"at", "event", "changes"} else list if key == "changes" else ()):
        return
    else:
        document[key] = value
    assert decode_line(json.dumps(document).encode()) is Fault.SHAPE


def test_a_line_of_a_newer_version_is_told_apart():
    assert decode_line(json.dumps({**encode(entry()), "schema": 2, "changes": 7}).encode()) is Fault.NEWER


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"at": NaN}', b"\xff\xfe", b"1" * 5000, b'{"a":1', b"\x00" * 4096])
def test_hostile_lines_are_faults(line):
    assert decode_line(line) is Fault.NOT_JSON


def test_unknown_keys_of_a_line_do_no_harm():
    assert decode_line(json.dumps({**encode(entry()), "later": 1}).encode()) == entry()


@pytest.mark.parametrize("cut", [1, 2, 40, 100])
def test_a_torn_last_line_is_closed_and_swallows_nothing(journal, cut):
    journal.append(entry())
    journal.append(entry(name="torn"))
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[:-cut])
    journal.append(entry(name="next"))
    names = [one.id for one in journal.read().entries]
    # A line that lacks only its newline is whole.
    assert names == (["a", "torn", "next"] if cut == 1 else ["a", "next"])
    assert journal.read().broken == (() if cut == 1 else (BrokenLine(2, Fault.NOT_JSON),))


def test_broken_lines_are_named_by_number_and_the_others_count(journal):
    journal.append(entry())
    with journal.path.open("ab") as file:
        file.write(b"\n{oops\n\xff\n[]\n")
    journal.append(entry(name="b"))
    content = journal.read()
    assert [one.id for one in content.entries] == ["a", "b"]
    assert content.broken == (
        BrokenLine(3, Fault.NOT_JSON),
        BrokenLine(4, Fault.NOT_JSON),
        BrokenLine(5, Fault.SHAPE),
    )


def test_the_file_is_this_users_only(journal):
    journal.append(entry())
    assert journal.path.stat().st_mode & 0o077 == 0
    assert journal.path.parent.stat().st_mode & 0o077 == 0


WRITER = """
import sys
from pathlib import Path
from tray_app.storage.journal import Entry, Event, Journal
journal = Journal(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    journal.append(Entry(f"{number}", 1.0, Event.INTENDED, "o", detail="x" * (number * 37 % 5000)))
    print(number, flush=True)
"""


@pytest.mark.parametrize("after", [1, 7, 30])
def test_kill_9_loses_no_entry_that_was_reported_written(tmp_path, after):
    path = tmp_path / "journal.jsonl"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        reported = [int(writer.stdout.readline()) for _ in range(after)]
        os.kill(writer.pid, signal.SIGKILL)
        reported += [int(line) for line in writer.stdout]
    journal = Journal(path)
    journal.append(entry(name="next"))
    names = [one.id for one in journal.read().entries]
    assert names[: len(reported)] == [str(number) for number in reported]
    assert names[-1] == "next"
    assert len(journal.read().broken) <= 1


def test_two_processes_and_threads_write_whole_lines(tmp_path):
    path = tmp_path / "journal.jsonl"
    code = WRITER.replace("while True:", "while number < 20:")
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.DEVNULL) for _ in range(2)]
    journal = Journal(path)

    def append_some() -> None:
        for number in range(10):
            journal.append(entry(name=f"t{number}"))

    threads = [threading.Thread(target=append_some) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [writer.wait() for writer in writers] == [0, 0]
    content = journal.read()
    assert (len(content.entries), content.broken) == (60, ())


def full_after(count: int):
    """os.write on a disk with room for `count` more bytes."""
    real = os.write
    room = count

    def write(descriptor: int, data: bytes) -> int:
        nonlocal room
        if room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = real(descriptor, bytes(data[:room]))
        room -= written
        return written

    return write


@pytest.mark.parametrize("room", [0, 1, 50, 200])
def test_a_disk_that_fills_up_in_the_middle_leaves_no_half_line(journal, monkeypatch, room):
    journal.append(entry())
    before = journal.path.read_bytes()
    with monkeypatch.context() as full:
        full.setattr(os, "write", full_after(room))
        with pytest.raises(StorageError) as caught:
            journal.append(entry(name="b", detail="x" * 500))
    assert caught.value.disk_full
    assert caught.value.reason == os.strerror(errno.ENOSPC)
    assert journal.path.read_bytes() == before
    journal.append(entry(name="c"))
    assert [one.id for one in journal.read().entries] == ["a", "c"]


def test_a_line_that_could_not_be_made_durable_does_not_count(journal, monkeypatch):
    def fails(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    journal.append(entry())
    with monkeypatch.context() as broken:
        broken.setattr(journal_module, "sync", fails)
        with pytest.raises(StorageError):
            journal.append(entry(name="b"))
    assert [one.id for one in journal.read().entries] == ["a"]


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_really_full_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this container may not mount a file system")
    try:
        journal = Journal(folder / "journal.jsonl")
        written, error = fill(journal)
        assert error.disk_full
        content = journal.read()
        assert written
        assert [one.id for one in content.entries] == written
        assert content.broken == ()
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(journal: Journal) -> tuple[list[str], StorageError]:
    """Append until the disk is full; the ids that were reported written, and how it ended."""
    written: list[str] = []
    for number in range(1000):
        try:
            journal.append(entry(name=str(number), detail="x" * 700))
        except StorageError as error:
            return written, error
        written.append(str(number))
    raise AssertionError("64 KiB held it all")


def test_a_file_in_place_of_the_folder_is_told_with_the_systems_reason(tmp_path):
    (tmp_path / "home").write_text("", encoding="utf-8")
    journal = Journal(tmp_path / "home" / "journal.jsonl")
    with pytest.raises(StorageError) as caught:
        journal.append(entry())
    assert caught.value.reason in {os.strerror(errno.EEXIST), os.strerror(errno.ENOTDIR)}
    with pytest.raises(StorageError):
        journal.read()


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX folders")
def test_a_read_only_folder_is_told_and_nothing_is_written():
    # Not under tmp_path, whose parents are closed to everybody else.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        with without_roots_rights(), pytest.raises(StorageError) as caught:
            Journal(folder / "journal.jsonl").append(entry())
        assert caught.value.reason == os.strerror(errno.EACCES)
        assert list(folder.iterdir()) == []


@contextmanager
def without_roots_rights() -> Iterator[None]:
    """Root may write into any folder; as nobody it may not."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


# --- folded states ---------------------------------------------------------------------------


def states(*events: Event | Entry) -> list[ChangeState]:
    entries = [one if isinstance(one, Entry) else entry(one) for one in events]
    return [recorded.state for recorded in fold(entries)]


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([Event.INTENDED], ChangeState.OPEN),
        ([Event.INTENDED, Event.APPLIED], ChangeState.APPLIED),
        ([Event.INTENDED, Event.FAILED], ChangeState.FAILED),
        ([Event.INTENDED, Event.APPLIED, Event.UNDO_INTENDED], ChangeState.UNDO_OPEN),
        ([Event.INTENDED, Event.APPLIED, Event.UNDO_INTENDED, Event.UNDONE], ChangeState.UNDONE),
        ([Event.INTENDED, Event.APPLIED, Event.UNDO_INTENDED, Event.UNDO_FAILED], ChangeState.APPLIED),
        ([Event.INTENDED, Event.APPLIED, Event.DRIFTED], ChangeState.DRIFTED),
        ([Event.INTENDED, Event.APPLIED, Event.DRIFTED, Event.RELEASED], ChangeState.RELEASED),
        ([Event.INTENDED, Event.UNDO_INTENDED, Event.UNDONE], ChangeState.UNDONE),
    ],
)
def test_the_last_result_of_a_change_counts(events, state):
    assert states(*events) == [state]


def test_changes_are_folded_by_id_in_the_order_they_were_meant():
    recorded = fold([entry(name="a"), entry(name="b"), entry(Event.APPLIED, "a"), entry(Event.FAILED, "b")])
    assert [(one.id, one.state) for one in recorded] == [("a", ChangeState.APPLIED), ("b", ChangeState.FAILED)]


def test_part_of_a_change_can_be_taken_back():
    both = [entry(changes=(TITLES, TAGS)), entry(Event.APPLIED, changes=(TITLES, TAGS))]
    (recorded,) = fold([*both, entry(Event.UNDONE, changes=(TAGS,))])
    assert (recorded.state, recorded.remaining) == (ChangeState.APPLIED, (TITLES,))
    (recorded,) = fold([*both, entry(Event.UNDONE, changes=(TAGS,)), entry(Event.RELEASED, changes=(TITLES,))])
    assert (recorded.state, recorded.remaining) == (ChangeState.RELEASED, ())


def test_the_result_may_name_fewer_changes_than_the_intent():
    (recorded,) = fold([entry(changes=(TITLES, TAGS)), entry(Event.APPLIED, changes=(TITLES,))])
    assert recorded.remaining == (TITLES,)


def test_two_changes_of_one_setting_are_undone_newest_first_and_the_newest_is_in_force():
    back = JournalChange("titles", TITLES.key, "false", "true")
    recorded = fold(
        [
            entry(name="a"),
            entry(Event.APPLIED, "a"),
            entry(name="b", changes=(back,)),
            entry(Event.APPLIED, "b", changes=(back,)),
        ]
    )
    assert [one.id for one in undoable(recorded, ORIGIN)] == ["b", "a"]
    assert in_force(recorded, ORIGIN) == {"titles": (back, 1.5)}


def test_what_another_server_holds_is_its_own_affair():
    recorded = fold([entry(), entry(Event.APPLIED), replace(entry(name="b"), origin="http://other:80")])
    assert [one.id for one in undoable(recorded, ORIGIN)] == ["a"]
    assert set(in_force(recorded, "http://other:80")) == set()


def test_an_open_intent_is_offered_for_undo_but_not_taken_as_in_force():
    recorded = fold([entry()])
    assert [one.id for one in undoable(recorded, ORIGIN)] == ["a"]
    assert in_force(recorded, ORIGIN) == {}


def test_settled_changes_are_not_offered_again():
    for last in (Event.FAILED, Event.UNDONE, Event.RELEASED):
        assert undoable(fold([entry(), entry(last)]), ORIGIN) == ()
