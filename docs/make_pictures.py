"""Makes the pictures of the README: the demo's story as a moving picture, its menu and its notice on a virtual screen,
the pages in a browser without one, and the badges.

    .venv/bin/python docs/make_pictures.py

Writes docs/pictures/ and notes there what each picture says, so that a test can tell when the product says something
else. What this machine lacks (Xvfb, xfce4-panel, xfce4-notifyd, Chromium) is told, and that picture stays as it is.
Fonts: DejaVu Sans Mono, Nanum Gothic Coding.
"""
# ruff: noqa: INP001, E402 - a script beside the page it makes; the package is found first

import argparse
import hashlib
import io
import json
import queue
import re
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.desk import App as Program
from tests.e2e.desk import Desk, missing, stop
from tests.page import chromium
from tray_app.app import language
from tray_app.app.connect import connect_work
from tray_app.app.details.headless import NoTray
from tray_app.app.jobs import JobControl
from tray_app.app.session import Session
from tray_app.app.wiring import App, Overrides
from tray_app.app.worker import Worker
from tray_app.cli.demo import CHAT_LENGTH, FAST_PACE, TRAY_PACE, TYPES_S, stage
from tray_app.cli.demo.story import COLUMNS, Story
from tray_app.cli.terminal import Terminal
from tray_app.core.text.lines import Line, Span, Style, width, wrapped
from tray_app.core.values.command import OpenDetails, Quit
from tray_app.core.values.job import JobKind, RunningJob
from tray_app.demo.person import Person
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.tray.linux.notify import picture

if TYPE_CHECKING:
    from tests.e2e.bus import Note

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
PANEL_HEIGHT = 33
SCENE_MS, LAST_MS = 3500, 7000
COLOURS_KEPT, NO_DITHER = 24, Image.Dither.NONE
TRIES, MENU_HEIGHT = 8, 200
PATIENCE_S = 90.0
NOTICE_SERVICE = Path("/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd")
PAGE_SIZE, EXAMPLE = (760, 730), "http://127.0.0.1:8080"
DETAILS_SIZE, DETAILS_S = (1200, 1042), 90.0
BADGE_HEIGHT, BADGE_SIDE, LETTER = 20, 6, 6.6
Said = dict[str, list[str]]
"""The texts that each picture shows."""
DRAWN_BY = {
    "menu": ("tray/art.py",),
    "notice": ("tray/art.py",),
    "page": ("page/connect.*",),
    "details": ("page/details.*", "page/draw*.*", "page/parts.js", "page/settings.js", "page/ways/*"),
}
"""What each kind of picture looks like beside its texts, below tray_app."""
HEADINGS = "[...document.querySelectorAll('h1, h2, legend, th')].map((one) => one.innerText.trim())"
NAME_OF_A_MODEL = r"\S+:\S+"


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
    found = language.load(spoken)
    assert isinstance(found, language.Spoken)
    recorder, tr = Recorder(), replace(found, program="elbowroom", options={})
    with stage(FAST_PACE, spoken) as played:
        Story(played.app, played.ollama, played.open_webui, played.clock, recorder, tr).play(fast=True)
    return recorder


def fingerprint(recorder: Recorder) -> str:
    """Of what the story said."""
    told = "\n".join("".join(span.text for span in one) for one in recorder.lines)
    return hashlib.sha256(told.encode()).hexdigest()


def looks() -> dict[str, str]:
    """What each kind of picture is drawn by, as a digest: whatever changes there makes it stale."""
    made = {}
    for kind, patterns in DRAWN_BY.items():
        files = sorted({one for each in patterns for one in (ROOT / "tray_app").glob(each) if one.suffix != ".pyc"})
        drawn = b"".join(one.name.encode() + one.read_bytes() for one in files if one.is_file())
        made[kind] = hashlib.sha256(drawn).hexdigest()
    return made


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


def screens(spoken: str, said: Said) -> bool:
    """Menu and notice of `demo --tray` while it is overloaded, as XFCE's panel and notification service draw them."""
    if lacking := missing("xfce4-panel") or ("" if NOTICE_SERVICE.exists() else "xfce4-notifyd not installed"):
        print(f"menu-{spoken}.png and notice-{spoken}.png stay as they are: {lacking}")
        return False
    with Desk(panel=True) as desk:
        wait(desk.person.has_host)
        app = Program(desk, [sys.executable, "-m", "tray_app", "--lang", spoken, "demo", "--tray"])
        note = wait(lambda: next((one for one in desk.notes.notes if one.actions), None))
        said[f"notice-{spoken}"] = [note.title, note.body, *note.actions]
        said[f"menu-{spoken}"] = menu(desk, FOLDER / f"menu-{spoken}.png")
        app.process.terminate()
        app.ended()
        notice(desk, note, FOLDER / f"notice-{spoken}.png")
    return True


