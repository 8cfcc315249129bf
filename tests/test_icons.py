"""The committed icons are what their script makes of the description now."""

import importlib.util
from pathlib import Path

import pytest
from PIL import Image

FOLDER = Path(__file__).parents[1] / "icons"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("make_icons", FOLDER / "make_icons.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script, script.write(tmp_path_factory.mktemp("icons"))


def test_every_file_is_committed_and_holds_the_same_picture(made):
    for path in made[1]:
        with Image.open(path) as new, Image.open(FOLDER / path.name) as kept:
            assert new.convert("RGBA").tobytes() == kept.convert("RGBA").tobytes(), path.name


def test_each_size_in_a_windows_icon_is_drawn_for_itself(made):
    script, _ = made
    with Image.open(FOLDER / "elbowroom.ico") as icon:
        assert icon.info["sizes"] == {(size, size) for size in script.ICO_SIZES}
        for size in script.ICO_SIZES:
            icon.size = (size, size)
            icon.load()
            assert icon.convert("RGBA").tobytes() == script.art.app_icon(size).tobytes(), size


def test_a_macos_icon_holds_retina_sizes(made):
    with Image.open(FOLDER / "elbowroom.icns") as icon:
        assert {(512, 512, 2), (128, 128, 1), (16, 16, 2)} <= set(icon.info["sizes"])
