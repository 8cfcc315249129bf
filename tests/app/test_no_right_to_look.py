"""Folders of other users (`sudo -u`, Ollama's own) and users without one: told or passed over, never raised."""

import os
import sys
from pathlib import Path

import pytest

from tests.played import Played
from tray_app.app.way_in import parent_folder
from tray_app.cli import main
from tray_app.readers.journal_log import JournalFollower
from tray_app.services import docker
from tray_app.tray.linux.icon_files import IconFiles


@pytest.fixture
def closed(tmp_path, monkeypatch):
    """A folder of somebody else, for root as well: no stat of what is in it succeeds."""
    folder, real = tmp_path / "closed", os.stat

    def stat(path, *args, **more):
        if isinstance(path, str | Path) and str(path).startswith(f"{folder}{os.sep}"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **more)

    folder.mkdir()
    monkeypatch.setattr(os, "stat", stat)
    return folder


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.doing.read_backs.PAUSE_S", 0.0)
    with Played(tmp_path / "home") as made:
        yield made


@pytest.mark.parametrize("name", ["OLLAMA_MODELS", "HOME"])
def test_a_change_needs_no_look_at_the_models(played, closed, tmp_path, monkeypatch, name):
    """Ollama's folder of models is its own user's; `set` and `undo` ended in a traceback."""
    monkeypatch.setenv(name, str(closed / "models"))
    assert played.run("set", "tags=off") == 0
    assert played.run("undo") == 0
    assert played.app().models_folder in {closed, tmp_path}


def test_a_home_folder_of_somebody_else_is_no_place_for_the_page(closed, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(closed / "kim"))
    assert parent_folder(tmp_path, tmp_path) == tmp_path


def test_sockets_of_somebody_else_are_none(closed, tmp_path):
    places = {"DOCKER_HOST": f"unix://{closed}/docker.sock", "XDG_RUNTIME_DIR": str(closed / "run")}
    assert all(closed not in one.parents for one in docker.sockets("linux", places, tmp_path))


@pytest.mark.skipif(os.name == "nt", reason="Linux alone has such a folder")
def test_icons_find_another_place(closed):
    made = IconFiles({"XDG_RUNTIME_DIR": str(closed / "run")})
    assert closed not in made.folder.parents
    made.close()


# --- no home folder: a container's user, a service's -------------------------------------------


@pytest.fixture
def homeless(played, tmp_path, monkeypatch):
    """A user id without a name and without HOME, as `docker run --user 12345` has."""
    pwd = pytest.importorskip("pwd")

    def nobody(*_):
        raise KeyError("uid not found")

    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "LOGNAME", "USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    monkeypatch.setattr(JournalFollower, "_ready", lambda *_: False)
    monkeypatch.chdir(tmp_path)
    return played


COMMANDS = ["journal", "status", "settings", "doctor", "fix --list", "undo", "disconnect", "record t --seconds 0.1"]


@pytest.mark.parametrize("command", COMMANDS)
def test_with_a_folder_given_none_at_home_is_needed(homeless, capsys, command):
    assert homeless.run(*command.split(), "--home", str(homeless.home)) in {0, 3}
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("command", [*COMMANDS, "autostart status"])
def test_without_a_folder_one_is_asked_for(homeless, tmp_path, capsys, command):
    before = sorted(tmp_path.iterdir())
    assert main.run(["--ollama", homeless.ollama.url, *command.split()]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert "this user has no home folder" in said
    assert "--home DIR" in said
    assert sorted(tmp_path.iterdir()) == before, "nothing is made in a folder named ~"


@pytest.mark.usefixtures("homeless")
def test_autostart_without_a_home_is_one_line(tmp_path, capsys):
    assert main.run(["autostart", "status", "--home", str(tmp_path / "x")]) == (0 if sys.platform == "win32" else 1)
    assert "this user has no home folder" in capsys.readouterr().err


def test_a_folder_of_a_user_who_does_not_exist(capsys):
    assert main.run(["journal", "--home", "~nosuchuser/x"]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert "~nosuchuser/x cannot be used" in said


def test_a_path_that_is_too_long_is_one_line(tmp_path, capsys):
    long = tmp_path.joinpath(*["a" * 200] * 25)
    assert main.run(["undo", "--home", str(long)]) == 1
    assert main.run(["disconnect", "--home", str(long)]) == 1
    assert "the path is too long" in capsys.readouterr().err
