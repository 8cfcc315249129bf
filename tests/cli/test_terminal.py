"""Colours, progress and questions, on streams of every kind."""

import ctypes
import io
import sys
from types import SimpleNamespace

import pytest

from tray_app.app import language
from tray_app.cli import terminal
from tray_app.cli.main import build
from tray_app.cli.terminal import ProgressLine, Terminal
from tray_app.core.text.lines import Span, Style, line, width
from tray_app.core.text.words import yes_words
from tray_app.storage.catalogs import LANGUAGES


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


@pytest.mark.parametrize(
    ("code", "answer", "yes"),
    [
        ("en", "y", True),
        ("en", " YES ", True),
        ("en", "네", False),
        ("en", "", False),
        ("en", "no", False),
        ("ko", "네", True),
        ("ko", "ㅇ", True),
        ("ko", "ｙ", True),
        ("ko", "아니요", False),
    ],
)
def test_an_answer_is_understood_in_the_language_of_the_question_and_in_english(monkeypatch, code, answer, yes):
    monkeypatch.setattr("builtins.input", lambda: answer)
    assert Terminal(io.StringIO(), io.StringIO()).ask("Do it?", yes_words(language.load(code))) is yes


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("code", LANGUAGES)
def test_help_is_no_wider_than_the_terminal_in_any_language(monkeypatch, capsys, code, columns):
    """By columns, not characters; an example stays in one piece, so that it can be copied."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    tr = language.load(code)
    asked = [["--help"], ["fit", "--help"], ["set", "--help"], ["speed", "--help"]]
    # argparse keeps a group of options of which one excludes the other in one piece.
    for argv in asked if columns == 60 else [*asked, ["connect", "--help"]]:
        with language.in_standard_library(code), pytest.raises(SystemExit):
            build(tr, "elbowroom").parse_args(argv)
        lines = capsys.readouterr().out.splitlines()
        assert [one for one in lines if width(one) > columns and not one.startswith(f"  {tr.program}")] == []


def test_the_end_of_input_is_a_no(monkeypatch):
    def ended():
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    assert Terminal(io.StringIO(), io.StringIO()).ask("Do it?", ("y",)) is False


class Console:
    """Windows' own calls: `mode` None is no console; a console may refuse the new mode."""

    def __init__(self, mode, *, takes_codes):
        self.mode, self.takes_codes = mode, takes_codes

    def GetConsoleMode(self, _handle, mode):  # noqa: N802
        if self.mode is None:
            return 0
        mode._obj.value = self.mode
        return 1

    def SetConsoleMode(self, _handle, mode):  # noqa: N802
        if self.takes_codes:
            self.mode = mode
        return int(self.takes_codes)


@pytest.mark.parametrize(
    ("console", "term", "codes"),
    [
        (Console(3, takes_codes=True), "", True),
        (Console(3, takes_codes=False), "", False),
        (Console(None, takes_codes=True), "xterm", True),
        (Console(None, takes_codes=True), "", False),
    ],
)
def test_a_windows_console_is_told_to_take_codes_and_gets_none_where_it_cannot(
    monkeypatch, tmp_path, console, term, codes
):
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(get_osfhandle=lambda number: number))
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=console), raising=False)
    with (tmp_path / "console").open("w", encoding="utf-8") as stream:
        assert terminal.obeys_escapes(stream) is codes
    assert console.mode in {None, 7 if console.takes_codes else 3}


class Screen(io.TextIOWrapper):
    def isatty(self):
        return True


def test_what_goes_to_another_program_is_utf_8_whatever_the_code_page(monkeypatch):
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    screen = Screen(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", pipe)
    monkeypatch.setattr(sys, "stderr", screen)
    terminal.prepare_streams()
    print("요청 3개 \ud800", end="", flush=True)
    assert pipe.buffer.getvalue() == "요청 3개 ?".encode()
    print("요청 3", end="", flush=True, file=sys.stderr)
    assert screen.buffer.getvalue() == b"?? 3", "a terminal keeps its own encoding"


def test_a_question_breaks_between_its_words(monkeypatch):
    """The terminal broke it inside a word; the answer is typed behind the last line."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    err = Tty()
    question = "This sends 6 short task calls and 2 short chats through Open WebUI. Proceed? [y/N]"
    assert Terminal(Tty(), err).ask(question, ("y",)) is True
    assert " ".join(err.getvalue().split()) == question
    assert max(map(width, err.getvalue().split("\n"))) <= 40
    assert err.getvalue().endswith("[y/N] ")
