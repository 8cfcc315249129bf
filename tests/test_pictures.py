"""The README's pictures show what the demo says now; where they do not, the test says how they are made anew."""

import os
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pictures are made on Linux", allow_module_level=True)

import importlib.util
import json

ROOT = Path(__file__).parents[1]
MOST_BYTES = 500_000


def made():
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs" / "make_pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.timeout(120)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_moving_picture_is_of_the_story_that_is_told(language):
    """A word that was changed elsewhere makes it stale, which ends nothing: it is a picture."""
    pictures = made()
    noted = json.loads(pictures.NOTE.read_text())
    if noted[language] != pictures.fingerprint(pictures.record(language)):
        stale = "docs/pictures are stale: run .venv/bin/python docs/make_pictures.py"
        if "pictures" in os.environ.get("ELBOWROOM_TESTS_REQUIRE", ""):
            pytest.fail(stale)
        pytest.skip(stale)


def test_the_pictures_are_small():
    assert sum(one.stat().st_size for one in (ROOT / "docs" / "pictures").iterdir()) < MOST_BYTES


@pytest.mark.parametrize(("page", "twin"), [("README.md", "README.ko.md"), ("README.ko.md", "README.md")])
def test_the_two_pages_are_equals(page, twin):
    """As many headings, tables and pictures, in the same order, and each names the other."""

    def shape(name):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        return [line[:3] if line[:1] == "|" else line.split(" ")[0] for line in lines if line[:1] in {"#", "|", "!"}]

    assert [one[:2] for one in shape(page)] == [one[:2] for one in shape(twin)]
    assert f"({twin})" in (ROOT / page).read_text(encoding="utf-8")
