"""The XDG entry, as the specifications read it and as GLib starts it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.requirements import require
from tray_app.autostart import _linux
from tray_app.core.values.identity import APP_ID

ODD = [
    "/opt/plain/elbowroom-tray",
    "/home/a b/elbowroom tray",
    '/home/"quoted"/x',
    "/home/$HOME/`id`/x",
    "/home/back\\slash/x",
    "/home/100%/%f/%%/x",
    "/home/한국어/ü/x",
    "/home/new\nline\ttab/x",
    "/home/it's; rm -rf ~ & # > | * ? ( ) [ ] =/x",
    "/home/trailing\\",
]


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.mark.parametrize(
    ("argument", "in_file"),
    [
        ("plain", '"plain"'),
        ("a b", '"a b"'),
        ("$", '"\\\\$"'),
        ("\\", '"\\\\\\\\"'),
        ('"', '"\\\\""'),
        ("`", '"\\\\`"'),
        ("%f", '"%%f"'),
        ("\n", '"\\n"'),
    ],
)
def test_quoting_is_that_of_the_specification(argument, in_file):
    """Its own examples: a backslash needs four, a dollar sign two and itself."""
    assert _linux.joined((argument,)) == in_file


@given(
    st.text(st.characters(exclude_characters="\0"), min_size=1),
    st.lists(st.text(st.characters(exclude_characters="\0"))),
)
def test_any_path_comes_back_and_stays_on_its_line(path, more):
    value = _linux.joined((path, *more))
    assert "\n" not in value
    assert "\r" not in value
    assert _linux.program(value) == path


def test_the_program_of_an_entry_that_somebody_else_wrote():
    assert _linux.program("/usr/bin/elbowroom-tray --at-login") == "/usr/bin/elbowroom-tray"
    assert _linux.program("") == ""


@pytest.mark.parametrize("path", [*ODD, "/home/" + os.fsdecode(b"\xff\xfe") + "/x"])
def test_what_was_written_is_what_is_stored(path):
    command = (path, "--at-login", "--home", path)
    _linux.install(command)
    assert _linux.stored() == _linux.joined(command)
    assert _linux.program(_linux.stored()) == path
    assert not _linux.switched_off_by_system()


def test_the_file_lies_where_desktops_look(config, monkeypatch):
    assert _linux.where() == str(config / "autostart" / f"{APP_ID}.desktop")
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative/is/invalid")
    assert _linux.where() == str(Path.home() / ".config" / "autostart" / f"{APP_ID}.desktop")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert _linux.where() == str(Path.home() / ".config" / "autostart" / f"{APP_ID}.desktop")


def test_nothing_is_left_beside_it(config):
    for _ in range(2):
        _linux.install(("/opt/elbowroom-tray",))
    assert [path.name for path in (config / "autostart").iterdir()] == [f"{APP_ID}.desktop"]
    _linux.remove()
    _linux.remove()
    assert list((config / "autostart").iterdir()) == []
    assert _linux.stored() is None


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false", "Hidden = true"])
def test_a_desktop_that_switched_it_off_is_believed(line):
    _linux.install(("/opt/elbowroom-tray",))
    path = Path(_linux.where())
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    assert _linux.switched_off_by_system()


def test_keys_of_other_groups_and_comments_do_not_count():
    _linux.install(("/opt/elbowroom-tray",))
    path = Path(_linux.where())
    more = "#Hidden=true\n[Desktop Action x]\nHidden=true\nExec=/bin/other\n"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    assert not _linux.switched_off_by_system()
    assert _linux.stored() == '"/opt/elbowroom-tray"'


LAUNCH = """
import sys
from gi.repository import Gio
Gio.DesktopAppInfo.new_from_filename(sys.argv[1]).launch([], None)
"""


@pytest.mark.parametrize("path", ODD)
def test_glib_starts_exactly_the_command(tmp_path, path):
    """The library behind GNOME, Xfce, MATE and Cinnamon."""
    python = shutil.which("python3", path="/usr/bin") or sys.executable
    if subprocess.run([python, "-c", "from gi.repository import Gio"], check=False, capture_output=True).returncode:
        require("tray", "python3-gi is not installed")
    # GLib looks for the program before it turns %% into %, so that no program in such a folder can be started.
    program, told = tmp_path / path.lstrip("/").replace("%", "_"), tmp_path / "told"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"#!{python}\nimport json, sys\nopen({str(told)!r}, 'w').write(json.dumps(sys.argv))\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    os.mkfifo(told)
    command = (str(program), "--at-login", "--home", f"x{path}")
    _linux.install(command)
    subprocess.run([python, "-c", LAUNCH, _linux.where()], check=True, timeout=30)
    assert json.loads(told.read_text(encoding="utf-8")) == list(command)
