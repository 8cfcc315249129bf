"""Colours, progress and questions, on streams of every kind."""

import io

import pytest

from tray_app.cli.terminal import ProgressLine, Terminal
from tray_app.core.text.lines import Span, Style, line


class Tty(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "stream", "coloured"),
    [
        ({}, Tty, True),
        ({}, io.StringIO, False),
        ({"NO_COLOR": "1"}, Tty, False),
        ({"TERM": "dumb"}, Tty, False),
        ({"FORCE_COLOR": "1"}, io.StringIO, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Tty, False),
    ],
)
def test_who_gets_colours(monkeypatch, variables, stream, coloured):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    out = stream()
    Terminal(out, io.StringIO()).show([line(Span("overloaded", Style.BAD))])
    assert ("\x1b[" in out.getvalue()) is coloured
    assert "overloaded" in out.getvalue()


def test_a_log_gets_one_line_per_stage():
    err = io.StringIO()
    with ProgressLine(err) as progress:
        for done in range(5):
            progress.update(f"Downloading {done}", "gemma3:1b")
        progress.update("Checking", "check")
    assert err.getvalue().splitlines() == ["Downloading 0", "Checking"]


def test_a_terminal_gets_one_line_that_is_taken_away():
    err = Tty()
    with ProgressLine(err) as progress:
        progress.update("a long line of text")
        progress.update("short")
    assert "\n" not in err.getvalue()
    assert err.getvalue().endswith("\r" + " " * len("short") + "\r")


@pytest.mark.parametrize(("answer", "yes"), [("y", True), (" YES ", True), ("네", True), ("", False), ("no", False)])
def test_an_answer(monkeypatch, answer, yes):
    monkeypatch.setattr("builtins.input", lambda: answer)
    assert Terminal(io.StringIO(), io.StringIO()).ask("Do it?") is yes


def test_the_end_of_input_is_a_no(monkeypatch):
    def ended():
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    assert Terminal(io.StringIO(), io.StringIO()).ask("Do it?") is False
