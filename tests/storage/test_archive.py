"""A long journal is shortened: nothing lost, nothing doubled, whenever it is killed and whatever the disk refuses."""

import errno
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tray_app.core.values.errors.storage import StorageError, StorageFault
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.task_settings import Setting
from tray_app.storage import archive as archive_module
from tray_app.storage.archive import archives, compact
from tray_app.storage.files import stamp_of
from tray_app.storage.journal import Journal, document_of

ORIGIN = "http://127.0.0.1:8080"
OTHER = "http://192.168.0.9:3000"
NOON = 1_800_000_000.0  # 2027-01-15
TITLES, TAGS = Change(Setting.TITLES, True, False), Change(Setting.TAGS, True, False)
MODEL = Change(Setting.TASK_MODEL, "", "gemma3:1b")


def story(name, *events, changes=(TITLES,), origin=ORIGIN):
    return [Record(name, 1.0, event, origin, "0.12.4", "set", changes, "x" * 40) for event in events]


APPLIED = (Event.INTENDED, Event.APPLIED)
UNDONE = (*APPLIED, Event.UNDO_INTENDED, Event.UNDONE)


def old_and_new():
    """Of each kind one in the old part, then many that are over, then a few new ones."""
    lines = [
        *story("in-force-elsewhere", *APPLIED, origin=OTHER),
        *story("in-force", *APPLIED, changes=(MODEL, TITLES)),
        *story("replaced", *APPLIED, changes=(TAGS,)),
        *story("cut-short", Event.INTENDED, changes=(TAGS,)),
        *story("undo-cut-short", *APPLIED, Event.UNDO_INTENDED, changes=(TAGS,)),
        *story("drifted", *APPLIED, Event.DRIFTED, changes=(Change(Setting.FOLLOW_UPS, True, False),)),
        *story("failed", Event.INTENDED, Event.FAILED),
    ]
    for number in range(60):
        lines += story(f"over-{number}", *UNDONE)
    for number in range(10):
        lines += story(f"new-{number}", *(APPLIED if number % 2 else UNDONE), changes=(TAGS, TITLES))
    return lines


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(archive_module, "LONG_BYTES", 4096)
    monkeypatch.setattr(archive_module, "NEWEST", 10)


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path / "journal.jsonl")
    write(made.path, old_and_new())
    return made


def write(path, lines, extra=b""):
    import json

    path.write_bytes(b"".join(json.dumps(document_of(one)).encode() + b"\n" for one in lines) + extra)


def whole(path):
    return [line for line in path.read_bytes().split(b"\n") if line]


def everything(journal):
    """Every line in the journal and in all archives."""
    return Counter(line for path in (journal.path, *archives(journal.path)) for line in whole(path))


def answers(journal):
    """What undo, drift and settling ask for. Of one settings' older changes only the newest of ours is asked for."""
    folded = Journal(journal.path).changes()
    newest = {one.id for one in folded.all[-10:]}
    return {
        origin: (
            [one for one in folded.undoable(origin) if one.id in newest],
            folded.in_force(origin),
            folded.open(origin),
        )
        for origin in (ORIGIN, OTHER)
    }


def test_what_is_over_goes_to_a_dated_file_and_the_rest_stays(journal):
    before, asked = everything(journal), answers(journal)
    archive = compact(journal, NOON)
    assert archive == journal.path.with_name("journal-2027-01-15.jsonl")
    assert everything(journal) == before
    assert answers(journal) == asked
    gone = {one.id for one in Journal(archive).changes().all}
    assert gone == {"replaced", "failed", *(f"over-{number}" for number in range(60))}
    assert {one.id for one in journal.changes().all}.isdisjoint(gone)
    assert archive.stat().st_mode & 0o077 == 0
    assert compact(journal, NOON) is None


def test_the_lines_are_carried_as_they_are_and_what_is_not_understood_stays(journal):
    odd = b'{"schema": 99, "id": "over-1", "later": 1}\n{torn\n'
    write(journal.path, old_and_new(), odd)
    before = everything(journal)
    compact(journal, NOON)
    assert everything(journal) == before
    assert whole(journal.path)[-2:] == odd.split(b"\n")[:2]


def test_a_short_journal_is_not_even_opened(journal, monkeypatch):
    monkeypatch.setattr(archive_module, "LONG_BYTES", 10**9)
    monkeypatch.setattr(Journal, "locked", None)
    assert compact(journal, NOON) is None
    assert compact(Journal(journal.path.with_name("none.jsonl")), NOON) is None


def test_a_long_journal_of_which_most_is_needed_is_left_alone(journal):
    lines = [line for number in range(60) for line in story(f"{number}", *APPLIED, origin=f"http://host-{number}")]
    write(journal.path, lines)
    stamp = stamp_of(journal.path)
    assert compact(journal, NOON) is None
    assert stamp_of(journal.path) == stamp


