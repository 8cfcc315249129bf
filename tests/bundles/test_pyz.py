"""The one file for servers: made, and run by the system's own Python with nothing of ours beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requirements import require, required

pytestmark = [pytest.mark.bundle, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """In a folder with a Korean name and a space."""
    if not required("bundle"):
        require("bundle", "it takes a minute: ELBOWROOM_TESTS_REQUIRE=bundle does it")
    place = tmp_path_factory.mktemp("bundle")
    build = [sys.executable, ROOT / "packaging/build.py", "pyz", "--work", place / "work", "--output", place]
    subprocess.run(build, check=True, capture_output=True)
    folder = place / "엘보 룸"
    folder.mkdir()
    return shutil.move(next(place.glob("*.pyz")), folder)


@pytest.fixture
def run(packed, tmp_path):
    """A command of it; with a home of its own, and no PYTHON* of a developer's shell."""
    (tmp_path / "home").mkdir()
    python = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin") or sys.executable
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8"}
    if "SYSTEMROOT" in os.environ:
        bare["SYSTEMROOT"] = os.environ["SYSTEMROOT"]

    def ran(*words):
        done = subprocess.run(
            [python, packed, *words], check=False, capture_output=True, encoding="utf-8", env=bare, cwd=tmp_path
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-1500:]} {done.stderr[-1500:]}"
        return done.stdout

    return ran


def test_it_says_its_version_and_looks_around(run):
    assert run("--version").startswith("elbowroom ")
    assert run("doctor")


def test_the_whole_story_is_played_with_a_relay_of_its_own_and_ends_with_commands_that_can_be_typed(run, packed):
    said = run("demo", "--fast", "--lang", "ko")
    assert "데모가 끝났습니다" in said
    last = said.strip().splitlines()[-1]
    assert last.endswith(f"'{packed}' fix")
