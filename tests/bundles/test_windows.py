"""Windows' setup program: frozen by PyInstaller in Wine, made by NSIS, installed, run, started as its Run line does, gone."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requirements import require, required
from tests.wine.building import REPOSITORY, install
from tests.wine.windows_python import WINE, WindowsPython, wait_for, windows_path

pytestmark = [pytest.mark.bundle, pytest.mark.timeout(3600)]

PLACE = "AppData/Local/Programs/Elbowroom"
RUN_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
OURS = {"PYTHONPATH": ""}
"""A person's own Windows has no repository beside it."""


@pytest.fixture(scope="module")
def windows():
    if not required("bundle"):
        require("bundle", "it takes minutes: ELBOWROOM_TESTS_REQUIRE=bundle does it")
    if shutil.which("makensis") is None:
        require("bundle", "makensis is missing (Debian: nsis)")
    python = WindowsPython()
    with python.in_use():
        install(python.folder, "pyinstaller", "-c", str(REPOSITORY / "constraints.txt"))
        yield python


@pytest.fixture(scope="module")
def setup(windows, tmp_path_factory):
    """The finished program."""
    place = tmp_path_factory.mktemp("setup")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPOSITORY / "packaging"))
        freeze, maker = importlib.import_module("freeze"), importlib.import_module("windows.setup")

        def run(words, more):
            native = [windows_path(Path(word)) if word.startswith("/") else word for word in words]
            done = windows.run(*native, environment=more, timeout=3000)
            assert done.returncode == 0, done.stderr[-3000:]

        return maker.build(place, place, freeze.frozen(place, run))


@pytest.fixture(scope="module")
def installed(windows, setup):
    """The folder, as Linux and as Windows name it; taken away again where a test fails."""
    done = windows.run("/S", "/AUTOSTART", program=windows_path(setup), timeout=600)
    assert done.returncode == 0
    folder = next(windows.drive.glob(f"users/*/{PLACE}"))
    yield folder, "C:\\" + str(folder.relative_to(windows.drive)).replace("/", "\\")
    shutil.rmtree(folder, ignore_errors=True)


def of_registry(windows, key):
    return windows.run("query", key, program="reg.exe").stdout


def test_it_answers_in_the_users_language(windows, installed):
    program = installed[1] + r"\elbowroom.exe"
    assert windows.run("--version", program=program, environment=OURS).stdout.startswith("elbowroom ")
    done = windows.run("status", "--lang", "ko", program=program, environment=OURS)
    assert done.returncode == 0
    assert "메모리" in done.stdout
    assert "System" in windows.run("doctor", program=program, environment=OURS).stdout


def test_start_at_login_was_chosen_and_is_its_own_program(windows, installed):
    assert installed[1] + r"\elbowroom-tray.exe --at-login" in of_registry(windows, RUN_KEY)


def test_the_run_line_shows_the_icon_and_uninstalling_ends_it_and_takes_all_away(windows, installed):
    """Started without a console; the uninstaller asks it to quit before it removes its files."""
    folder, named = installed
    nothing = subprocess.DEVNULL
    command = [WINE, named + r"\elbowroom-tray.exe", "--at-login"]
    with subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, env=windows.environment(OURS)) as app:
        try:
            wait_for(lambda: runs(windows), "the tray's door", 120)
            done = windows.run("/S", f"_?={named}", program=named + r"\uninstall.exe", environment=OURS, timeout=300)
            assert done.returncode == 0
            wait_for(lambda: app.poll() is not None, "the tray's end", 30)
        finally:
            app.kill()
    assert {path.name for path in folder.iterdir()} <= {"uninstall.exe"}  # it runs in place when it is told where it is
    assert not list(windows.drive.glob("users/*/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Elbowroom.lnk"))
    assert "elbowroom" not in of_registry(windows, RUN_KEY)


def runs(windows):
    """It has published where it is reached."""
    return any(windows.drive.glob("users/*/AppData/Local/elbowroom/**/instance.json"))


@pytest.mark.skipif(sys.platform == "win32", reason="is about a machine without Windows")
def test_the_setup_says_its_version(setup):
    assert setup.read_bytes()[:2] == b"MZ"
    assert setup.stat().st_size < 40e6
