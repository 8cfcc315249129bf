"""The details page of fixed data as pictures, in two languages, two schemes and two widths: made, and compared.

    python -m tests.page.pictured [--data] [--to FOLDER]

draws them from the kept documents and keeps them in tests/page/kept (or elsewhere, to look at). After a change of how the
page looks: make them anew and look at each. `--data` first makes the documents anew, from a played afternoon: a crowded
model, tags switched off, and what came after. Words come with the documents, so that another wording makes no picture
stale. The font is one of fonts-nanum, which has both languages' letters, so that pictures of two machines can be compared.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from unittest import mock

from PIL import Image, ImageChops

from tests.page.chromium import Chromium
from tests.page.opened import Opened
from tests.played import Played
from tray_app.app.changes import Carrier
from tray_app.app.language import STARTED_BY
from tray_app.core.report.history import Mark, MarkKind, Stretch, Unwritten
from tray_app.core.values.finding import Level
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.page.details_page import DetailsPage
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.upstream import Call, UpstreamError
from tray_app.storage.history import HistoryFile

KEPT = Path(__file__).parent / "kept"
LANGUAGES, SCHEMES, WIDTHS = ("en", "ko"), ("light", "dark"), (390, 1280)
FONT = "NanumGothic"
COLOURS = 255
SMALLER = 2
"""They are kept at half their size: they are to be compared, not framed."""
CELL = 3
"""Pixels of a square that is looked at as one: how letters are smoothed is another machine's."""
NOTICED = 20
"""Of 255: a colour that differs by more is another one."""
MOST_OTHERS = 0.004
"""The share of squares that may differ."""
TALLER = 4
HOUR_S = 3600.0
SINCE_S = 2.5 * HOUR_S
"""How long ago the change was made."""
SOMEBODYS = "/home/kim"
"""Stands for the folder of whoever makes the documents."""
DRESS = (
    "(() => { const made = new CSSStyleSheet(); made.replaceSync("
    f"`body, code, button, input, select, textarea {{ font-family: {FONT} !important; }}`);"
    "document.adoptedStyleSheets = [made]; })()"
)

# What is drawn anew for another width is drawn in the frame after it, however long a frame takes.
SETTLED = (
    "new Promise((done) => { let before = '', alike = 0; const look = () => {"
    "const now = ['html', '.p-stage', '.p-chart', '.p-bar'].map((one) => document.querySelector(one))"
    ".map((one) => one && Object.values(one.getBoundingClientRect().toJSON()).join()).join(';');"
    "alike = now === before ? alike + 1 : 0; before = now;"
    "if (alike > 3) done(); else requestAnimationFrame(look); }; requestAnimationFrame(look); })"
)


# --- the data ---------------------------------------------------------------------------------


def afternoon(now: float, changed_at: float) -> Unwritten:
    """Chats behind tags until tags were switched off, and without them after that."""
    chance, spans, ended = random.Random(3), [], []
    at = changed_at - 2.4 * HOUR_S
    while at < now - 60:
        before = at < changed_at
        until = min(now - 60, at + chance.uniform(40, 300))
        crowded = before and chance.random() < 0.4
        level, pressure = (Level.OVERLOADED, Pressure.WARNING) if crowded else (Level.CALM, Pressure.NORMAL)
        waiting = chance.randint(1, 4) if crowded else 0
        if not changed_at - 900 < at < changed_at - 300:  # asleep
            swapped = 40e6 if crowded else 0.0
            spans.append(Stretch(at, until, level, pressure, 1, waiting, 0, 9.0 * waiting or None, swapped))
            ended += message(chance, at, before=before)
        at = until
    marks = (
        Mark(changed_at - 2000, MarkKind.EVICTED, BIG),
        Mark(now - 1500, MarkKind.REFUSED, count=2),
        Mark(now - 300, MarkKind.EVICTED, SMALL),
    )
    return Unwritten(tuple(spans), tuple(ended), marks=marks)


def message(chance: random.Random, at: float, *, before: bool) -> list[FinishedRequest]:
    first = at + chance.uniform(6, 14) if before else at + chance.uniform(1.2, 2.4)
    end = first + chance.uniform(8, 20)
    made = [FinishedRequest(BIG, RequestKind.CHAT, "relay", None, at, end, first, end - first + 1)]
    for task in ("titles", "tags", "follow-ups") if before else ("titles", "follow-ups"):
        took = chance.uniform(2, 6)
        made.append(FinishedRequest(BIG, RequestKind.TASK, "relay", task, end, end + took + 1, None, took))
        end += took
    return made


