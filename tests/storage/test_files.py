"""Replacing a file as a whole, on each system's terms."""

import os
import stat
import sys
import time

import pytest

from tray_app.core.values.errors.storage import StorageError
from tray_app.storage import files


def test_a_new_file_is_private_from_its_first_instant(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", os.umask)
    before = os.umask(0)
    try:
        descriptor = files.create_private(tmp_path / "secret")
        try:
            assert stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o600
        finally:
            os.close(descriptor)
    finally:
        os.umask(before)


def test_an_existing_name_or_link_is_never_written_through(tmp_path):
    (tmp_path / "target").write_text("kept", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("target", "link"):
        with pytest.raises(FileExistsError):
            files.create_private(tmp_path / name)
    files.replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_text(encoding="utf-8") == "kept"
    assert not (tmp_path / "link").is_symlink()


def test_short_writes_are_continued(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:3])))
    files.replace_file(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


@pytest.mark.parametrize("looks", [0, 6])
def test_a_file_that_is_held_for_a_moment_is_tried_again(monkeypatch, looks):
    """Windows: a virus scanner opens what was just written, for 0.3 s."""
    held = iter([True] * looks + [False])

    def work():
        if next(held):
            raise PermissionError(13, "held")
        return "done"

    slept = []
    monkeypatch.setattr(files.time, "sleep", slept.append)
    assert files._patiently(work, tries=21) == "done"
    assert sum(slept) == pytest.approx(0.05 * looks)


def test_a_file_that_stays_held_is_an_error(monkeypatch):
    tried = []

    def work():
        tried.append(1)
        raise PermissionError(13, "held")

    monkeypatch.setattr(files, "_PAUSE_S", 0)
    with pytest.raises(PermissionError):
        files._patiently(work, tries=3)
    assert len(tried) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX folders")
def test_a_folder_of_ours_is_closed_to_others_and_a_users_folder_keeps_its_rights(tmp_path):
    files.make_folder(tmp_path / "ours")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == 0o700
    (tmp_path / "theirs").mkdir(mode=0o755)
    files.make_folder(tmp_path / "theirs")
    assert stat.S_IMODE((tmp_path / "theirs").stat().st_mode) == 0o755


def test_an_error_names_the_file_and_the_systems_reason(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError) as caught:
        files.replace_file(tmp_path / "file" / "below", b"")
    assert caught.value.path == str(tmp_path / "file" / "below")
    assert caught.value.reason


def test_spare_files_that_a_crash_left_go_with_the_next_write(tmp_path):
    old = tmp_path / ".state.json.4711.0badcafe"
    fresh = tmp_path / ".state.json.4712.0badcafe"
    other = tmp_path / ".journal.jsonl.4711.0badcafe"
    for path in (old, fresh, other):
        path.write_text("half")
    long_ago = time.time() - 2 * files.STALE_SPARE_S
    os.utime(old, (long_ago, long_ago))
    os.utime(other, (long_ago, long_ago))
    files.replace_file(tmp_path / "state.json", b"{}")
    assert not old.exists()
    assert fresh.exists()  # whoever is writing it now needs it
    assert other.exists()
