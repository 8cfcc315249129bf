"""Started without a console: no streams at all, as the Run key, a shortcut and `elbowroom-tray` do on Windows."""

import subprocess
import time

import pytest

from tests.wine.person import TrayApp
from tests.wine.windows_python import WINE, new_home, wait_for

pytestmark = [pytest.mark.wine, pytest.mark.timeout(200)]

# Wine hands its own pipes even to pythonw.exe; Windows gives it none.
START = """
import sys
sys.stdin = sys.stdout = sys.stderr = None
from tray_app.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


class Unseen(TrayApp):
    """The app in pythonw.exe; it is looked at from outside only."""

    def __init__(self, windows, *arguments):
        self.windows = windows
        self._empty = self.icon()
        pipe = subprocess.PIPE
        command = [WINE, r"C:\Python311\pythonw.exe", "-c", START, *arguments]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=windows.environment())


@pytest.fixture
def home(windows, request):
    return new_home(windows, request.node.name)


@pytest.fixture
def start(windows, home):
    started = []

    def begin(*arguments):
        started.append(Unseen(windows, "--home", home, "--lang", "en", *arguments))
        return started[-1]

    yield begin
    for app in started:
        app.kill()


def log_of(windows, home):
    folder = windows.drive / home.removeprefix("C:\\").replace("\\", "/")
    return "".join(path.read_text("utf-8") for path in folder.rglob("*.log"))


def test_the_icon_comes(start):
    app = start("--ollama", "http://127.0.0.1:9", "--open-webui", "http://127.0.0.1:9", "tray", "--at-login")
    app.wait_icon()


def test_what_ends_it_is_in_the_log_and_in_a_box(windows, home, start):
    before = windows.windows()
    app = start("statsu")
    wait_for(lambda: len(windows.windows()) > len(before), "the box", 60)
    assert "statsu" in log_of(windows, home)

    def closed():
        for x, y, width, height in windows.windows():
            windows.click(x + width // 2, y + height // 2)  # a box that just came up may not have the keyboard yet
        windows.key("Return")
        time.sleep(0.5)
        return app.process.poll() is not None

    wait_for(closed, "the end", 60)
    assert app.process.returncode == 2
