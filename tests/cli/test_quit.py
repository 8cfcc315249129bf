"""`quit`, with the tray's own lock and door in this process."""

import threading

import pytest

from tray_app.app.instance import Errand, become_the_one
from tray_app.cli import quit as command
from tray_app.cli.main import DONE, FAILED, NOTHING_TO_DO, run
from tray_app.storage.lock import SingleInstance
from tray_app.storage.paths import Paths


@pytest.fixture
def tray(tmp_path):
    """One that runs, and what it was asked for."""
    paths = Paths(tmp_path)
    lock = SingleInstance(paths.instance_lock_file, paths.instance_file)
    asked = []
    bell = become_the_one(lock, asked.append)
    yield lock, asked
    bell.close()
    lock.release()


def test_the_one_that_runs_ends_and_is_waited_for(tray, tmp_path, capsys, monkeypatch):
    lock, asked = tray

    def end(seconds):
        if asked:  # it is told on another thread than ours, after the answer
            assert asked == [Errand.QUIT]
            lock.release()
        threading.Event().wait(seconds)

    monkeypatch.setattr(command.time, "sleep", end)
    assert run(["quit", "--home", str(tmp_path)]) == DONE
    assert capsys.readouterr().out == "Elbowroom has ended.\n"


def test_one_that_goes_on_is_told(tray, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "WITHIN_S", 0.3)
    assert run(["quit", "--home", str(tmp_path)]) == FAILED
    assert "was asked to end and still runs" in capsys.readouterr().err


def test_one_that_cannot_be_reached_is_told(tray, tmp_path, capsys):
    Paths(tmp_path).instance_file.write_text("{}")
    assert run(["quit", "--home", str(tmp_path)]) == FAILED
    assert "choose Quit in its menu" in capsys.readouterr().err


def test_where_none_runs_there_is_nothing_to_do(tmp_path, capsys):
    assert run(["quit", "--home", str(tmp_path)]) == NOTHING_TO_DO
    assert "there is nothing to end" in capsys.readouterr().err
