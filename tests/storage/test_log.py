"""The log: no secret gets in, it stays small, nobody else may read it."""

import logging
from pathlib import Path

import pytest

from tray_app.core.values.errors.storage import StorageError
from tray_app.storage import log


@pytest.fixture
def logger(tmp_path):
    handler = log.open_log(tmp_path / "logs" / "elbowroom.log")
    made = logging.getLogger("test_log")
    made.addHandler(handler)
    yield made
    made.removeHandler(handler)
    handler.close()


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "logs" / "elbowroom.log"


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6IjEifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("key sk-0123456789abcdef", "0123456789abcdef"),
        (f"token {JWT}", "c2lnbmF0dXJl"),
        ("Authorization: Bearer some-opaque-thing", "some-opaque-thing"),
        ("GET http://me:hunter2@host/api", "hunter2"),
        ('{"email": "a@b", "password": "hunter2"}', "hunter2"),
        ("password=hunter2", "hunter2"),
    ],
)
def test_secrets_stay_out(logger, file, text, secret):
    logger.warning("%s", text)
    written = file.read_text(encoding="utf-8")
    assert secret not in written
    assert "[hidden]" in written


def test_secrets_in_tracebacks_stay_out_too(logger, file):
    try:
        int("sk-0123456789abcdef")
    except ValueError:
        logger.exception("failed")
    written = file.read_text(encoding="utf-8")
    assert "ValueError" in written
    assert "0123456789abcdef" not in written


def test_the_home_folder_is_shortened(logger, file, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("USERPROFILE", "/home/somebody")
    logger.warning("cannot read /home/somebody/x")
    assert "cannot read ~/x" in file.read_text(encoding="utf-8")


def test_any_text_can_be_logged(logger, file):
    logger.warning("한글 \ud800 \x00")
    assert "한글" in file.read_text(encoding="utf-8")


def test_the_log_is_bounded_and_every_file_of_it_is_private(logger, file):
    for _ in range(6 * log.MAX_BYTES // 10_000):
        logger.warning("x" * 10_000)
    files = list(file.parent.iterdir())
    assert len(files) == 1 + log.BACKUPS
    for path in files:
        assert path.stat().st_size <= log.MAX_BYTES
        assert path.stat().st_mode & 0o077 == 0


def test_a_log_that_cannot_be_opened_is_told(tmp_path):
    (tmp_path / "logs").write_text("", encoding="utf-8")
    with pytest.raises(StorageError):
        log.open_log(tmp_path / "logs" / "elbowroom.log")


def test_no_line_is_lost_while_another_program_holds_the_log_open(logger, file, monkeypatch):
    """Windows renames no file that is open elsewhere; on this system the refusal is played."""
    monkeypatch.setattr(logger.handlers[0], "maxBytes", 2000)
    older = file.with_name(file.name + ".1")
    older.write_text("older", encoding="utf-8")
    asked, real = [], Path.replace

    def replace(self, target):
        asked.append(self.name)
        raise PermissionError(32, "used by another process")

    monkeypatch.setattr(Path, "replace", replace)
    for number in range(100):
        logger.warning("line %d of many words", number)
    monkeypatch.setattr(Path, "replace", real)
    written = file.read_text(encoding="utf-8")
    assert all(f"line {number} of" in written for number in range(100))
    assert older.read_text(encoding="utf-8") == "older"
    assert 1 < len(asked) < 50, "not with each line"

    for number in range(100, 110):
        logger.warning("line %d of many words", number)
    assert "line 99 of" in older.read_text(encoding="utf-8")
    assert "line 109 of" in file.read_text(encoding="utf-8")
    assert not file.with_name(file.name + ".next").exists()
