"""The terminal: colours that can be off, progress on one line, questions. No sentences of its own."""

import argparse
import gettext
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from tray_app.core.text.lines import Line, Span, Style, cut, line, width, wrapped

_CODES = {
    Style.STRONG: "1",
    Style.FAINT: "2",
    Style.GOOD: "32",
    Style.WARN: "33",
    Style.BAD: "1;31",
}

USAGE = "usage: "
"""argparse's own word, translated for it."""

_VIRTUAL_TERMINAL = 0x0004
"""ENABLE_VIRTUAL_TERMINAL_PROCESSING (SetConsoleMode, Microsoft Learn)."""


def wants_colour(stream: TextIO) -> bool:
    """NO_COLOR (any value) and TERM=dumb switch colours off; FORCE_COLOR switches them on without a terminal."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and obeys_escapes(stream))


def obeys_escapes(stream: TextIO) -> bool:
    """Whether a terminal takes escape codes as commands. A Windows console does only when it is told to; one that
    cannot (Windows 8, old hosts) would print them as text."""
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        try:
            handle = ctypes.c_void_p(msvcrt.get_osfhandle(stream.fileno()))
        except (OSError, ValueError):  # no file behind it
            return False
        mode, console = ctypes.c_uint32(), ctypes.windll.kernel32
        if not console.GetConsoleMode(handle, ctypes.byref(mode)):
            return bool(os.environ.get("TERM"))  # a terminal of another kind behind a pipe, such as mintty
        return bool(console.SetConsoleMode(handle, mode.value | _VIRTUAL_TERMINAL))
    else:  # noqa: RET505 - the type checker reads one branch for each system
        return True


def prepare_streams() -> bool:
    """No character ends the program. What goes to a file or another program is UTF-8 on every system; a terminal gets
    its own encoding, in which something may be missing (cp949, ASCII).

    False where nobody can read what we say: started without a console, all streams are None and lead nowhere then.
    """
    seen = sys.stderr is not None
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
    return seen


def drop_output() -> None:
    """Nobody reads any more. What is still buffered goes nowhere, else Python's own flush at exit fails (code 120)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class Terminal:
    """Prints lines to stdout, and progress, questions and errors to stderr."""

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, unseen: Callable[[str], None] | None = None
    ) -> None:
        """`unseen` is told what ends a command, where nobody reads stderr."""
        self._unseen = unseen
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self._colour = {id(stream): wants_colour(stream) for stream in (self.out, self.err)}

    @property
    def interactive(self) -> bool:
        """A person sits there: questions may be asked."""
        return sys.stdin is not None and sys.stdin.isatty() and self.err.isatty()

    @property
    def columns(self) -> int:
        return shutil.get_terminal_size((100, 24)).columns

    def render(self, line: Line, stream: TextIO) -> str:
        if not self._colour[id(stream)]:
            return "".join(span.text for span in line)
        return "".join(
            f"\x1b[{_CODES[span.style]}m{span.text}\x1b[0m" if span.style in _CODES else span.text for span in line
        )

    def show(self, lines: Iterable[Line], widest: int = 0) -> None:
        """Wrapped where a terminal is narrower; `widest` also where nobody knows how wide the reader's is."""
        columns = self.columns if self.out.isatty() else widest
        for one in lines:
            for piece in wrapped(one, columns) if columns else (one,):
                self.out.write(self.render(piece, self.out) + "\n")
        self.out.flush()

    def text(self, text: str) -> None:
        self.out.write(text + "\n")
        self.out.flush()

    def json(self, document: object) -> None:
        """One line of ASCII: what a name holds reaches no terminal, and a pipe of any encoding takes it."""
        self.text(json.dumps(document))

    def note(self, text: str) -> None:
        """A line beside the answer: goes to stderr so that pipes stay clean."""
        self.err.write("\n".join(self._beside(text)) + "\n")
        self.err.flush()

    def _beside(self, text: str) -> list[str]:
        columns = self.columns if self.err.isatty() else 0
        return [self.render(one, self.err) for one in (wrapped(line(text), columns) if columns else (line(text),))]

    def _question(self, text: str) -> None:
        """The answer is typed behind its last line."""
        self.err.write("\n".join(self._beside(text)) + " ")
        self.err.flush()

    def problem(self, text: str) -> None:
        """Why the command ends: whoever started it sees this, also without a terminal."""
        self.note(text)
        if self._unseen is not None:
            self._unseen(text)

    @property
    def rows(self) -> int:
        return shutil.get_terminal_size((100, 24)).lines

    @property
    def has_screen(self) -> bool:
        """A terminal that takes escape codes: it can be painted over."""
        return self.out.isatty() and os.environ.get("TERM") != "dumb" and obeys_escapes(self.out)

    def can_show(self, text: str) -> bool:
        """Whether the terminal's encoding has these characters."""
        try:
            text.encode(self.out.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    @contextmanager
    def screen(self) -> Iterator[None]:
        """The alternate screen, without a cursor. Whatever ends it, the terminal is as it was: its history included."""
        self.out.write("\x1b[?1049h\x1b[?25l")
        try:
            yield
        finally:
            self.out.write("\x1b[?25h\x1b[?1049l")
            self.out.flush()

    def paint(self, lines: Sequence[Line]) -> None:
        """One frame over the last one, without a moment in which the screen is empty.

        Each line is cleared before it is written: after one that fills its row the cursor stands on its last cell.
        """
        drawn = "\r\n".join(f"\x1b[K{self.render(one, self.out)}" for one in lines)
        rest = "\r\n\x1b[J" if len(lines) < self.rows else ""
        self.out.write(f"\x1b[H{drawn}{rest}")
        self.out.flush()

    def ask(self, question: str, yes: Collection[str]) -> bool:
        """True for one of the words in `yes`, in small or capital letters of any width; the end of input is a no."""
        self._question(question)
        try:
            answer = input()
        except EOFError:
            self.err.write("\n")
            return False
        said = answer.strip().lower()
        return said in yes or unicodedata.normalize("NFKC", said) in yes

    def asked(self, question: str) -> str | None:
        """What a person types; None at the end of input."""
        self._question(question)
        try:
            return input().strip()
        except EOFError:
            self.err.write("\n")
            return None

    def progress(self) -> "ProgressLine":
        return ProgressLine(self.err)


class Help(argparse.RawDescriptionHelpFormatter):
    """argparse's, which counts characters and breaks at spaces only, with the line breaks of every other text here.
    Examples stay in one piece, so that they can be copied."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return ["".join(span.text for span in piece) for piece in wrapped((Span(" ".join(text.split())),), width)]

    def _format_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None,
    ) -> str:
        actions, begins = list(actions), gettext.gettext(USAGE) if prefix is None else prefix
        words = (begins, *(one.metavar for one in actions if isinstance(one.metavar, str)))
        wider = sum(width(word) - len(word) for word in words)
        self._width -= wider
        try:
            return super()._format_usage(usage, actions, groups, prefix)
        finally:
            self._width += wider

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = text.splitlines()
        pieces = (piece for one in lines for piece in ([one] if one.startswith(" ") else self._split_lines(one, width)))
        return "".join(f"{indent}{piece}\n" for piece in pieces)


class ProgressLine:
    """One line that is written over; without a terminal it prints only when the text's first word changes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._width = 0
        self._last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the line away."""
        if self._live and self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0

    def update(self, text: str, step: str = "") -> None:
        """Show `text`; `step` names the stage, so that a log gets one line per stage."""
        if self._live:
            room = max(20, shutil.get_terminal_size((100, 24)).columns - 1)
            text = cut(text, room)
            self._stream.write("\r" + text + " " * max(0, self._width - width(text)))
            self._width = width(text)
        elif (step or text) != self._last:
            self._last = step or text
            self._stream.write(text + "\n")
        self._stream.flush()
