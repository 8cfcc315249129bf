"""Makes the pictures of the README from the real demo: the story as a moving picture, the menu on a virtual screen.

    .venv/bin/python docs/make_pictures.py

Writes docs/pictures/ and notes there what the story said, so that a test can tell when it says something else. The menu
needs Xvfb and xfce4-panel (without them its picture stays as it is); fonts: DejaVu Sans Mono, Nanum Gothic Coding.
"""
# ruff: noqa: INP001, E402 - a script beside the page it makes; the package is found first

import hashlib
import io
import json
import sys
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from msgspec.structs import replace
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tray_app.app import language
from tray_app.cli.demo import FAST_PACE, stage
from tray_app.cli.demo.story import COLUMNS, Story
from tray_app.cli.terminal import Terminal
from tray_app.core.text.lines import Line, Span, Style, width, wrapped

FOLDER = Path(__file__).with_name("pictures")
NOTE = FOLDER / "made_from.json"
LANGUAGES = ("en", "ko")
FONTS = Path("/usr/share/fonts/truetype")
LATIN, STRONG = FONTS / "dejavu/DejaVuSansMono.ttf", FONTS / "dejavu/DejaVuSansMono-Bold.ttf"
KOREAN = FONTS / "nanum/NanumGothicCoding.ttf"
SIZE, CELL, ROW, ROWS, EDGE = 13, 8, 18, 22, 12
BACK = (24, 26, 31)
COLOURS = {
    Style.PLAIN: (214, 218, 224),
    Style.STRONG: (255, 255, 255),
    Style.FAINT: (128, 136, 148),
    Style.GOOD: (108, 198, 120),
    Style.WARN: (226, 178, 76),
    Style.BAD: (240, 104, 96),
}
ICON = (984, 16)
"""Where the panel of tests/e2e/desk.py shows the only icon."""
SCENE_MS, LAST_MS = 3500, 7000
COLOURS_KEPT, NO_DITHER = 12, Image.Dither.NONE
TRIES, MENU_HEIGHT = 8, 200


class Recorder(Terminal):
    """Keeps the lines of the story instead of printing them, and how many there were after each step."""

    def __init__(self) -> None:
        super().__init__(io.StringIO(), io.StringIO())
        self.lines: list[Line] = []
        self.steps: list[int] = []

    def show(self, lines: Iterable[Line], widest: int = 0) -> None:
        for one in lines:
            self.lines += wrapped(one, widest or COLUMNS)
        self.steps.append(len(self.lines))


def record(spoken: str) -> Recorder:
    """The whole story, as fast as it can be played: what it says is the same at any pace."""
    recorder, tr = Recorder(), replace(language.load(spoken), program="elbowroom", options={})
    with stage(FAST_PACE, spoken) as played:
        Story(played.app, played.ollama, played.open_webui, played.clock, recorder, tr).play(fast=True)
    return recorder


def fingerprint(recorder: Recorder) -> str:
    """Of what the story said."""
    told = "\n".join("".join(span.text for span in one) for one in recorder.lines)
    return hashlib.sha256(told.encode()).hexdigest()


def moving(recorder: Recorder, path: Path) -> None:
    """A picture at the end of each scene, and one more of the first, before its end is known."""
    ends = [end for end, begins in pairwise(recorder.steps) if _is_title(recorder, end, begins)]
    first = recorder.steps[3]
    ends = [first, *(end for end in ends if end > first), recorder.steps[-1]]
    small = [painted(recorder.lines[max(0, end - ROWS) : end]).quantize(COLOURS_KEPT, dither=NO_DITHER) for end in ends]
    times = [SCENE_MS] * (len(small) - 1) + [LAST_MS]
    small[0].save(path, save_all=True, append_images=small[1:], duration=times, loop=0, optimize=True)


def _is_title(recorder: Recorder, end: int, begins: int) -> bool:
    """The step after `end` is an empty line and the title of a scene."""
    return begins - end == 2 and not "".join(span.text for span in recorder.lines[end]).strip()


def painted(lines: list[Line]) -> Image.Image:
    picture = Image.new("RGB", (COLUMNS * CELL + 2 * EDGE, ROWS * ROW + 2 * EDGE), BACK)
    draw = ImageDraw.Draw(picture)
    fonts = {path: ImageFont.truetype(path, SIZE) for path in (LATIN, STRONG, KOREAN)}
    for row, one in enumerate(lines):
        column = 0
        for span in one:
            column = _write(draw, fonts, span, (column, row))
    return picture


def _write(
    draw: ImageDraw.ImageDraw, fonts: dict[Path, ImageFont.FreeTypeFont], span: Span, at: tuple[int, int]
) -> int:
    column, row = at
    for char in span.text:
        wide = width(char)
        font = fonts[KOREAN if wide == 2 else STRONG if span.style in {Style.STRONG, Style.BAD} else LATIN]
        draw.text((EDGE + column * CELL, EDGE + row * ROW), char, COLOURS[span.style], font)
        column += wide
    return column


def menu(spoken: str, path: Path) -> None:
    """The menu of `demo --tray` while it is overloaded, as xfce's panel draws it."""
    from tests.e2e.desk import App, Desk, missing

    lacking = missing("xfce4-panel")
    if lacking:
        print(f"{path.name} stays as it is: {lacking}")
        return
    with Desk(panel=True) as desk:
        app = App(desk, [sys.executable, "-m", "tray_app", "--lang", spoken, "demo", "--tray"])
        desk.person.wait_row("과부하" if spoken == "ko" else "Overloaded")
        for _ in range(TRIES):  # a menu that has news is sent anew, and closes
            desk.click_at(*ICON)
            point_away(desk.env["DISPLAY"])
            time.sleep(1.5)
            desk.screenshot(path)
            with Image.open(path) as screen:
                if _used(screen.convert("RGB"))[3] > MENU_HEIGHT:
                    break
            desk.press_key("Escape")
        app.process.terminate()
        app.ended()
    with Image.open(path) as screen:
        cut = screen.convert("RGB").crop(_used(screen.convert("RGB")))
    cut.quantize(128, method=Image.Quantize.FASTOCTREE, dither=NO_DITHER).save(path, optimize=True)


def point_away(display_name: str) -> None:
    """From the icon, whose tooltip would cover the menu."""
    from Xlib import X, display
    from Xlib.ext import xtest

    screen = display.Display(display_name)
    xtest.fake_input(screen, X.MotionNotify, x=200, y=500)
    screen.sync()
    screen.close()


def _used(screen: Image.Image) -> tuple[int, int, int, int]:
    """Panel and menu, without the empty screen around them."""
    below = screen.crop((0, 33, *screen.size)).getbbox() or (0, 0, screen.width, 1)
    return max(0, below[0] - 2), 0, screen.width, below[3] + 35


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    noted = {}
    for spoken in LANGUAGES:
        recorder = record(spoken)
        noted[spoken] = fingerprint(recorder)
        moving(recorder, FOLDER / f"story-{spoken}.gif")
        menu(spoken, FOLDER / f"menu-{spoken}.png")
    NOTE.write_text(json.dumps(noted, indent=2) + "\n", encoding="ascii")
    for made in sorted(FOLDER.iterdir()):
        print(made.name, made.stat().st_size)


if __name__ == "__main__":
    main()
