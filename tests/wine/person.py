"""A person in front of the Windows task bar: looks at the icon, opens the menu, clicks with the mouse."""

import json
import tempfile
from pathlib import Path

from PIL import Image

from tests.wine.windows_python import wait_for

ICON = (1014, 758)
"""Where the only icon of the task bar is."""
ICON_SIZE = 16
AWAY = (300, 300)
ENDS_WITHIN_S = 30


class TrayApp:
    """The app on Windows with one who watches it (see watched_app.py). Nothing in it is replaced."""

    def __init__(self, windows, *arguments, environment=None):
        self.windows = windows
        options = ("-W", "error", "-X", "utf8", "-m", "tests.wine.watched_app")
        self.process = windows.popen(*options, *arguments, environment=environment)
        self._empty = self.icon()

    # --- looking ---

    def icon(self):
        """The pixels where the icon is."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "screen.png"
            self.windows.shot(path)
            left, top = ICON[0] - ICON_SIZE // 2, ICON[1] - ICON_SIZE // 2
            with Image.open(path) as screen:
                return screen.crop((left, top, left + ICON_SIZE, top + ICON_SIZE)).tobytes()

    def wait_icon(self):
        wait_for(lambda: self.icon() != self._empty, "the icon")

    def menus(self):
        return self._ask("menus")

    def texts(self):
        """The rows of every open menu."""
        return [row["text"] for menu in self.menus() for row in menu if not row["separator"]]

    def tips(self):
        return self._ask("tips")

    def row(self, text):
        """The shown row that begins so, or None."""
        rows = [row for menu in self.menus() for row in menu if row["text"].startswith(text) and not row["separator"]]
        return rows[0] if rows else None

    def _ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    # --- doing ---

    def hover(self):
        self.windows.move(*AWAY)
        self.windows.move(*ICON)

    def open(self, button=3):
        self.windows.click(*ICON, button)
        wait_for(self.menus, "the menu", 20)

    def close(self):
        """A click beside the menu closes it."""
        if self.menus():
            self.windows.click(*AWAY)
        wait_for(lambda: not self.menus(), "the menu to close", 20)

    def click(self, *path):
        """Opens the menu where none is open and clicks each row of the path."""
        if not self.menus():
            self.open()
        for text in path:
            wait_for(lambda text=text: self.row(text), f"the row {text!r} in {self.texts()}", 20)
            row = self.row(text)
            assert row["enabled"], f"{text!r} cannot be clicked"
            self.windows.click(row["x"], row["y"])

    def click_fix(self, text):
        """Clicks a fix, whether it is the best one at the moment or stands among the others."""
        if not self.menus():
            self.open()
        self.click(*((text,) if self.row(text) else ("More fixes", text)))

    def wait_row(self, *path, where=lambda _row: True):
        """Opens the menu again and again, as its rows are those of the moment when it opened."""

        def look():
            self.open()
            try:
                row = None
                for depth, text in enumerate(path):
                    wait_for(lambda depth=depth: len(self.menus()) > depth, "the submenu", 10)
                    row = self.row(text)
                    if row is None:
                        return False
                    if depth + 1 < len(path):
                        self.windows.click(row["x"], row["y"])
                return where(row)
            finally:
                self.close()

        wait_for(look, f"the row {path!r}")

    # --- ending ---

    def ended(self):
        """The exit status and what went to stderr."""
        _, errors = self.process.communicate(timeout=ENDS_WITHIN_S)
        return self.process.returncode, errors

    def ask_to_end(self):
        """`taskkill` without /F."""
        done = self.windows.run("/PID", str(self._ask("pid")), program="taskkill.exe")
        assert done.returncode == 0, done.stdout + done.stderr

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
