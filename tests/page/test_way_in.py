"""The connect page's secret reaches the owner's browser and nobody else on the machine."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import pytest

from tests.page import chromium
from tests.requirements import require
from tray_app.app import language, way_in
from tray_app.app.connect import connect_work
from tray_app.app.details.desk import DetailsDesk
from tray_app.app.jobs import JobControl, Jobs, NewJob
from tray_app.app.session import Session
from tray_app.app.way_in import WayIn, parent_folder
from tray_app.app.wiring import App, Overrides
from tray_app.core.values.job import JobKind, RunningJob
from tray_app.readers.callers import whose_connection
from tray_app.standins.server import wait_until

NOBODY = 65534
URL = "http://127.0.0.1:9/open/secret_-1"
ROUNDS = 20


def path_of(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def secret_in(uri: str) -> str:
    """The page's own address, as the owner's browser reads it from the file."""
    return re.search(r'href="(http://127\.0\.0\.1:[0-9]+/open/[^"]+)"', path_of(uri).read_text(encoding="utf-8"))[1]


class Connecting:
    """The job, running as the worker runs it, with a browser that only notes what it was asked to open."""

    def __init__(self, home: Path, open_browser=lambda _url: True) -> None:
        self.opened = []
        self.app = App(Overrides(home=home))
        self.ended = []
        self.jobs = Jobs(self.ended.append)

        def browser(url):
            self.opened.append(url)
            return open_browser(url)

        work = connect_work(self.app, "http://127.0.0.1:9", lambda: language.load("en"), lambda: "en", browser)
        self.jobs.start(NewJob(JobKind.CONNECT, "", work, cancellable=True))

    def opens(self, number: int) -> str:
        assert wait_until(lambda: len(self.opened) >= number)
        return self.opened[number - 1]

    def close(self) -> None:
        self.jobs.stop(10)
        self.app.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(way_in, "SNAP", tmp_path / "no snap here")
    monkeypatch.setattr(parent_folder, "__defaults__", (tmp_path / "no snap here",))
    return tmp_path / "엘보 room"


@pytest.fixture
def connecting(home):
    made = Connecting(home)
    yield made
    made.close()


def test_the_browser_is_given_a_file_and_no_secret(connecting):
    uri = connecting.opens(1)
    assert uri.startswith("file:///")
    assert "/open/" not in uri
    assert httpx.get(secret_in(uri), trust_env=False).headers["set-cookie"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_nobody_else_can_open_the_file_or_list_its_folder(connecting):
    file = path_of(connecting.opens(1))
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_the_file_goes_once_somebody_came_in(connecting):
    file = path_of(connecting.opens(1))
    httpx.get(secret_in(file.as_uri()), trust_env=False)
    assert wait_until(lambda: not file.parent.exists())
    assert connecting.jobs.running is not None
    assert connecting.ended == []


def test_nothing_stays_when_it_is_cancelled(connecting):
    file = path_of(connecting.opens(1))
    connecting.close()
    assert connecting.ended
    assert not file.parent.exists()


def test_asked_again_it_opens_the_page_again_by_a_new_way(connecting):
    """A closed tab is no reason to wait ten minutes."""
    httpx.get(secret_in(connecting.opens(1)), trust_env=False)
    connecting.jobs.ask_again()
    uri = connecting.opens(2)
    assert uri != connecting.opened[0]
    assert httpx.get(secret_in(uri), trust_env=False).status_code == 200
    assert len(connecting.opened) == 2


def test_what_a_crash_left_goes_with_the_next_one(tmp_path):
    old = tmp_path / "elbowroom-connect-abcdefgh"
    old.mkdir()
    (old / "open.html").write_text("old", encoding="utf-8")
    made = WayIn(tmp_path, lambda _uri: True)
    assert made.hand_over(URL)
    assert not old.exists()
    made.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_no_way(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    asked = []
    assert not WayIn(tmp_path / "file", asked.append).hand_over(URL)
    assert asked == []


def test_browsers_from_a_snap_get_a_folder_that_they_can_read(tmp_path, monkeypatch):
    monkeypatch.setattr(os.path, "expanduser", lambda _: str(tmp_path))
    assert parent_folder(Path("/state"), tmp_path / "none") == Path("/state")
    (tmp_path / "snap").mkdir()
    assert parent_folder(Path("/state"), tmp_path / "snap") == tmp_path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_linux_tells_whose_a_connection_is(family):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(family) as client:
        port = server.getsockname()[1]
        client.connect(("127.0.0.1" if family == socket.AF_INET else "::ffff:127.0.0.1", port))
        assert whose_connection(client.getsockname()[1], port) == os.getuid()
        assert whose_connection(client.getsockname()[1], port ^ 1) is None


def test_a_system_that_does_not_tell_is_not_known(tmp_path):
    assert whose_connection(1, 2, tmp_path) is None
    (tmp_path / "tcp").write_bytes(b"head\nrubbish\n 0: 0100007F:0001 0100007F:0002 01\n" + b"\xff" * 50)
    assert whose_connection(1, 2, tmp_path) is None


# --- a real thief -----------------------------------------------------------------------------


@pytest.fixture
def thief():
    """uid 65534 with an interpreter that it may run; everything it needs is handed in as text."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if not sys.platform.startswith("linux") or os.getuid() != 0 or python is None:
        pytest.skip("only root on Linux can start another user's program")
    script = Path(__file__).with_name("thief.py").read_text(encoding="utf-8")
    made = subprocess.Popen(
        [python, "-I", "-c", script],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert made.stdout.readline() == "ready\n"
    yield made
    made.kill()
    made.communicate()


def caught(thief) -> dict[str, int]:
    return json.loads(thief.communicate(timeout=20)[0])


@pytest.fixture
def open_home():
    """Everybody may look into it, so that the rights of our own folder are all there is."""
    with tempfile.TemporaryDirectory(prefix="open-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


class CommandLine:
    """A browser as `ps` shows it: the address is its argument."""

    def __init__(self) -> None:
        self.programs = []

    def __call__(self, url: str) -> bool:
        self.programs.append(
            subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()", url], stdin=subprocess.PIPE)
        )
        return True

    def close(self) -> None:
        for program in self.programs:
            program.stdin.close()
            program.wait(10)


@pytest.fixture
def browser():
    made = CommandLine()
    yield made
    made.close()


def test_another_user_who_reads_command_lines_wins_none_of_twenty(thief, open_home, browser, monkeypatch):
    monkeypatch.setattr(parent_folder, "__defaults__", (open_home / "none",))
    entered = 0
    for number in range(ROUNDS):
        home = open_home / str(number)
        home.mkdir(mode=0o755)
        made = Connecting(home, browser)
        uri = made.opens(1)
        threading.Event().wait(0.15)  # the head start of a thief over a browser that still has to start
        entered += httpx.get(secret_in(uri), trust_env=False).status_code == 200
        made.close()
    assert entered == ROUNDS
    found = caught(thief)
    assert found["seen"] >= ROUNDS // 2, "the thief did look"
    assert (found["read"], found["won"]) == (0, 0)


def test_another_user_who_has_the_secret_is_still_turned_away(thief, open_home, browser):
    """The second wall alone: the secret is on a command line, as a careless copy of the address would be."""
    made = Connecting(open_home, lambda _uri: True)
    url = secret_in(made.opens(1))
    browser(url)
    threading.Event().wait(0.5)
    assert httpx.get(url, trust_env=False).status_code == 200, "the thief spent nothing"
    made.close()
    assert caught(thief)["won"] == 0


def test_another_user_wins_the_details_page_no_more_than_the_other(thief, open_home, browser, monkeypatch):
    monkeypatch.setattr(parent_folder, "__defaults__", (open_home / "none",))
    entered = 0
    for number in range(ROUNDS // 2):
        home = open_home / str(number)
        home.mkdir(mode=0o755)
        opened = []
        session = Session(Overrides(home=home), on_duty=False)
        desk = DetailsDesk(session, lambda _command: None, lambda uri, to=opened: to.append(uri) or browser(uri))
        assert desk.open() == ""
        threading.Event().wait(0.15)
        entered += httpx.get(secret_in(opened[-1]), trust_env=False).status_code == 200
        desk.tidy()
        assert not path_of(opened[-1]).exists()
        desk.close()
        session.close()
    assert entered == ROUNDS // 2
    found = caught(thief)
    assert found["seen"] >= ROUNDS // 4, "the thief did look"
    assert (found["read"], found["won"]) == (0, 0)


@pytest.mark.browser
def test_a_real_browser_comes_in_by_the_file_and_again_by_the_next(connecting, tmp_path):
    if chromium.program() is None:
        require("browser", "no Chromium is installed")
    browser = chromium.Chromium(tmp_path / "profile")
    try:
        for number in (1, 2):
            tab = browser.tab()
            tab.go(connecting.opens(number))
            tab.wait_for("location.protocol === 'http:' && document.querySelector('#page:not([hidden])')")
            assert tab.run("location.pathname") == "/"
            assert tab.run("document.referrer") == "" or "/open/" not in tab.run("document.referrer")
            assert tab.run("performance.getEntriesByType('navigation')[0].responseStatus") == 200
            connecting.jobs.ask_again()
    finally:
        browser.close()


def test_a_control_that_nobody_asked_again_says_so_once():
    control = JobControl(RunningJob("1", JobKind.CONNECT), lambda _moved: None)
    assert not control.asked_again()
    control.ask_again()
    assert control.asked_again()
    assert not control.asked_again()
