"""Debian's Chromium without a screen, driven by the DevTools protocol over two pipes (`--remote-debugging-pipe`).

A message is JSON and ends with NUL; the browser reads file descriptor 3 and writes descriptor 4
(chromedevtools.github.io/devtools-protocol, "Getting Started").
"""

import base64
import itertools
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.requirements import require

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)
# Puts the pipes where the browser looks for them; first out of the way, as one may sit at the place of the other.
LAUNCH = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3), os.dup2(ends[1], 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
LOOKS_MS = 60_000
ANSWER_S = 120.0
"""axe looks at a whole page for half a minute where four others share two cores."""
THEMES = {
    "light": [("prefers-color-scheme", "light")],
    "dark": [("prefers-color-scheme", "dark")],
    "forced": [("forced-colors", "active"), ("prefers-color-scheme", "dark")],
    "forced light": [("forced-colors", "active"), ("prefers-color-scheme", "light")],
    "contrast": [("prefers-contrast", "more"), ("prefers-color-scheme", "light")],
    "contrast dark": [("prefers-contrast", "more"), ("prefers-color-scheme", "dark")],
}
"""What a person can have chosen: light, dark, colours of their own, more contrast."""
SLOWER = "ELBOWROOM_TESTS_SLOWER"
"""`6,300`: every tab as on a processor six times as slow, every answer 300 ms late. What depends on speed shows then."""
MOVED_ON = ("navigated or closed", "context was destroyed", "Cannot find context", "Promise was collected")


def program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def axe() -> str:
    """The script of axe-core, as a package of the tests brings it."""
    try:
        import axe_core_python
    except ImportError:
        require("browser", "the package axe-core-python is not installed")
    return (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


class Chromium:
    """One browser with a profile of its own; `tab()` opens a page."""

    def __init__(self, profile: Path) -> None:
        found = program()
        assert found is not None
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        command = [found, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(to_read), str(to_write), *command],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._numbers = itertools.count(1)
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """The result of one command. RuntimeError where the browser refuses it."""
        number = next(self._numbers)
        self._answers[number] = waiting = queue.Queue()
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self._write, json.dumps(message).encode() + b"\0")
        answer = waiting.get(timeout=ANSWER_S)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def tab(self) -> "Tab":
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Tab(self, session)

    def close(self) -> None:
        try:
            self.call("Browser.close")
        finally:
            self._process.wait(ANSWER_S)
            os.close(self._write)
            self._thread.join(ANSWER_S)
            os.close(self._read)

    def _listen(self) -> None:
        buffered = b""
        while data := os.read(self._read, 1 << 16):
            *messages, buffered = (buffered + data).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self._answers.pop(message["id"]).put(message)


class Tab:
    """What a person does with a page: go, look, type, click."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session
        self.call("Page.enable")
        if slower := os.environ.get(SLOWER):
            times, _, late_ms = slower.partition(",")
            self.call("Emulation.setCPUThrottlingRate", rate=float(times))
            self.call("Network.enable")
            speed = {"downloadThroughput": -1, "uploadThroughput": -1}
            self.call("Network.emulateNetworkConditions", offline=False, latency=float(late_ms or 0), **speed)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **params)

    def go(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """The value of an expression; a promise is awaited."""
        made = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in made:
            raise RuntimeError(made["exceptionDetails"].get("exception", {}).get("description", script))
        return made["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """Until the expression is true: the page itself looks, after every frame's worth of time."""
        looking = (
            f"new Promise((done, failed) => {{ const end = Date.now() + {LOOKS_MS}; const look = () => {{"
            f"const value = ({script}); if (value) return done(value);"
            f"if (Date.now() > end) return failed(new Error({json.dumps('never: ' + script)}));"
            "setTimeout(look, 30); }; look(); })"
        )
        end = time.monotonic() + ANSWER_S
        while True:
            try:
                return self.run(looking)
            except RuntimeError as error:  # the page went on to another one, which is to be looked at then
                if not any(word in str(error) for word in MOVED_ON) or time.monotonic() > end:
                    raise

    def text(self, selector: str = "body") -> str:
        """What is to be seen there."""
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def type(self, selector: str, text: str) -> None:
        """Replace what is in a field, as typing does."""
        self.focus(selector)
        self.run("document.activeElement.select()")
        self.call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """With the mouse, in the middle of the element."""
        self.click_on(f"document.querySelector({json.dumps(selector)})")

    def click_on(self, element: str) -> None:
        """What the expression finds, as soon as it can be pressed."""

        def press() -> Callable[[], None]:
            x, y = self._middle(element)
            self.mouse("mousePressed", x, y)
            return lambda: self.mouse("mouseReleased", x, y)

        self._aimed(element, "mousedown", press, lambda: self.mouse("mouseReleased", 0, 0))

    def key_on(self, element: str) -> None:
        """The space bar, with the focus on what the expression finds."""

        def press() -> Callable[[], None]:
            self.focus_on(element)
            self.press(" ", 32, " ", kinds=("keyDown",))
            return lambda: self.press(" ", 32, kinds=("keyUp",))

        def let_go() -> None:
            self.run("document.activeElement.blur()")
            self.press(" ", 32, kinds=("keyUp",))

        self._aimed(element, "keydown", press, let_go)

    def _aimed(
        self, element: str, event: str, press: Callable[[], Callable[[], None]], let_go: Callable[[], None]
    ) -> None:
        """A press that is known to have met its aim. A live page may be made anew between the look that finds it and the
        press: what was met instead is let go without doing anything, and it is tried again."""
        note = f"{{ window.met = null; addEventListener('{event}', (one) => {{ window.met = one.target; }}, "
        note += "{ capture: true, once: true }); }"
        end = time.monotonic() + ANSWER_S
        while True:
            self.run(note)
            release = press()
            if self.run(f"Boolean(window.met && ({element})?.contains(window.met))"):
                return release()
            let_go()
            assert time.monotonic() < end, f"never met: {element}"

    def focus(self, selector: str) -> None:
        self.focus_on(f"document.querySelector({json.dumps(selector)})")

    def focus_on(self, element: str) -> None:
        """Until it has it: what is busy takes none."""
        self.wait_for(f"(() => {{ const e = {element}; e?.focus(); return e && document.activeElement === e; }})()")

    def place(self, selector: str) -> tuple[float, float]:
        """The middle of the element, once it is scrolled to."""
        return self._middle(f"document.querySelector({json.dumps(selector)})")

    def _middle(self, element: str) -> tuple[float, float]:
        x, y = self.wait_for(
            f"(() => {{ const e = {element}; if (!e || e.disabled) return null; e.scrollIntoView({{block: 'center'}});"
            "const r = e.getBoundingClientRect(); return r.width && [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        return x, y

    def mouse(self, kind: str, x: float, y: float) -> None:
        """`mousePressed` or `mouseReleased`."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str, code: int = 0, text: str = "", kinds: tuple[str, ...] = ("keyDown", "keyUp")) -> None:
        """A key, by its name and number; `text`: what it types."""
        name = "Space" if key == " " else key
        for kind in kinds:
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=name, windowsVirtualKeyCode=code, **more)

    def look(self, *, width: int = 800, height: int = 720, dark: bool = False) -> None:
        """The size of the window and the colours that the person prefers."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.media(THEMES["dark" if dark else "light"])

    def media(self, features: list[tuple[str, str]]) -> None:
        """One of THEMES: nothing of another is left."""
        usual = {"forced-colors": "none", "prefers-contrast": "no-preference"}
        chosen = (usual | dict(features)).items()
        self.call("Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in chosen])

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
