# ruff: noqa: N802 - the stub has the names of winreg
"""macOS's launch agent and Windows' Run key, as files and values; what status and repair make of them."""

import ast
import errno
import importlib
import os
import plistlib
import shutil
import subprocess
import sys
import types
import zipapp
from pathlib import Path

import pytest

from tests.english import TR
from tray_app import autostart
from tray_app.__main__ import main_tray
from tray_app.autostart import AutostartState, _macos, launch
from tray_app.cli.tray import _repair_autostart
from tray_app.core.text.errors import next_step, sentence
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.identity import APP_ID

COMMAND = ("/Applications/My Tools/elbowroom-tray", "--at-login")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


# --- macOS --------------------------------------------------------------------------------------


def test_the_launch_agent_says_what_launchd_needs():
    agent = plistlib.loads(_macos.render(COMMAND))
    assert agent["Label"] == APP_ID
    assert agent["ProgramArguments"] == list(COMMAND)
    assert agent["RunAtLoad"] is True
    assert (agent["ProcessType"], agent["LimitLoadToSessionType"]) == ("Interactive", "Aqua")
    assert agent["AssociatedBundleIdentifiers"] == [APP_ID]
    assert "KeepAlive" not in agent, "Quit means quit"
    assert agent["EnvironmentVariables"] == {"LC_CTYPE": "UTF-8"}, "no language: the system's own is asked"


@pytest.mark.parametrize("path", ["/a b/x", "/<&>\"'/x", "/한국어/x", "/$HOME/`id`/x"])
def test_a_launch_agent_comes_back_as_it_was_written(home, path):
    command = (path, "--home", "/other place")
    _macos.install(command)
    assert Path(_macos.where()) == home / "Library" / "LaunchAgents" / f"{APP_ID}.plist"
    assert _macos.stored() == _macos.joined(command)
    assert _macos.program(_macos.stored()) == path
    _macos.remove()
    _macos.remove()
    assert _macos.stored() is None


@pytest.mark.parametrize(
    "content", [b"", b"rubbish", b"bplist00\xff", plistlib.dumps([]), plistlib.dumps({"Label": 1})]
)
def test_a_damaged_launch_agent_is_another_command_and_can_be_replaced(home, content):
    _macos.install(COMMAND)
    Path(_macos.where()).write_bytes(content)
    assert _macos.stored() == ""
    _macos.install(COMMAND)
    assert _macos.stored() == _macos.joined(COMMAND)


# --- Windows ------------------------------------------------------------------------------------


class Registry(types.ModuleType):
    """winreg over a dict: HKEY_CURRENT_USER\\key -> name -> value."""

    HKEY_CURRENT_USER, REG_SZ, KEY_SET_VALUE = 1, 1, 2

    def __init__(self) -> None:
        super().__init__("winreg")
        self.keys: dict[str, dict[str, object]] = {}

    class Key(dict):
        def __enter__(self):
            return self.held

        def __exit__(self, *_):
            return None

    def _key(self, name):
        key = self.Key()
        key.held = self.keys[name]
        return key

    def OpenKey(self, _root, name, _reserved=0, _access=0):
        if name not in self.keys:
            raise FileNotFoundError(2, "no such key", name)
        return self._key(name)

    def CreateKey(self, _root, name):
        self.keys.setdefault(name, {})
        return self._key(name)

    def QueryValueEx(self, key, name):
        if name not in key:
            raise FileNotFoundError(2, "no such value", name)
        return key[name], 1

    def SetValueEx(self, key, name, _reserved, _kind, value):
        key[name] = value

    def DeleteValue(self, key, name):
        if name not in key:
            raise FileNotFoundError(2, "no such value", name)
        del key[name]


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def windows(monkeypatch, registry):
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.delitem(sys.modules, "tray_app.autostart._windows", raising=False)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "platform", "win32")
        module = importlib.import_module("tray_app.autostart._windows")
    yield module
    sys.modules.pop("tray_app.autostart._windows", None)


WINDOWS_COMMAND = (r"C:\Users\A B\Scripts\elbowroom-tray.exe", "--at-login")


def test_the_run_key_holds_one_quoted_command(windows, registry):
    assert windows.stored() is None
    windows.remove()
    windows.install(WINDOWS_COMMAND)
    assert registry.keys[windows.RUN] == {APP_ID: r'"C:\Users\A B\Scripts\elbowroom-tray.exe" --at-login'}
    assert windows.program(windows.stored()) == WINDOWS_COMMAND[0]
    windows.remove()
    windows.remove()
    assert windows.stored() is None


def test_a_command_that_windows_would_not_run_is_not_written(windows, registry):
    with pytest.raises(OSError, match="> 260"):
        windows.install(("C:\\" + "x" * 260,))
    assert registry.keys == {}


