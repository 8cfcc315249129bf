"""`elbowroom demo --fast` plays its whole story by itself, in both languages, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tray_app.app.session import Session
from tray_app.cli.demo import FAST_PACE, stage

ROOT = Path(__file__).parents[2]
ACTS = {"en": ("elbowroom undo --all", "Follow-ups"), "ko": ("elbowroom undo --all", "후속 질문")}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_story_is_played_to_its_end_and_nothing_is_left(tmp_path, language):
    folder = tmp_path / "tmp"
    folder.mkdir()
    environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "tray_app", "demo", "--fast", "--lang", language, "--home", str(tmp_path / "home")],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(words in done.stdout for words in ACTS[language])
    assert "Traceback" not in done.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.timeout(60)
def test_the_tray_s_story_speaks_the_language_that_was_asked_for():
    with stage(FAST_PACE, "ko") as played:
        assert Session(played.app.overrides).translator().gettext("Quit") == "종료"
