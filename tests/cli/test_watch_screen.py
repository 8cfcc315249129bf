"""`watch` in a real pseudo terminal: what stands on the screen after each frame, and that the terminal is given back."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.a_terminal import LAUNCH
from tests.core.menu.states import NOW, STATE
from tests.english import TR
from tests.requirements import terminal
from tray_app.core.report.details.memory_use import LoadedUse, MemoryUse, PartKind, memory_picture
from tray_app.core.report.history import Mark, MarkKind
from tray_app.core.text import watch
from tray_app.core.text.lines import width
from tray_app.core.values.finding import Level
from tray_app.core.values.fit import Budget
from tray_app.core.values.snapshot import BudgetBasis, Pressure
from tray_app.core.values.units import GIB

if sys.platform == "win32":
    pytest.skip("no pseudo terminal of this kind", allow_module_level=True)

import fcntl
import struct
import termios

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9"
CODE = re.compile(r"\x1b\[(\??)([\d;]*)([A-Za-z])")


class Screen:
    """As much of a terminal as `watch` needs; anything else that is written to it is an error."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.alternate, self.cursor, self.scrolled, self.coloured = False, True, 0, False
        self.lines, self.row, self.column = {}, 0, 0
        self.normal = ""

    def feed(self, text):
        place = 0
        for found in CODE.finditer(text):
            self._write(text[place : found.start()])
            self._obey(*found.groups())
            place = found.end()
        self._write(text[place:])

    def _write(self, text):
        if not self.alternate:
            self.normal += text
            return
        for char in text:
            if char == "\r":
                self.column = 0
            elif char == "\n":
                self.row += 1
                self.scrolled += self.row >= self.rows
            else:
                assert self.column + width(char) <= self.columns, "a line is wider than the screen"
                row = self.lines.setdefault(self.row, {})
                row[self.column] = char
                self.column += width(char)

    def _obey(self, private, numbers, letter):
        match private, numbers, letter:
            case "?", "1049", "h" | "l":
                self.alternate = letter == "h"
            case "?", "25", "h" | "l":
                self.cursor = letter == "h"
            case "", "", "H":
                self.row = self.column = 0
            case "", "", "K":
                self.lines[self.row] = {at: c for at, c in self.lines.get(self.row, {}).items() if at < self.column}
            case "", "", "J":
                self.lines = {row: line for row, line in self.lines.items() if row < self.row}
            case "", _, "m":
                self.coloured = True
            case _:
                raise AssertionError((private, numbers, letter))

    def text(self):
        return ["".join(self.lines.get(row, {}).values()) for row in range(self.rows)]


class Watching:
    """`watch` as a child on a terminal of so many rows and columns."""

    def __init__(self, home, rows=24, columns=80, *more, **environment):
        self.main, child = terminal()
        self.size(rows, columns, child)
        names = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES"}}
        argv = [sys.executable, "-m", "tray_app", "--home", str(home), "--ollama", NOWHERE, "--open-webui", NOWHERE]
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *argv, "watch", "--interval", "0.2", *more],
            cwd=ROOT,
            env={**names, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment},
            stdin=child,
            stdout=child,
            stderr=child,
            start_new_session=True,
        )
        os.close(child)
        self.screen = Screen(rows, columns)

    def size(self, rows, columns, terminal=None):
        fcntl.ioctl(
            self.main if terminal is None else terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0)
        )

    def read(self):
        """What is written next; empty at the end."""
        with contextlib.suppress(OSError):  # EIO: the child is gone
            return os.read(self.main, 65536)
        return b""

    def until(self, seen):
        """Feeds the screen until `seen` says so; the frame may come in pieces."""
        raw = b""
        while not seen(self.screen):
            more = self.read()
            assert more, "it ended early"
            raw += more
            with contextlib.suppress(UnicodeDecodeError):
                text = raw.decode()
                if not re.search(r"\x1b(\[[?\d;]*)?$", text):
                    self.screen.feed(text)
                    raw = b""
        return self.screen

    def end(self):
        rest = b""
        while more := self.read():
            rest += more
        self.screen.feed(rest.decode())
        os.close(self.main)
        return self.process.wait(30)


def painted(screen):
    return any("Ctrl-C" in line for line in screen.text())


@pytest.fixture
def watching(tmp_path):
    started = []

    def start(*args, **environment):
        started.append(Watching(tmp_path / "home", *args, LANG="C", **environment))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


@pytest.mark.timeout(90)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_terminal_is_as_it_was_after_ctrl_c_and_after_term(watching, number):
    child = watching()
    screen = child.until(painted)
    assert screen.alternate
    assert not screen.cursor
    child.process.send_signal(number)
    assert child.end() == 0
    assert not screen.alternate
    assert screen.cursor
    assert screen.normal.strip() == ""


@pytest.mark.timeout(90)
@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (10, 40), (6, 20), (3, 12), (60, 200)])
def test_every_frame_fits_the_window_with_the_headline_on_top(watching, rows, columns):
    child = watching(rows, columns, "--lang", "ko")
    screen = child.until(lambda one: one.text()[0].strip())
    assert screen.scrolled == 0
    child.process.send_signal(signal.SIGINT)
    child.end()