@pytest.mark.parametrize("beside", [True, False])
def test_a_frozen_copy_is_started_by_its_own_program(monkeypatch, tmp_path, beside):
    """It was started as a Python with a module, which ends with a usage error at every login."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elbowroom"))
    tray = tmp_path / ("elbowroom-tray.exe" if sys.platform == "win32" else "elbowroom-tray")
    if beside:
        tray.touch()
    expected = (str(tray),) if beside else (str(tmp_path / "elbowroom"), "tray")
    assert launch.login_command() == (*expected, "--at-login")
    assert launch.relay_command() == (str(tmp_path / "elbowroom"), "relay")
    assert launch.metal_command() == (str(tmp_path / "elbowroom"), "metal")


def test_a_pyz_is_started_again_as_the_file_it_is(tmp_path):
    """Python names the archive of a program that it runs out of one; a module alone is not to be found there."""
    package = tmp_path / "made" / "tray_app"
    (package / "autostart").mkdir(parents=True)
    for file in (package, package / "autostart"):
        (file / "__init__.py").touch()
    shutil.copy(launch.__file__, package / "autostart" / "launch.py")
    (tmp_path / "made" / "__main__.py").write_text(
        "from tray_app.autostart import launch\n"
        "print([launch.login_command(), launch.relay_command(), launch.metal_command()])\n"
    )
    packed = tmp_path / "엘보 룸.pyz"
    zipapp.create_archive(tmp_path / "made", packed)
    done = subprocess.run(
        [sys.executable, packed.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    begin = (sys.executable, "-P", str(packed))
    assert ast.literal_eval(done.stdout) == [(*begin, "tray", "--at-login"), (*begin, "relay"), (*begin, "metal")]


def test_the_window_program_of_a_bundle_is_its_own_children(monkeypatch):
    """There is no other program in a bundle that could be the relay without a console window."""
    ran = []
    monkeypatch.setattr("tray_app.cli.main.run", ran.append)
    for words in (["--at-login"], ["relay", "--listen", "x"], ["metal"], []):
        monkeypatch.setattr(sys, "argv", ["elbowroom-tray", *words])
        main_tray()
    assert ran == [["tray", "--at-login"], ["relay", "--listen", "x"], ["metal"], ["tray"]]


def test_what_to_do_about_such_a_command_is_told(windows, monkeypatch):
    monkeypatch.setattr(autostart, "_system", windows)
    with pytest.raises(StorageError) as caught:
        autostart.switch_on(("C:\\" + "x" * 260, "--at-login"))
    assert "> 260 characters" in sentence(caught.value, TR)
    assert next_step(caught.value, TR).startswith("The command line is too long: install Elbowroom in a folder")


def test_a_path_that_is_too_long_is_not_called_a_command_line(monkeypatch):
    def install(_command):
        raise OSError(errno.ENAMETOOLONG, "File name too long", "/a/path")

    monkeypatch.setattr(autostart._system, "install", install)
    with pytest.raises(StorageError) as caught:
        autostart.switch_on(("/bin/elbowroom",))
    assert "command line" not in next_step(caught.value, TR)


@pytest.mark.parametrize(
    ("value", "off"), [(b"\x02\0\0\0", False), (b"\x03\0\0\0", True), (b"\x07", True), (b"", False)]
)
def test_the_switch_of_task_manager_is_believed(windows, registry, value, off):
    registry.keys[windows.APPROVED] = {APP_ID: value}
    assert windows.switched_off_by_system() is off


@pytest.mark.parametrize("stored", [r"C:\x.exe --home C:\y", r'"C:\a b\x.exe" --home "C:\y z"', ""])
def test_the_program_of_a_command_line(windows, stored):
    assert windows.program(stored) in {r"C:\x.exe", r"C:\a b\x.exe", ""}


# --- on any system ------------------------------------------------------------------------------


@pytest.fixture(params=["this", "macos", "windows"])
def system(request, monkeypatch, home):
    """Each system's own way, seen through the same functions."""
    if request.param == "macos":
        monkeypatch.setattr(autostart, "_system", _macos)
    elif request.param == "windows":
        monkeypatch.setattr(autostart, "_system", request.getfixturevalue("windows"))
    return request.param


