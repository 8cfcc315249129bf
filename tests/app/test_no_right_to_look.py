"""Folders of other users (`sudo -u`, Ollama's own): what may not be looked into is told or passed over, never raised."""

import os
from pathlib import Path

import pytest

from tests.played import Played
from tray_app.app.way_in import parent_folder
from tray_app.services import docker
from tray_app.tray.icon_files import IconFiles


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
    monkeypatch.setattr("tray_app.app.read_backs.PAUSE_S", 0.0)
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