@pytest.mark.timeout(90)
def test_a_window_that_is_made_smaller_is_filled_anew(watching):
    child = watching(30, 100)
    child.until(painted)
    child.size(8, 50)
    child.screen.rows, child.screen.columns = 8, 200  # what was under way may still be wide
    screen = child.until(lambda one: all(width(line) <= 50 for line in one.text()) and painted(one))
    assert "Ctrl-C" in "".join(screen.text()[:8])
    child.process.send_signal(signal.SIGINT)
    child.end()


@pytest.mark.timeout(90)
def test_no_color_is_obeyed_and_a_dumb_terminal_gets_plain_lines(watching):
    plain = watching(24, 80, "--count", "2", NO_COLOR="1")
    assert plain.end() == 0
    assert not plain.screen.coloured
    dumb = watching(24, 80, "--count", "2", TERM="dumb")
    assert dumb.end() == 0
    assert "\x1b" not in dumb.screen.normal
    assert dumb.screen.normal.count("---") == 1


@pytest.mark.timeout(90)
def test_what_count_ended_with_stays_on_the_normal_screen(watching):
    child = watching(24, 80, "--count", "2")
    assert child.end() == 0
    assert "Ollama" in child.screen.normal


# --- one frame, as a value ---------------------------------------------------------------------


def look(level=Level.OVERLOADED, pressure=Pressure.WARNING, waiting=3, at=NOW):
    return watch.Sample(at, level, pressure, waiting)


def frame(past, rows=40, columns=80, blocks=True, drawn=watch.NOTHING_DRAWN):
    window = watch.WatchFrame(columns, rows, 0, 5.0, blocks)
    made = watch.frame(STATE.overview, STATE.diagnosis, STATE.remedies, past, window, TR, drawn)
    return ["".join(span.text for span in line) for line in made]


def test_the_newest_change_is_told_with_its_time():
    past = (look(Level.CALM), look(Level.TIGHT, at=NOW + 5), look(Level.TIGHT, at=NOW + 10))
    assert frame(past)[0] == "Overloaded: 3 requests wait behind qwen3:32b"
    assert frame(past)[1] == "14:13:25  Calm -> Tight"
    assert frame(past[:1])[1] == "watched since 14:13:20, no change yet"


def test_lines_over_time_show_what_was_and_never_a_low_for_what_was_not_known():
    past = (
        look(pressure=Pressure.NORMAL, waiting=0),
        look(pressure=None, waiting=None),
        look(pressure=Pressure.CRITICAL, waiting=1),
        look(pressure=Pressure.WARNING, waiting=4),
    )
    assert frame(past)[2] == "Memory pressure   ▁?█▅ warning"
    assert frame(past)[3] == "Waiting requests  ▁?▃█ 4"
    assert frame(past, blocks=False)[3] == "Waiting requests  _?,# 4"


def test_chats_and_tasks_that_run_and_held_ones_have_lines_where_they_are_known():
    past = (
        replace(look(), chats=0, tasks=2, held=None),
        replace(look(), chats=None, tasks=None, held=None),
        replace(look(), chats=1, tasks=1, held=None),
    )
    assert frame(past)[4:6] == ["Running chats     ▁?█ 1", "Running tasks     █?▅ 1"]
    assert not any(line.startswith("Held") for line in frame(past))
    assert frame((*past, replace(look(), held=3)))[6].startswith("Held              ???█ 3")


def test_what_happened_stands_under_its_look_and_with_its_time():
    changed = Mark(NOW + 5, MarkKind.CHANGED, None, "change-1", "autocomplete", "off")
    refused = Mark(NOW + 6, MarkKind.REFUSED, count=7)
    made = frame((look(), replace(look(), marks=(changed, refused)), look()))
    assert made[4].rstrip() == "Marks              !"  # what went wrong before what was changed
    assert made[5:7] == ["+ 14:13:25  Autocomplete off", "! 14:13:26  7 requests refused"]


def test_the_memory_of_the_models_is_a_bar_with_what_its_signs_stand_for():
    chat = LoadedUse("qwen3:32b", PartKind.CHAT_MODEL, 18 * GIB, 18 * GIB, 3 * GIB)
    use = MemoryUse(Budget(24 * GIB, BudgetBasis.METAL), (chat,))
    drawn = watch.WatchPictures(memory_picture(use))
    made = frame((look(),), drawn=drawn, columns=50)
    (bar,) = [line for line in made if line.startswith("[")]
    assert bar == "[" + "=" * 30 + "-" * 6 + "." * 12 + "]"
    assert any("= qwen3:32b (chat) 15.0 GiB" in line for line in made)
    assert not any(line.startswith("[") for line in frame((look(),), drawn=watch.WatchPictures()))


def test_who_is_at_the_model_is_told():
    assert "> qwen3:32b: chat" in frame((look(),))


@pytest.mark.parametrize("rows", [1, 2, 5, 12])
@pytest.mark.parametrize("columns", [8, 33, 80])
def test_a_frame_never_has_more_lines_than_the_window(rows, columns):
    made = frame((look(),), rows, columns)
    assert len(made) <= rows
    assert all(width(line) <= columns for line in made)
    assert made[0].startswith("Overloa")
