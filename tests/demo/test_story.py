"""`elbowroom demo` tells one story, the same in every run, in both languages, and leaves nothing behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.english import TR
from tray_app.app.session import Session
from tray_app.cli.demo import FAST_PACE, PACE, stage, tray_story
from tray_app.cli.demo.story import READ_S, Story
from tray_app.cli.main import FAILED
from tray_app.cli.terminal import Terminal
from tray_app.core.text.lines import width
from tray_app.core.values.remedy import Consent
from tray_app.core.values.task_settings import TASKS
from tray_app.demo import visit as visit_module
from tray_app.demo.person import Person
from tray_app.demo.visit import Visit
from tray_app.standins.models import BIG
from tray_app.standins.server import wait_until

ROOT = Path(__file__).parents[2]
COLUMNS = 80
SCENES = 8


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


def test_with_chat_first_every_task_is_done_and_none_stands_before_the_message(english):
    """On the large model, by way of the real relay; then it is taken back, and the relay has ended."""
    scene = english[english.index("chat-first on") : english.index("Every step can be taken back")]
    words = " ".join(scene.split())
    assert "Nothing is ahead of you. The relay holds back: titles, follow-ups" in words
    assert re.search(r"Calm +1 running, 0 waiting", scene)
    assert "After your answer 4 background calls were done: titles, tags, follow-ups" in words
    *_, with_small_model, chats_first, slowest, quickest = first_words(english)
    assert with_small_model == chats_first == quickest < slowest / 10
    after = english[english.index("Every step can be taken back") :]
    assert "Open WebUI asks Ollama directly again; the relay has ended." in after
    assert "Task model: same as chat -> gemma3:1b" in after


@pytest.mark.timeout(600)
def test_in_the_tray_every_change_is_told_with_what_it_brought(monkeypatch):
    """All tasks off, then on again with chat first, which says what it holds back."""
    monkeypatch.setattr(tray_story, "STANDS_S", 0.0)
    monkeypatch.setattr(tray_story, "READS_S", 0.0)
    told = []

    def tells(text):
        return wait_until(lambda: any(text in one.body for one in told), 120)

    with stage(FAST_PACE, scripted=False) as played:
        person = Person(played.open_webui, pause_s=0.05, chat_length=2)
        story = tray_story.TrayStory(played.ollama, played.open_webui, person, played.app.relay.state)
        story.begin(told.append, lambda: TR)
        try:
            assert tells("background calls were ahead of it")
            played.app.carrier.apply(played.app.carrier.plan(dict.fromkeys(TASKS, False)).changes)
            assert tells("Nothing was ahead of your message. Earlier it was")
            told.clear()
            played.app.carrier.undo(played.app.carrier.undoable()[0].id)
            look = played.app.observer.look()
            remedy = played.app.chat_first.remedy(look.facts.overview.connections or ())
            played.app.carrier.carry_out(remedy, Consent.CONFIRMED, lambda _: None, lambda: False)
            assert tells("Nothing was ahead of your message. The relay holds back")
        finally:
            story.end()


@pytest.mark.timeout(600)
def test_in_the_tray_a_fix_that_is_clicked_while_the_queue_stands_is_told_too(monkeypatch):
    """The notice with the fix comes before the first word: who clicked it at once never heard what it brought."""
    monkeypatch.setattr(tray_story, "STANDS_S", 10.0)
    told = []
    with stage(FAST_PACE, scripted=False) as played:
        person = Person(played.open_webui, pause_s=0.05, chat_length=2)
        story = tray_story.TrayStory(played.ollama, played.open_webui, person, played.app.relay.state)
        story.begin(told.append, lambda: TR)
        try:
            assert wait_until(lambda: played.ollama.waiting > 1, 60)
            played.app.carrier.apply(played.app.carrier.plan(dict.fromkeys(TASKS, False)).changes)
            assert wait_until(lambda: any("Nothing was ahead of your message" in one.body for one in told), 60)
        finally:
            story.end()


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


def told_when_it_ends(played, capsys):
    story = Story(played.app, played.ollama, played.open_webui, played.clock, Terminal(), TR)
    assert story.play(fast=True) == FAILED
    return capsys.readouterr().err


@pytest.mark.timeout(60)
def test_what_ends_the_story_is_told_as_what_it_is(capsys):
    """A change that cannot be written down is no busy machine."""
    with stage(FAST_PACE) as played:
        played.app.paths.journal_file.mkdir()
        told = told_when_it_ends(played, capsys)
    assert "journal.jsonl" in told
    assert "too busy" not in told


@pytest.mark.timeout(60)
def test_a_machine_that_does_not_get_there_in_time_is_told_as_busy(monkeypatch, capsys):
    monkeypatch.setattr(visit_module, "LINED_UP_WITHIN_S", 0.0)
    with stage(FAST_PACE) as played:
        assert told_when_it_ends(played, capsys).strip() == (
            "This machine is too busy to play the demo; run it again later."
        )


@pytest.mark.timeout(60)
def test_the_tray_s_story_speaks_the_language_that_was_asked_for():
    with stage(FAST_PACE, "ko") as played:
        assert Session(played.app.overrides).translator().gettext("Quit") == "종료"