def test_a_second_archive_of_the_day_has_a_name_of_its_own(journal):
    compact(journal, NOON)
    write(
        journal.path, [line for number in range(60) for line in story(f"again-{number}", *UNDONE)] + old_and_new()[-40:]
    )
    second = compact(journal, NOON)
    assert second.name == "journal-2027-01-15-2.jsonl"
    assert {path.name for path in archives(journal.path)} == {second.name, "journal-2027-01-15.jsonl"}


def test_who_has_read_it_sees_the_shorter_one_and_appends_to_it(journal):
    other = Journal(journal.path)
    assert other.changes().get("over-3") is not None
    compact(journal, NOON)
    assert other.changes().get("over-3") is None
    other.append(Record("next", 2.0, Event.INTENDED, ORIGIN))
    assert journal.changes().all[-1].id == "next"


# --- killed or refused at every step ------------------------------------------------------------

STEPS = ("open", "write", "fsync", "replace", "unlink")

KILLED = """
import os, signal, sys
from pathlib import Path
from tray_app.storage import archive
from tray_app.storage.journal import Journal
archive.LONG_BYTES, archive.NEWEST = 4096, 10
journal, at, half = Journal(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3] == "half"
steps = 0
def counted(name):
    real = getattr(os, name)
    def step(*args, **more):
        global steps
        steps += 1
        if steps == at:
            if name == "write" and half:
                real(args[0], bytes(args[1])[: len(args[1]) // 2])
            elif half:
                real(*args, **more)
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **more)
    setattr(os, name, step)
for name in ("open", "write", "fsync", "replace", "unlink"):
    counted(name)
archive.compact(journal, 1_800_000_000.0)
"""


def run_killed(path, at, half):
    word = "half" if half else "before"
    return subprocess.run([sys.executable, "-c", KILLED, str(path), str(at), word], check=False).returncode


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
@pytest.mark.parametrize("half", [False, True])
def test_killed_at_any_instant_it_loses_and_doubles_nothing(tmp_path, half):
    """Right after the kill every line is there and every question has its answer; the next run leaves no trace of it."""
    reached, at = 0, 0
    while True:
        at += 1
        folder = tmp_path / f"{half}-{at}"
        folder.mkdir()
        journal = Journal(folder / "journal.jsonl")
        write(journal.path, old_and_new())
        before, asked = everything(journal), answers(journal)
        code = run_killed(journal.path, at, half)
        assert set(everything(journal)) == set(before)
        assert answers(journal) == asked
        if code == 0:
            break
        assert code == -signal.SIGKILL
        reached += 1
        journal.append(Record("next", 2.0, Event.INTENDED, ORIGIN))
        compact(journal, NOON + 86_400)
        assert sum(everything(journal).values()) == sum(before.values()) + 1
        assert len(list(archives(journal.path))) == 1
        assert sorted(path.name[:7] for path in folder.iterdir()) == ["journal"] * 3  # it, its lock, its archive
        assert answers(journal)[OTHER] == asked[OTHER]
    assert reached >= 10


@pytest.mark.parametrize("name", STEPS)
def test_a_disk_that_refuses_any_one_step_loses_and_doubles_nothing(tmp_path, monkeypatch, name):
    real, refused = getattr(os, name), 0
    for at in range(1, 20):
        journal = Journal(tmp_path / f"{at}" / "journal.jsonl")
        journal.path.parent.mkdir()
        write(journal.path, old_and_new())
        before, asked, count = everything(journal), answers(journal), 0

        def refuse(*args, at=at, **more):
            nonlocal count
            count += 1
            if count == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*args, **more)

        with monkeypatch.context() as broken:
            broken.setattr(os, name, refuse)
            try:
                compact(journal, NOON)
            except StorageError as error:
                refused += error.fault is StorageFault.DISK_FULL
        assert set(everything(journal)) == set(before)
        assert answers(journal) == asked
        compact(journal, NOON)
        assert everything(journal) == before
        assert len(list(archives(journal.path))) == 1
        if count < at:
            break
    assert refused or name == "unlink"  # nothing is removed where nothing was left by an earlier try


def test_an_archive_that_only_looks_like_a_remainder_is_kept(journal):
    """One line that the journal does not hold: it is somebody's only copy."""
    mine = journal.path.with_name("journal-2020-01-01.jsonl")
    write(mine, old_and_new()[:5] + story("only-here", Event.FAILED))
    compact(journal, NOON)
    assert mine.exists()
    assert Path(journal.path.with_name("journal-2027-01-15.jsonl")).exists()
