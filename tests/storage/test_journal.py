"""The journal: whole lines or none, whatever happens to the process or the disk; states folded from them."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.core.values.errors.storage import StorageError, StorageFault
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.task_settings import Setting
from tray_app.storage import journal as journal_module
from tray_app.storage.journal import (
    BrokenLine,
    Fault,
    Folded,
    Journal,
    decode_line,
    document_of,
    fold,
)

ORIGIN = "http://127.0.0.1:8080"
TITLES = Change(Setting.TITLES, True, False)
TAGS = Change(Setting.TAGS, True, False)


def entry(event: Event = Event.INTENDED, name: str = "a", changes=(TITLES,), **more) -> Record:
    return Record(name, 1.5, event, ORIGIN, "0.12.4", "titles-off", tuple(changes), **more)


@pytest.fixture
def journal(tmp_path) -> Journal:
    return Journal(tmp_path / "home" / "journal.jsonl")


def test_a_missing_journal_is_empty(journal):
    assert journal.read().records == ()
    assert not journal.path.parent.exists()


def test_what_was_appended_is_read_back(journal):
    entries = (entry(), entry(Event.APPLIED, detail="한글 \u2028 \n \ud800"))
    for one in entries:
        journal.append(one)
    assert journal.read().records == entries
    assert journal.read().broken == ()


def test_a_line_has_the_documented_shape(journal):
    journal.append(entry())
    (line,) = journal.path.read_text(encoding="utf-8").splitlines()
    document = json.loads(line)
    assert document.pop("check") == f"{zlib.crc32(json.dumps(document, separators=(',', ':')).encode()):08x}"
    assert document == {
        "schema": 2,
        "id": "a",
        "at": 1.5,
        "event": "intended",
        "origin": ORIGIN,
        "version": "0.12.4",
        "remedy": "titles-off",
        "changes": [{"setting": "titles", "before": True, "after": False, "place": ""}],
        "detail": "",
    }


def test_empty_is_not_null_and_true_is_not_one(journal):
    changes = (Change(Setting.TASK_MODEL, "", None), Change(Setting.TAGS, 1, True), Change(Setting.TAGS, 1.0, "1"))
    journal.append(entry(changes=changes))
    read = journal.read().records[0].changes
    assert [(repr(one.before), repr(one.after)) for one in read] == [("''", "None"), ("1", "True"), ("1.0", "'1'")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(json_values, json_values, st.sampled_from(Setting), st.text())
def test_any_value_survives(before, after, setting, detail):
    written = entry(changes=(Change(setting, before, after),), detail=detail)
    assert decode_line(json.dumps(document_of(written)).encode()) == written


@given(st.binary(max_size=300))
def test_any_bytes_are_an_entry_or_a_fault(line):
    assert isinstance(decode_line(line), Record | Fault)


@pytest.mark.parametrize("key", ["id", "at", "event", "origin", "version", "remedy", "changes", "detail"])
@pytest.mark.parametrize("value", [..., None, [], {}, True, "x"])
def test_a_line_of_another_shape_is_no_entry(key, value):
    document = dict(document_of(entry()))
    if value is ...:
        del document[key]
    elif isinstance(value, str if key not in {"at", "event", "changes"} else list if key == "changes" else ()):
        return
    else:
        document[key] = value
    unknown_word = key == "event" and value == "x"
    assert decode_line(json.dumps(document).encode()) is (Fault.NEWER if unknown_word else Fault.SHAPE)


@pytest.mark.parametrize("at", [10**400, 1e18, 1e14, 32_000_000_000, -1])
def test_a_time_that_no_clock_can_show_is_no_entry(at):
    assert decode_line(json.dumps({**document_of(entry()), "at": at}).encode()) is Fault.SHAPE


@pytest.mark.parametrize("name", ["", "a" * 65, "a\nb"])
def test_an_id_that_cannot_be_shown_is_no_entry(name):
    assert decode_line(json.dumps({**document_of(entry()), "id": name}).encode()) is Fault.SHAPE


def test_a_setting_of_a_newer_version_costs_only_its_own_line(journal):
    journal.append(entry())
    newer = dict(document_of(entry()))
    newer["changes"] = [{"setting": "voice-mode", "before": True, "after": False}]
    with journal.path.open("a") as file:
        file.write(json.dumps({**newer, "id": "n"}) + "\n")
    assert journal.read().broken == (BrokenLine(2, Fault.NEWER),)
    assert [one.id for one in journal.changes().undoable(ORIGIN)] == ["a"]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_is_told_and_not_waited_for(journal, make):
    journal.path.parent.mkdir()
    make(journal.path)
    for use in (journal.read, journal.changes, lambda: journal.append(entry())):
        with pytest.raises(StorageError):
            use()


def test_a_line_of_a_newer_version_is_told_apart():
    assert decode_line(json.dumps({**document_of(entry()), "schema": 3, "changes": 7}).encode()) is Fault.NEWER


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"at": NaN}', b"\xff\xfe", b"1" * 5000, b'{"a":1', b"\x00" * 4096])
def test_hostile_lines_are_faults(line):
    assert decode_line(line) is Fault.NOT_JSON


def test_unknown_keys_of_a_line_do_no_harm():
    assert decode_line(json.dumps({**document_of(entry()), "later": 1}).encode()) == entry()


def test_no_flipped_bit_makes_a_line_say_something_else(journal):
    """A change whose id, server or event turned into another one would be gone without a word."""
    written = entry(Event.APPLIED, "5f0c", (TITLES, Change(Setting.TASK_MODEL, "", "gemma3:1b")), detail="read back")
    journal.append(written)
    good = journal.path.read_bytes().rstrip(b"\n")
    for offset in range(len(good)):
        for bit in range(8):
            line = bytearray(good)
            line[offset] ^= 1 << bit
            assert decode_line(bytes(line)) in {written, *Fault}, bytes(line)


def test_a_line_of_an_earlier_version_has_no_checksum_and_counts(journal):
    journal.append(entry())
    without = json.dumps(document_of(entry(Event.APPLIED)))
    with journal.path.open("a") as file:
        file.write(without + "\n")
    assert journal.read().records == (entry(), entry(Event.APPLIED))


@pytest.mark.parametrize(
    ("old", "new"),
    [('"a"', '"b"'), ('","check', '", "check'), ('"check":"', '"check":"0'), ("}]", "} ]"), ("}\n", ',"x":1}\n')],
)
def test_a_line_that_was_edited_is_damaged_and_the_others_stay(journal, old, new):
    for event in (Event.INTENDED, Event.APPLIED):
        journal.append(entry(event))
    first, second = journal.path.read_text().splitlines(keepends=True)
    assert old in second
    journal.path.write_text(first + second.replace(old, new, 1))
    assert journal.read().broken == (BrokenLine(2, Fault.CHANGED),)
    assert [one.event for one in journal.changes().undoable(ORIGIN)] == [Event.INTENDED]
    assert journal.damage.lines == (2,)
    assert not journal.damage.newer


def test_an_editor_that_ends_lines_as_windows_does_damages_none(journal):
    journal.append(entry())
    journal.path.write_bytes(journal.path.read_bytes().replace(b"\n", b"\r\n"))
    assert journal.read().records == (entry(),)


@pytest.mark.parametrize("cut", [1, 2, 40, 100])
def test_a_torn_last_line_is_closed_and_swallows_nothing(journal, cut):
    journal.append(entry())
    journal.append(entry(name="torn"))
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[:-cut])
    journal.append(entry(name="next"))
    names = [one.id for one in journal.read().records]
    # A line that lacks only its newline is whole.
    assert names == (["a", "torn", "next"] if cut == 1 else ["a", "next"])
    assert journal.read().broken == (() if cut == 1 else (BrokenLine(2, Fault.NOT_JSON),))


def test_broken_lines_are_named_by_number_and_the_others_count(journal):
    journal.append(entry())
    with journal.path.open("ab") as file:
        file.write(b"\n{oops\n\xff\n[]\n")
    journal.append(entry(name="b"))
    content = journal.read()
    assert [one.id for one in content.records] == ["a", "b"]
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
from tray_app.core.values.plan import Event, Record
from tray_app.storage.journal import Journal
journal = Journal(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    journal.append(Record(f"{number}", 1.0, Event.INTENDED, "o", detail="x" * (number * 37 % 5000)))
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
    names = [one.id for one in journal.read().records]
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
    assert (len(content.records), content.broken) == (60, ())


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
    assert caught.value.fault is StorageFault.DISK_FULL
    assert caught.value.reason == os.strerror(errno.ENOSPC)
    assert journal.path.read_bytes() == before
    journal.append(entry(name="c"))
    assert [one.id for one in journal.read().records] == ["a", "c"]


def test_a_line_that_could_not_be_made_durable_does_not_count(journal, monkeypatch):
    def fails(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    journal.append(entry())
    with monkeypatch.context() as broken:
        broken.setattr(journal_module, "sync", fails)
        with pytest.raises(StorageError):
            journal.append(entry(name="b"))
    assert [one.id for one in journal.read().records] == ["a"]


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
        assert error.fault is StorageFault.DISK_FULL
        content = journal.read()
        assert written
        assert [one.id for one in content.records] == written
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


# --- lines of the first release's schema -------------------------------------------------------

EARLIER = [
    (
        "intended",
        [
            {"setting": "search-queries", "key": "ENABLE_SEARCH_QUERY", "before": True, "after": False},
            {"setting": "task-model", "key": "TASK_MODEL", "before": None, "after": "gemma3:1b"},
            {
                "setting": "task-model-params",
                "key": "TASK_MODEL_PARAMS",
                "before": {},
                "after": {"think": False, "stop": ["a", 1.5]},
            },
        ],
    ),
    ("applied", []),
]


def earlier(event, changes, name="a"):
    line = {"schema": 1, "id": name, "at": 1.5, "event": event, "origin": ORIGIN, "version": "0.3.30"}
    return json.dumps({**line, "remedy": "set", "changes": changes, "detail": ""}).encode() + b"\n"


def test_a_journal_of_schema_1_is_read_and_goes_on_in_the_same_file(journal):
    journal.path.parent.mkdir()
    journal.path.write_bytes(b"".join(earlier(*line) for line in EARLIER))
    (change,) = journal.changes().all
    assert (change.id, change.event, change.version) == ("a", Event.APPLIED, "0.3.30")
    assert change.changes == (
        Change(Setting.SEARCH_QUERIES, True, False),
        Change(Setting.TASK_MODEL, None, "gemma3:1b"),
        Change(Setting.TASK_MODEL_PARAMS, {}, {"think": False, "stop": ["a", 1.5]}),
    )
    journal.append(entry(Event.UNDONE, changes=()))
    assert [one.event for one in journal.changes().all] == [Event.UNDONE]
    assert journal.read().broken == ()


@pytest.mark.parametrize(
    ("event", "change"),
    [
        ("applied", {"setting": "tags", "key": "ENABLE_TAGS_GENERATION", "before": True}),
        ("applied", {"setting": "tags", "key": "ENABLE_TAGS_GENERATION", "after": False}),
        ("released", {"setting": "tags", "key": "ENABLE_TAGS_GENERATION", "before": True, "after": False}),
    ],
)
def test_what_schema_1_could_say_and_nobody_ever_wrote_is_told_as_damaged(journal, event, change):
    """A key that was absent, and the event `released`: the reader knew them, no writer had them."""
    journal.path.parent.mkdir()
    journal.path.write_bytes(b"".join(earlier(*line) for line in EARLIER) + earlier(event, [change]))
    content = journal.read()
    assert content.broken == (BrokenLine(3, Fault.SHAPE),)
    assert [one.event for one in fold(content.records)] == [Event.APPLIED]


# --- read once ---------------------------------------------------------------------------------


def test_the_file_is_opened_again_only_when_it_changed(journal, opened):
    journal.append(entry())
    for name in ("b", "c"):
        with opened(journal.path) as count:
            first = journal.changes()
            assert journal.changes() is first
        assert count() == 1
        Journal(journal.path).append(entry(name=name))
    with opened(journal.path) as count:
        assert [one.id for one in journal.changes().all] == ["a", "b", "c"]
    assert count() == 1


def test_a_journal_that_does_not_exist_is_not_even_looked_for_twice(journal, opened):
    with opened(journal.path) as count:
        assert journal.changes().all == ()
    assert count() == 0
    journal.append(entry())
    assert len(journal.changes().all) == 1
    journal.path.unlink()
    assert journal.changes().all == ()


def test_a_file_that_was_replaced_by_one_of_the_same_size_is_seen(journal):
    journal.append(entry())
    assert [one.id for one in journal.changes().all] == ["a"]
    found = journal.path.stat()
    spare = journal.path.with_name("spare")
    Journal(spare).append(entry(name="b"))
    assert spare.stat().st_size == found.st_size
    os.utime(spare, ns=(found.st_atime_ns, found.st_mtime_ns))
    spare.replace(journal.path)
    assert [one.id for one in journal.changes().all] == ["b"]


# --- folded states ---------------------------------------------------------------------------


def states(*events: Event) -> list[Event]:
    return [recorded.event for recorded in fold([entry(one) for one in events])]


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([Event.INTENDED], Event.INTENDED),
        ([Event.INTENDED, Event.APPLIED], Event.APPLIED),
        ([Event.INTENDED, Event.FAILED], Event.FAILED),
        ([Event.INTENDED, Event.APPLIED, Event.UNDO_INTENDED], Event.UNDO_INTENDED),
        ([Event.INTENDED, Event.APPLIED, Event.UNDO_INTENDED, Event.UNDONE], Event.UNDONE),
        ([Event.INTENDED, Event.APPLIED, Event.UNDO_INTENDED, Event.UNDO_FAILED], Event.APPLIED),
        ([Event.INTENDED, Event.APPLIED, Event.DRIFTED], Event.DRIFTED),
        ([Event.INTENDED, Event.UNDO_INTENDED, Event.UNDONE], Event.UNDONE),
    ],
)
def test_the_last_result_of_a_change_counts(events, state):
    assert states(*events) == [state]


def test_changes_are_folded_by_id_in_the_order_they_were_meant():
    recorded = fold([entry(name="a"), entry(name="b"), entry(Event.APPLIED, "a"), entry(Event.FAILED, "b")])
    assert [(one.id, one.event) for one in recorded] == [("a", Event.APPLIED), ("b", Event.FAILED)]


def test_part_of_a_change_can_be_taken_back():
    both = [entry(changes=(TITLES, TAGS)), entry(Event.APPLIED, changes=(TITLES, TAGS))]
    (recorded,) = fold([*both, entry(Event.UNDONE, changes=(TAGS,))])
    assert (recorded.event, recorded.changes) == (Event.APPLIED, (TITLES,))
    (recorded,) = fold([*both, entry(Event.UNDONE, changes=(TAGS,)), entry(Event.UNDONE, changes=(TITLES,))])
    assert recorded.event is Event.UNDONE


def test_the_result_may_name_fewer_changes_than_the_intent():
    (recorded,) = fold([entry(changes=(TITLES, TAGS)), entry(Event.APPLIED, changes=(TITLES,))])
    assert recorded.changes == (TITLES,)


def test_two_changes_of_one_setting_are_undone_newest_first_and_the_newest_is_in_force():
    back = TITLES.back()
    lines = [
        entry(name="a", changes=(TITLES, TAGS)),
        entry(Event.APPLIED, "a", changes=()),
        entry(name="b", changes=(back,)),
        entry(Event.APPLIED, "b", changes=(back,)),
    ]
    folded = Folded(lines)
    assert [one.id for one in folded.undoable(ORIGIN)] == ["b", "a"]
    assert [(one.id, one.changes) for one in folded.in_force(ORIGIN)] == [("a", (TAGS,)), ("b", (back,))]


def test_what_another_server_holds_is_its_own_affair():
    folded = Folded([entry(), entry(Event.APPLIED), replace(entry(name="b"), origin="http://other:80")])
    assert [one.id for one in folded.undoable(ORIGIN)] == ["a"]
    assert folded.in_force("http://other:80") == ()
    assert [one.id for one in folded.open("http://other:80")] == ["b"]


def test_an_open_intent_is_offered_for_undo_but_not_taken_as_in_force():
    folded = Folded([entry()])
    assert [one.id for one in folded.undoable(ORIGIN)] == ["a"]
    assert folded.in_force(ORIGIN) == ()


def test_settled_changes_are_not_offered_again():
    for last in (Event.FAILED, Event.UNDONE):
        assert Folded([entry(), entry(last)]).undoable(ORIGIN) == ()