def wait(look):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - whatever it looks for
    end = time.monotonic() + PATIENCE_S
    while not (found := look()):
        if time.monotonic() > end:
            raise SystemExit("make_pictures: this machine is too busy; run it again later")
        time.sleep(0.2)
    return found


def menu(desk: Desk, path: Path) -> list[str]:
    """The rows that are seen."""
    for _ in range(TRIES):
        desk.click_at(*ICON)
        point_away(desk.env["DISPLAY"])
        time.sleep(1.5)
        desk.screenshot(path)
        rows: list[str] = desk.person.menu().texts()
        with Image.open(path) as screen:
            if drawn(screen)[3] > MENU_HEIGHT:
                break
        desk.press_key("Escape")
    with Image.open(path) as screen:
        left, _, _, lower = drawn(screen)
        keep(screen.crop((max(0, left - 2), 0, screen.width, lower + 2)), path)
    desk.press_key("Escape")
    return rows


def notice(desk: Desk, note: "Note", path: Path) -> None:
    """What the app sent, sent once more to the desktop's own service."""
    desk.closing.remove(desk.notes)
    desk.notes.close()
    stop(desk.panel)
    desk.start([str(NOTICE_SERVICE)])
    buttons = [word for index, label in enumerate(note.actions) for word in (str(index), label)]
    hints = {"urgency": ("y", note.urgency), "image-data": picture()}
    body = ("Elbowroom", 0, "dialog-information", note.title, note.body, buttons, hints, -1)
    service = "org.freedesktop.Notifications"
    wait(lambda: desk.person.owns(service))
    desk.person.call(service, "/org/freedesktop/Notifications", service, "Notify", "susssasa{sv}i", body)

    def seen() -> tuple[int, int, int, int] | None:
        desk.screenshot(path)
        with Image.open(path) as screen:
            return screen.convert("RGB").getbbox()

    wait(seen)
    time.sleep(1.5)  # it fades in
    place = seen()
    with Image.open(path) as screen:
        keep(screen.crop(place), path)


def point_away(display_name: str) -> None:
    """From the icon, whose tooltip would cover the menu."""
    from Xlib import X, display
    from Xlib.ext import xtest

    screen = display.Display(display_name)
    xtest.fake_input(screen, X.MotionNotify, x=200, y=500)
    screen.sync()
    screen.close()


def drawn(screen: Image.Image) -> tuple[int, int, int, int]:
    """What is on the empty screen below the panel."""
    picture = screen.convert("RGB")
    left, upper, right, lower = picture.crop((0, PANEL_HEIGHT, *picture.size)).getbbox() or (0, 0, 0, 0)
    return left, upper + PANEL_HEIGHT, right, lower + PANEL_HEIGHT


def keep(picture: Image.Image, path: Path) -> None:
    small = picture.convert("RGB").quantize(128, method=Image.Quantize.FASTOCTREE, dither=NO_DITHER)
    small.save(path, optimize=True)


def page(spoken: str, said: Said) -> bool:
    """The page where Open WebUI is connected, as it opens."""
    path = FOLDER / f"page-{spoken}.png"
    if chromium.program() is None:
        print(f"{path.name} stays as it is: no Chromium is installed")
        return False
    ways: list[str] = []
    opened = threading.Event()

    def open_browser(way_in: str) -> bool:
        ways.append(way_in)
        opened.set()
        return True

    with tempfile.TemporaryDirectory() as folder, DemoOpenWebUI() as web:
        app = App(Overrides(home=Path(folder) / "home", open_webui=web.url, language=spoken))
        control = JobControl(RunningJob("1", JobKind.CONNECT, cancellable=True), lambda _moved: None)
        work = connect_work(app, web.url, lambda: language.load(spoken), lambda: spoken, open_browser)
        thread = threading.Thread(target=work, args=(control,))
        thread.start()
        browser = chromium.Chromium(Path(folder) / "profile")
        try:
            opened.wait(PATIENCE_S)
            tab = browser.tab()
            wide, high = PAGE_SIZE
            tab.call("Emulation.setDeviceMetricsOverride", width=wide, height=high, deviceScaleFactor=1, mobile=False)
            tab.call("Emulation.setScrollbarsHidden", hidden=True)
            tab.go(ways[0])
            tab.wait_for("document.querySelector('#page') && !document.querySelector('#page').hidden")
            tab.run(f"document.querySelector('#url').value = {EXAMPLE!r}")
            tab.screenshot(path)
            said[f"page-{spoken}"] = tab.run("document.querySelector('#page').innerText").split("\n")
        finally:
            browser.close()
            control.cancel()
            thread.join()
            app.close()
    with Image.open(path) as picture:
        keep(picture, path)
    return True


