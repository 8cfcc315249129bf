"""`elbowroom demo` tells one story, the same in every run, in both languages, and leaves nothing behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tray_app.app.session import Session
from tray_app.cli.demo import FAST_PACE, PACE, stage
from tray_app.cli.demo.story import READ_S
from tray_app.core.text.lines import width
from tray_app.demo.visit import Visit
from tray_app.standins.models import BIG

ROOT = Path(__file__).parents[2]
COLUMNS = 80
SCENES = 7


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One for all runs: commands to type name it."""
    return tmp_path_factory.mktemp("home")


def play(home, language):
    folder = home / f"tmp-{language}"
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "tray_app", "demo", "--fast", "--lang", language, "--home", str(home)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert list(folder.iterdir()) == []
    return done.stdout


@pytest.fixture(scope="module")
def english(home):
    return play(home, "en")


def first_words(text):
    return [
        float(found)
        for found in re.findall(r"(\d+\.\d)", "".join(re.findall(r".*(?:First word after|첫 단어).*", text)))
    ]


@pytest.mark.timeout(180)
def test_it_is_the_same_from_run_to_run(english, home):
    assert play(home, "en") == english


@pytest.mark.timeout(180)
def test_both_languages_tell_the_same_figures(english, home):
    korean = play(home, "ko")
    assert first_words(korean) == first_words(english)
    assert "과부하" in korean
    assert "Overloaded" not in korean
    for text in (english, korean):
        words = [line for line in text.splitlines() if str(home) not in line and " -m tray_app" not in line]
        assert [line for line in words if width(line) > COLUMNS] == []


def test_what_a_person_feels_comes_first_and_last(english):
    """The wait before, nothing in front of the message after it, and every task on at the end."""
    slow, quick, *_ = first_words(english)
    assert slow > 10 * quick
    assert "3 background calls are ahead of you: titles, follow-ups, autocomplete" in english
    after = english[english.index("fix task-model:gemma3:1b") :]
    assert "Nothing is ahead of you." in after
    assert re.search(r"Tasks switched on +6 +#+ +6 +#+", after)
    assert re.search(r"Calm +0 running, 0 waiting", after)


def test_the_usual_advice_is_foreseen_and_not_done(english):
    advice = english[english.index("--with") : english.index("fix task-model")]
    assert "Ollama would evict qwen3:32b for llama3.2:3b" in " ".join(advice.split())
    assert "fix task-model:llama3.2:3b" not in english


@pytest.mark.timeout(60)
def test_the_figures_are_measured_at_the_played_model():
    """Half the pace, twice the wait: nothing of it is written down."""
    told = []
    for share in (1.0, 0.5):
        pace = type(FAST_PACE)(FAST_PACE.token_s * share, FAST_PACE.prompt_token_s * share, 0.0, FAST_PACE.speed)
        with stage(pace) as played:
            visit = Visit(played.ollama, played.open_webui, crowded=True)
            visit.begin()
            assert len(visit.ask()) == 3
            visit.release()
            visit.answer()
            visit.release()
            told.append(visit.end().first_word_s)
            assert {call["model"] for call in played.ollama.calls()} == {BIG}
    assert told[1] == pytest.approx(told[0] / 2)


def test_it_ends_within_a_minute(english):
    """By its own clock: what the models do at the pace that is played, and the pauses between the scenes."""
    minutes, seconds = re.findall(r"^ +(\d):(\d\d)  Calm", english, re.MULTILINE)[-1]
    assert (int(minutes) * 60 + int(seconds)) / PACE.speed + READ_S * (SCENES - 1) < 50


@pytest.mark.timeout(60)
def test_the_tray_s_story_speaks_the_language_that_was_asked_for():
    with stage(FAST_PACE, "ko") as played:
        assert Session(played.app.overrides).translator().gettext("Quit") == "종료"
