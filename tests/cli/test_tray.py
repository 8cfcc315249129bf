"""An icon that macOS would not draw is told: on the terminal, in the log, and by a notice for who sees neither."""

import queue
from types import SimpleNamespace

import pytest

from tests.english import TR
from tray_app.app.wiring import Overrides
from tray_app.cli import tray as command
from tray_app.core.values.errors.life import TrayProblem
from tray_app.tray.tray import PythonBuild, undrawn

FRAMEWORK = PythonBuild("Python")


@pytest.mark.parametrize(
    ("system", "macos", "build", "told"),
    [
        ("darwin", "26.1", FRAMEWORK, True),
        ("darwin", "15.6", FRAMEWORK, False),
        ("darwin", "26.1", PythonBuild("none"), False),
        ("linux", "", FRAMEWORK, False),
        ("win32", "", PythonBuild("none"), False),
    ],
)
def test_only_a_framework_build_on_a_new_macos_gets_no_icon(system, macos, build, told):
    found = undrawn(system, macos, build)
    assert (found is not None and found.problem is TrayProblem.FRAMEWORK) is told


class Tray:
    """Shows nothing and runs for a moment."""

    def __init__(self):
        self.notices = []

    def show(self, view):
        pass

    def notify(self, notice):
        self.notices.append(notice.body)

    def run(self, started):
        started()

    def stop(self):
        pass


class Terminal:
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.mark.parametrize("build", [FRAMEWORK, PythonBuild("none")])
def test_an_icon_that_will_not_be_seen_is_told_wherever_somebody_looks(monkeypatch, tmp_path, caplog, build):
    tray, terminal = Tray(), Terminal()
    monkeypatch.setattr(command, "open_tray", lambda _send: tray)
    monkeypatch.setattr(command, "undrawn", lambda *_: undrawn("darwin", "26.1", build))
    session = SimpleNamespace(translator=lambda: TR, close=lambda: None)
    worker = SimpleNamespace(send=print, run=lambda: None)
    monkeypatch.setattr(command, "Session", lambda *_: session)
    monkeypatch.setattr(command, "Worker", lambda *_: worker)
    assert command.show(Overrides(home=tmp_path), terminal, TR, at_login=True, rung=queue.SimpleQueue()) == 0
    told = [text for text in (*terminal.notes, *tray.notices) if "framework build" in text]
    assert len(told) == (2 if build is FRAMEWORK else 0)
    assert ("framework build" in caplog.text) is (build is FRAMEWORK)
    assert all("`uv python install 3.13`" in text and "elbowroom watch" in text for text in told)