def details(spoken: str, said: Said) -> bool:
    """The details page of the demo, while its person chats and the model is crowded."""
    path = FOLDER / f"details-{spoken}.png"
    if chromium.program() is None:
        print(f"{path.name} stays as it is: no Chromium is installed")
        return False
    ways: queue.SimpleQueue[str] = queue.SimpleQueue()

    def open_browser(way_in: str) -> bool:
        ways.put(way_in)
        return True

    with stage(TRAY_PACE, spoken, scripted=False) as played, tempfile.TemporaryDirectory() as folder:
        person = Person(played.open_webui, pause_s=TYPES_S, chat_length=CHAT_LENGTH)
        session = Session(played.app.overrides)
        worker = Worker(session, NoTray(), open_browser=open_browser)
        thread = threading.Thread(target=worker.run)
        thread.start()
        person.start()
        worker.send(OpenDetails())
        browser = chromium.Chromium(Path(folder) / "profile")
        try:
            tab = browser.tab()
            wide, high = DETAILS_SIZE
            tab.call("Emulation.setDeviceMetricsOverride", width=wide, height=high, deviceScaleFactor=1, mobile=False)
            tab.call("Emulation.setScrollbarsHidden", hidden=True)
            tab.go(ways.get(timeout=PATIENCE_S))
            tab.wait_for("document.querySelector('#switches input')")
            time.sleep(DETAILS_S)  # so that the pictures have something to show
            tab.wait_for("document.querySelector('#head.overloaded')")
            tab.screenshot(path)
            said[f"details-{spoken}"] = sorted(
                {one for one in tab.run(HEADINGS) if not re.fullmatch(NAME_OF_A_MODEL, one)}
            )
        finally:
            browser.close()
            worker.send(Quit())
            thread.join()
            session.close()
            person.stop()
    with Image.open(path) as picture:
        keep(picture, path)
    return True


def badges() -> dict[str, str]:
    """Each by the name of its file. Of pyproject.toml, and drawn here: a page that is read asks nobody."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    shown = {
        "python": ("python", project["requires-python"].removeprefix(">=") + " or newer"),
        "systems": ("runs on", "macOS | Windows | Linux"),
        "licence": ("licence", project["license"]),
        "telemetry": ("telemetry", "none"),
    }
    return {f"badge-{name}.svg": badge(*words) for name, words in shown.items()}


def badge(label: str, value: str) -> str:
    left, right = (round(len(text) * LETTER + 2 * BADGE_SIDE) for text in (label, value))
    text = '<text x="{x}" y="14" textLength="{long}">{text}</text>'
    words = text.format(x=BADGE_SIDE, long=left - 2 * BADGE_SIDE, text=label) + text.format(
        x=left + BADGE_SIDE, long=right - 2 * BADGE_SIDE, text=value
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{BADGE_HEIGHT}" role="img" '
        f'aria-label="{label}: {value}"><title>{label}: {value}</title>'
        f'<rect width="{left + right}" height="{BADGE_HEIGHT}" rx="3" fill="#26466e"/>'
        f'<path d="M3 0h{left - 3}v{BADGE_HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#3f4650"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{words}</g></svg>\n'
    )


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    FOLDER.mkdir(exist_ok=True)
    noted = json.loads(NOTE.read_text(encoding="utf-8")) if NOTE.exists() else {}
    said: Said = noted.get("said", {})
    drawn_by: dict[str, str] = noted.get("looks", {})
    stories = {}
    for spoken in LANGUAGES:
        recorder = record(spoken)
        stories[spoken] = fingerprint(recorder)
        moving(recorder, FOLDER / f"story-{spoken}.gif")
        on_screen = screens(spoken, said)
        made = {"menu": on_screen, "notice": on_screen, "page": page(spoken, said), "details": details(spoken, said)}
        drawn_by |= {kind: digest for kind, digest in looks().items() if made[kind]}
    for name, drawing in badges().items():
        (FOLDER / name).write_text(drawing, encoding="ascii")
    note = {"stories": stories, "looks": drawn_by, "said": dict(sorted(said.items()))}
    NOTE.write_text(json.dumps(note, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in sorted(FOLDER.iterdir()):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