def document(language: str) -> dict[str, object]:
    """What the real worker sends, once three requests are at the model and one more is under way."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, {STARTED_BY: "elbowroom"}))
        played = stack.enter_context(Played(Path(folder) / "home", installed=(BIG, SMALL)))
        played.home.mkdir(exist_ok=True)
        now = time.time()
        with mock.patch.object(Carrier.__init__, "__defaults__", _long_ago(Carrier.__init__.__defaults__)):
            assert played.run("set", "tags=off") == 0
        file = HistoryFile(played.home / "history.db")
        assert file.write(afternoon(now, now - SINCE_S))
        file.close()
        opened = stack.enter_context(Opened(played, language=language))
        guest = opened.guest()
        played.ollama.scheduler.pace.token_s = 0.5
        for _ in range(2):
            threading.Thread(target=_ask, args=(played.ollama.url,), daemon=True).start()
        made = guest.until(lambda one: one["receipt"] and one["now"]["calls"] and one["settings"] and one["pictures"])
        return json.loads(json.dumps(made).replace(folder, SOMEBODYS))


def _long_ago(defaults: tuple[object, ...]) -> tuple[object, ...]:
    """The clock by which a change is dated."""
    return tuple((lambda: time.time() - SINCE_S) if one is time.time else one for one in defaults)


def _ask(ollama: str) -> None:
    """A chat that ends with the server."""
    said = {"model": BIG, "stream": True, "messages": [{"role": "user", "content": "Why?"}]}
    with suppress(UpstreamError):
        list(Call(ollama, "/api/chat", said).lines())


def kept_document(language: str) -> dict[str, object]:
    return json.loads((KEPT / f"document-{language}.json").read_text(encoding="utf-8"))


# --- the pictures -----------------------------------------------------------------------------


class Gallery(ExitStack):
    """The page's own server and scripts with a fixed document, in a tab. `answer_s`: how long an errand takes."""

    def __init__(self, browser: Chromium, told: dict[str, object], *, answer_s: float = 0.0) -> None:
        super().__init__()
        self.answer_s = answer_s
        self.posted: list[tuple[str, dict[str, object]]] = []
        page = DetailsPage(self._noted, lambda: None, "over")
        self.callback(page.close)
        page.publish(json.dumps(told).encode())
        self.tab = browser.tab()
        self.callback(self.tab.call, "Page.close")
        self.tab.call("Emulation.setScrollbarsHidden", hidden=True)
        self.tab.go(page.gate.bootstrap_url)
        self.tab.wait_for("document.querySelector('.p-chart') && document.querySelector('#settings-form')")
        self.tab.run(DRESS)

    def _noted(self, path: str, sent: Mapping[str, object]) -> dict[str, object]:
        """What a button asks for is done by nobody."""
        self.posted.append((path, dict(sent)))
        time.sleep(self.answer_s)
        return {"ok": True, "message": "", "seal": ""}

    def look(self, width: int, features: list[tuple[str, str]], to: Path) -> None:
        """All of the page."""
        tab = self.tab
        tab.look(width=width, height=900)
        tab.media(features)
        tab.run(SETTLED)
        high = tab.run("Math.ceil(document.documentElement.getBoundingClientRect().height)")
        tab.look(width=width, height=high)
        tab.media(features)
        tab.run(SETTLED)
        tab.screenshot(to)


def names() -> list[tuple[str, str, int]]:
    return [(language, scheme, width) for language in LANGUAGES for scheme in SCHEMES for width in WIDTHS]


def path_of(language: str, scheme: str, width: int, folder: Path = KEPT) -> Path:
    return folder / f"{language}-{scheme}-{width}.png"


def shrunk(path: Path) -> None:
    with Image.open(path) as picture:
        small = picture.convert("RGB").reduce(SMALLER)
    small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)


def others(kept: Path, drawn: Path) -> float:
    """The share of squares in which the two differ to the eye; all of them where one is taller or wider. `drawn` is of
    full size."""
    with Image.open(kept) as one, Image.open(drawn) as other:
        first, second = one.convert("RGB"), other.convert("RGB").reduce(SMALLER)
    if first.width != second.width or abs(first.height - second.height) > TALLER:
        return 1.0
    high = min(first.height, second.height)
    reduced = [picture.crop((0, 0, picture.width, high)).reduce(CELL) for picture in (first, second)]
    red, green, blue = ImageChops.difference(*reduced).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    counts = most.histogram()
    return sum(counts[NOTICED + 1 :]) / (most.width * most.height)


def has_font() -> bool:
    try:
        told = subprocess.run(("fc-list", f":family={FONT}"), capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return bool(told.strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="store_true")
    parser.add_argument("--to", type=Path, default=KEPT)
    options = parser.parse_args()
    options.to.mkdir(exist_ok=True)
    if options.data:
        for language in LANGUAGES:
            text = json.dumps(document(language), ensure_ascii=False, separators=(",", ":")) + "\n"
            (KEPT / f"document-{language}.json").write_text(text, encoding="utf-8")
    if not has_font():
        sys.exit(f"pictured: the font {FONT} is missing (Debian: fonts-nanum)")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Chromium(Path(profile))
        try:
            for language in LANGUAGES:
                with Gallery(browser, kept_document(language)) as gallery:
                    for scheme in SCHEMES:
                        for width in WIDTHS:
                            path = path_of(language, scheme, width, options.to)
                            gallery.look(width, [("prefers-color-scheme", scheme)], path)
                            shrunk(path)
        finally:
            browser.close()


if __name__ == "__main__":
    main()
