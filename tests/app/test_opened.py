"""The system's monitor: what is there is found and started, and nothing is offered where nothing is."""

import os
import sys
from pathlib import Path

import pytest

from tray_app.app import opened
from tray_app.standins.server import wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs of Linux desktops")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A Linux on which nothing is installed but what a test installs: each program writes down how it was started."""
    home, programs, told = tmp_path / "ho me", tmp_path / "프로그램", tmp_path / "told"
    programs.mkdir()
    monkeypatch.setattr(opened.sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CURRENT_DESKTOP", raising=False)
    monkeypatch.setattr(opened, "_FLATPAKS", (Path(".flatpak"),))
    opened._monitor.cache_clear()

    class Machine:
        def install(self, name, folder=programs):
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / name
            file.write_text(f'#!/bin/sh\nprintf "%s\\n" "$0" "$@" > "{told}.new"\n/bin/mv "{told}.new" "{told}"\n')
            file.chmod(0o755)
            opened._monitor.cache_clear()
            return str(file)

        def install_flatpak(self, name):
            return self.install(name, home / ".flatpak")

        def started(self):
            opened.start_monitor()
            assert wait_until(told.exists, 60)
            return told.read_text().splitlines()

        path = staticmethod(lambda name: str(programs / name))

    yield Machine()
    opened._monitor.cache_clear()
    while opened._running:
        opened._running.pop().wait(60)


DESKTOPS = {
    "gnome-system-monitor": ("ubuntu:GNOME", ["--show-resources-tab"]),
    "plasma-systemmonitor": ("KDE", []),
    "ksysguard": ("KDE", []),
    "xfce4-taskmanager": ("XFCE", []),
    "mate-system-monitor": ("MATE", ["--show-resources-tab"]),
    "lxtask": ("LXDE", []),
    "qps": ("LXQt", []),
    "missioncenter": ("GNOME", []),
    "mission-center": ("GNOME", []),
}


@pytest.mark.parametrize("name", DESKTOPS)
def test_each_is_found_and_started_where_it_is_alone(machine, name):
    file = machine.install(name)
    assert machine.started() == [file, *DESKTOPS[name][1]]


@pytest.mark.parametrize("name", [name for name in DESKTOPS if "mission" not in name and name != "ksysguard"])
def test_the_desktops_own_comes_before_that_of_another(machine, monkeypatch, name):
    for one in DESKTOPS:
        if "mission" not in one:
            machine.install(one)
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", DESKTOPS[name][0])
    assert machine.started()[0] == machine.path(name)


def test_what_somebody_got_on_purpose_comes_first(machine, monkeypatch):
    machine.install("gnome-system-monitor")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "GNOME")
    flatpak = machine.install_flatpak("io.missioncenter.MissionCenter")
    assert machine.started() == [flatpak]


TERMINALS = {
    "xdg-terminal-exec": [],
    "x-terminal-emulator": ["-e"],
    "ptyxis": ["--"],
    "kgx": ["--"],
    "gnome-terminal": ["--"],
    "konsole": ["-e"],
    "xfce4-terminal": ["-x"],
    "mate-terminal": ["-x"],
    "kitty": [],
    "alacritty": ["-e"],
    "foot": [],
    "lxterminal": ["-e"],
    "xterm": ["-e"],
}


@pytest.mark.parametrize("terminal", TERMINALS)
@pytest.mark.parametrize("name", ["btop", "htop"])
def test_one_for_a_terminal_runs_in_one(machine, terminal, name):
    program = machine.install(name)
    assert opened.monitor() == ()  # without a terminal nobody would see it
    file = machine.install(terminal)
    assert machine.started() == [file, *TERMINALS[terminal], program]


def test_one_with_a_window_comes_before_one_in_a_terminal(machine):
    machine.install("btop")
    machine.install("xterm")
    machine.install("lxtask")
    assert machine.started() == [machine.path("lxtask")]


def test_where_nothing_is_nothing_is_offered(machine):
    machine.install("xterm")
    assert opened.monitor() == ()
    opened.start_monitor()


def test_a_file_that_may_not_be_run_is_no_program(machine):
    os.chmod(machine.install("lxtask"), 0o644)  # noqa: PTH101 - a path as text
    opened._monitor.cache_clear()
    assert opened.monitor() == ()


def test_what_is_installed_or_removed_later_counts(machine, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(opened.time, "monotonic", lambda: now[0])
    assert opened.monitor() == ()
    Path(machine.path("lxtask")).touch(mode=0o755)
    assert opened.monitor() == ()
    now[0] += opened.LOOK_AGAIN_S
    assert opened.monitor() == (machine.path("lxtask"),)
    Path(machine.path("lxtask")).unlink()
    opened.start_monitor()  # a click looks again at once
    assert opened.monitor() == ()


def test_on_a_mac_it_is_the_activity_monitor_on_its_memory_tab(machine, monkeypatch):
    monkeypatch.setattr(opened.sys, "platform", "darwin")
    file = machine.install("open")
    assert machine.started() == [file, "-a", "Activity Monitor", "--args", "-SelectedTab", "1"]


def test_windows_own_is_started_by_the_shell_which_may_raise_its_rights(machine, monkeypatch):
    started = []
    monkeypatch.setattr(opened.sys, "platform", "win32")
    monkeypatch.setattr(opened.os, "startfile", started.append, raising=False)
    monkeypatch.setattr(opened.shutil, "which", {"taskmgr.exe": r"C:\Windows\system32\taskmgr.exe"}.get)
    monkeypatch.setattr(opened, "start", lambda _: pytest.fail("CreateProcess is refused: WinError 740"))
    opened.start_monitor()
    assert started == [r"C:\Windows\system32\taskmgr.exe"]

    def refused(_):
        raise OSError(1223, "the administrator has disabled it")

    monkeypatch.setattr(opened.os, "startfile", refused)
    opened.start_monitor()