@pytest.fixture
def program(tmp_path):
    def make(name):
        path = tmp_path / name
        path.write_text("#!/bin/sh\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return make


def test_on_off_and_back(system, program):
    command = (program("elbowroom tray"), "--at-login")
    assert autostart.status(command).state is AutostartState.OFF
    autostart.switch_off()
    autostart.switch_on(command)
    found = autostart.status(command)
    assert found.state is AutostartState.ON
    assert command[0] in found.command
    assert found.where
    autostart.switch_off()
    assert autostart.status(command).state is AutostartState.OFF


def test_a_program_that_moved_is_repaired_at_the_next_start(system, program):
    before, now = (program("before"), "--at-login"), (program("now"), "--at-login")
    autostart.switch_on(before)
    assert autostart.status(now).state is AutostartState.OTHER_PATH
    Path(before[0]).unlink()
    assert autostart.repair(now) is True
    assert autostart.status(now).state is AutostartState.ON
    assert autostart.repair(now) is False


def test_another_installation_that_is_still_there_is_left_alone(system, program):
    other, ours = (program("other"), "--at-login"), (program("ours"), "--at-login")
    autostart.switch_on(other)
    assert autostart.repair(ours) is False
    assert autostart.status(other).state is AutostartState.ON


def test_what_is_off_stays_off(system, program):
    assert autostart.repair((program("ours"), "--at-login")) is False
    assert autostart.status((program("ours"),)).state is AutostartState.OFF


def test_what_the_desktop_switched_off_is_not_repaired(home, program):
    autostart.switch_on(("/gone/elbowroom-tray",))
    path = Path(autostart.status(()).where)
    path.write_text(path.read_text(encoding="utf-8") + "Hidden=true\n", encoding="utf-8")
    assert autostart.repair((program("ours"),)) is False
    assert autostart.status((program("ours"),)).state is AutostartState.BY_SYSTEM


# --- the command that is stored -----------------------------------------------------------------


def test_the_command_is_absolute_and_names_its_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = launch.login_command(Path("my home"))
    assert Path(command[0]).is_absolute()
    assert command[-3:] == ("--at-login", "--home", str(tmp_path / "my home"))
    assert launch.login_command()[-1] == "--at-login"


@pytest.mark.parametrize(
    ("executable", "once"),
    [
        ("/home/a/.cache/uv/archive-v0/x4/bin/python", True),
        ("/home/a/.cache/uv/builds-v0/.tmp1/bin/python", True),
        ("/home/a/.local/share/uv/tools/elbowroom/bin/python", False),
        ("/home/a/.local/share/pipx/.cache/5f/bin/python", True),
        ("/home/a/.local/share/pipx/venvs/elbowroom/bin/python", False),
        ("/usr/bin/python3", False),
    ],
)
def test_a_copy_that_is_run_once_is_known(executable, once):
    assert launch.is_run_once(executable) is once


@pytest.mark.parametrize(("mark", "once"), [("CACHEDIR.TAG", True), ("notes.txt", False)])
def test_uvs_cache_is_known_wherever_it_lies(tmp_path, mark, once):
    """`UV_CACHE_DIR=scratch uvx elbowroom autostart on` pointed into a folder that the next cleaning takes away."""
    (tmp_path / mark).touch()
    assert launch.is_run_once(str(tmp_path / "archive-v0" / "x4" / "bin" / "python")) is once


# --- from the command line ----------------------------------------------------------------------


def elbowroom(*argv, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tray_app", *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2]), "LANG": "C.UTF-8"} | environment,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="writes where this user's desktop looks")
def test_the_command_end_to_end(tmp_path):
    where = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    home = ("--home", str(tmp_path / "my home"))
    assert elbowroom(*home, "autostart", "status", **where).stdout == "Elbowroom does not start at login.\n"
    on = elbowroom(*home, "autostart", "on", **where)
    entry = tmp_path / "config" / "autostart" / f"{APP_ID}.desktop"
    assert (on.returncode, on.stdout) == (0, f"Elbowroom starts at login ({entry}).\n")
    assert f'"--at-login" "--home" "{tmp_path}/my home"' in entry.read_text(encoding="utf-8")
    elsewhere = elbowroom("autostart", "status", **where)
    assert "from another place" in elsewhere.stdout
    off = elbowroom(*home, "autostart", "off", **where)
    assert (off.returncode, off.stdout) == (0, "Elbowroom does not start at login.\n")
    assert not entry.exists()
    assert not (tmp_path / "my home").exists(), "it needs no file of its own"


@pytest.mark.skipif(sys.platform != "linux", reason="writes where this user's desktop looks")
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "config").write_text("a file, no folder", encoding="utf-8")
    made = elbowroom("autostart", "on", XDG_CONFIG_HOME=str(tmp_path / "config"), HOME=str(tmp_path))
    assert made.returncode == 1
    assert made.stderr.count("\n") == 1
    assert made.stderr.startswith("elbowroom: ")


def test_what_cannot_be_read_or_written_is_a_typed_error(home, program):
    (home / "config").write_text("a file, no folder", encoding="utf-8")
    command = (program("ours"),)
    for action in (autostart.switch_on, autostart.status, autostart.repair, lambda _: autostart.switch_off()):
        with pytest.raises(StorageError) as failed:
            action(command)
        assert str(home) in failed.value.path


def test_the_tray_app_repairs_a_moved_path_and_starts_where_it_cannot(home, tmp_path):
    autostart.switch_on(("/gone/elbowroom-tray", "--at-login"))
    _repair_autostart(None)
    assert autostart.status(launch.login_command()).state is AutostartState.ON
    autostart.switch_off()
    _repair_autostart(None)
    assert autostart.status(launch.login_command()).state is AutostartState.OFF
    folder = Path(autostart.status(()).where).parent
    folder.rmdir()
    folder.write_text("a file, no folder", encoding="utf-8")
    _repair_autostart(None)
