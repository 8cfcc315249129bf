"""`fix` from the finding to what the server holds afterwards: downloads, cancels, what cannot be undone."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.played import GIB, Played
from tray_app.app.doing import downloads
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.plan import Action, ActionKind, Plan
from tray_app.core.values.remedy import Consent, Reason, StopGenerations, UnloadModel
from tray_app.core.values.task_settings import Setting
from tray_app.demo.person import Person
from tray_app.services.ollama import OllamaClient
from tray_app.services.open_webui import OpenWebUIClient
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.server import FaultKind, wait_until

ROOT = Path(__file__).parents[2]
USE_SMALL = f"task-model:{SMALL}"


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    with Played(tmp_path / "home") as made:
        yield made


@pytest.fixture
def fix(played, capsys):
    """On a busy machine a stand-in may need longer than a person would wait; no test here is about that."""
    played.home.mkdir(parents=True, exist_ok=True)
    (played.home / "settings.toml").write_text("request_limit_s = 20\n")

    def call(*argv):
        code = played.run(*argv)
        return code, *capsys.readouterr()

    return call


def one_line(err):
    """What a person reads, without the lines of progress."""
    told = [line for line in err.splitlines() if not line.startswith(("Looking at", "Downloading"))]
    assert len(told) == 1, err
    return told[0]


def test_a_missing_model_is_downloaded_then_set_then_verified(played, fix):
    before = played.settings
    code, out, _ = fix("fix", USE_SMALL, "--yes")
    assert (code, played.settings) == (0, {**before, "TASK_MODEL": SMALL})
    assert SMALL in played.ollama.models
    assert "elbowroom undo" in out
    assert played.app().open_webui.run_task(Setting.TITLES, BIG).model == SMALL


def test_undo_takes_the_setting_back_and_says_that_the_model_stays(played, fix):
    before = played.settings
    fix("fix", USE_SMALL, "--yes")
    code, out, _ = fix("undo")
    assert (code, played.settings) == (0, before)
    assert SMALL in played.ollama.models
    assert f"{SMALL} stays installed (" in out
    assert "MiB" in out


def test_the_default_is_the_best_remedy(played, fix):
    assert fix("fix", "--yes")[0] == 0
    assert played.settings["TASK_MODEL"] == SMALL


def test_a_dry_run_downloads_nothing(played, fix):
    before = played.settings
    code, out, _ = fix("fix", USE_SMALL, "--dry-run")
    assert (code, played.settings, set(played.ollama.models)) == (0, before, {BIG})
    assert SMALL in out


def test_ctrl_c_in_the_download_changes_nothing_and_the_next_try_goes_on(played, fix, monkeypatch):
    before = played.settings
    real = OllamaClient.pull

    def interrupted(self, name, cancelled):
        for seen, step in enumerate(real(self, name, cancelled)):
            if seen == 4:
                raise KeyboardInterrupt
            yield step

    monkeypatch.setattr(OllamaClient, "pull", interrupted)
    played.ollama.pull_step_s = 0.01
    code, _, err = fix("fix", USE_SMALL, "--yes")
    assert (code, played.settings) == (130, before)
    assert "a new try goes on" in one_line(err)
    assert wait_until(lambda: played.ollama.partial.get(SMALL, 0) > 0)
    assert SMALL not in played.ollama.models
    monkeypatch.setattr(OllamaClient, "pull", real)
    assert fix("fix", USE_SMALL, "--yes")[0] == 0
    assert played.settings["TASK_MODEL"] == SMALL


def test_a_disk_that_is_too_small_is_said_before_anything(played, fix, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    before = played.settings
    code, _, err = fix("fix", USE_SMALL, "--yes")
    assert (code, played.settings) == (1, before)
    assert "no room on the disk" in one_line(err)
    assert played.ollama.calls("/api/pull") == []


def test_a_model_that_the_library_does_not_have(played, fix):
    before = played.settings
    code, _, err = fix("fix", "task-model:qwen2.5:1.5b", "--yes")
    assert (code, played.settings) == (1, before)
    assert "did not find it" in one_line(err)


@pytest.mark.parametrize("fault", [FaultKind.FAILS, FaultKind.HANG_UP, FaultKind.GARBAGE, FaultKind.HTML])
def test_a_download_that_breaks_is_one_line_and_nothing_changed(played, fix, fault):
    before = played.settings
    played.ollama.fail(fault, "/api/pull")
    code, _, err = fix("fix", USE_SMALL, "--yes")
    assert (code, played.settings) == (1, before)
    one_line(err)


def test_ollama_without_a_network_says_its_own_reason(played, fix, monkeypatch):
    def no_network(_model, _request):
        yield {"status": "pulling manifest"}
        yield {"error": "pull model manifest: dial tcp: lookup registry.example: no such host"}

    monkeypatch.setattr(played.ollama, "_pull_parts", no_network)
    before = played.settings
    code, _, err = fix("fix", USE_SMALL, "--yes")
    assert (code, played.settings) == (1, before)
    assert "no such host" in one_line(err)


def test_a_model_that_open_webui_does_not_list_is_not_set(played, fix, monkeypatch):
    """Open WebUI uses another Ollama than the one we download to."""
    monkeypatch.setattr(downloads, "LIST_PAUSE_S", 0.0)
    before = played.settings
    monkeypatch.setattr(played.ollama, "_tag", lambda name, real=played.ollama._tag: real(BIG))
    code, _, err = fix("fix", USE_SMALL, "--yes")
    assert (code, played.settings) == (1, before)
    assert "does not list" in one_line(err)


def test_a_server_that_dies_in_the_download_is_told_and_nothing_changed(played, fix):
    before = played.settings
    played.webui.fail(FaultKind.HANG_UP, "/api/models")
    code, _, err = fix("fix", USE_SMALL, "--yes")
    assert (code, played.settings) == (1, before)
    one_line(err)


def test_no_thinking_in_tasks_and_back(played, fix):
    before = played.settings
    assert fix("fix", "no-thinking-in-tasks", "--yes")[0] == 0
    assert played.settings["TASK_MODEL_PARAMS"] == {**(before["TASK_MODEL_PARAMS"] or {}), "think": False}
    assert fix("undo")[0] == 0
    assert played.settings == before


def test_without_a_terminal_it_needs_yes(played, fix, monkeypatch):
    before = played.settings
    code, _, err = fix("fix", "follow-ups-off")
    assert (code, played.settings) == (2, before)
    assert "--yes" in one_line(err)


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("yes", 0), ("n", 1), ("", 1)])
def test_a_person_is_asked(played, fix, monkeypatch, answer, code):
    monkeypatch.setattr("tray_app.cli.terminal.Terminal.interactive", property(lambda _self: True))
    monkeypatch.setattr("builtins.input", lambda: answer)
    before = played.settings
    assert fix("fix", "follow-ups-off")[0] == code
    assert (played.settings == before) == (code == 1)


def test_advice_prints_its_steps_and_writes_nothing(played, fix, tmp_path, capsys):
    with Played(tmp_path / "tight", budget_bytes=18 * GIB) as spilling:
        before = spilling.settings
        listed = [one.id for one in spilling.app().observer.look_twice(lambda _: None).remedies if one.advice_only]
        assert listed
        assert spilling.run("fix", listed[0]) == 0
        assert spilling.settings == before


def test_an_unknown_remedy_is_one_line_with_the_nearest(played, fix):
    code, _, err = fix("fix", "follow-up-off")
    assert code == 2
    assert "follow-ups-off" in one_line(err)


# --- not undoable ---------------------------------------------------------------------------


@pytest.fixture
def storm(tmp_path, monkeypatch):
    """The demo's own overload, standing still: two chats and their tasks at a model that makes no progress."""
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    with Played(tmp_path / "home", budget_bytes=int(21.33 * GIB)) as made:
        made.ollama.hold()
        yield made
        made.ollama.release()


def unload(model):
    plan = Plan(actions=(Action(ActionKind.UNLOAD, model),))
    return UnloadModel(model=model, plan=plan, reason=Reason.FREES_MEMORY)


def test_unload_frees_the_model_and_says_so(played, capsys):
    remedy = unload(BIG)
    done = played.app().carrier.carry_out(remedy, Consent.CONFIRMED, lambda _: None, lambda: False)
    assert [one.subject for one in done.freed] == [BIG]
    assert wait_until(lambda: played.ollama.loaded() == ())


def test_unload_of_a_model_that_is_gone_already_says_so(played):
    remedy = unload(SMALL)
    with pytest.raises(ChangeError) as caught:
        played.app().carrier.carry_out(remedy, Consent.CONFIRMED, lambda _: None, lambda: False)
    assert caught.value.problem is Problem.NOTHING_TO_DO
    assert played.ollama.loaded() == (BIG,)


def test_stop_generations_ends_running_answers(storm, capsys):
    person = Person(storm.webui, model=BIG, pause_s=0.01)
    person.start()
    try:
        assert wait_until(lambda: storm.webui.generations.running and storm.ollama.running == 1)
        remedy = StopGenerations(plan=Plan(actions=(Action(ActionKind.STOP_GENERATIONS),)), reason=Reason.ENDS_ANSWERS)
        done = storm.app().carrier.carry_out(remedy, Consent.CONFIRMED, lambda _: None, lambda: False)
        assert done.stopped == 1
    finally:
        storm.ollama.release()
        person.stop()


# --- a real signal --------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="a console event cannot be sent to one child only")
def test_a_real_ctrl_c_in_a_slow_download(tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ELBOWROOM_", "OPEN_WEBUI"))}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.played", str(tmp_path / "home"), "0.3", "fix", USE_SMALL, "--yes"],
        cwd=ROOT,
        env={**environment, "LANG": "C"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        seen = []
        for line in child.stderr:
            seen.append(line)
            if line.startswith("Downloading"):
                break
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
        child.wait()
    assert child.returncode == 130, (seen, out, err)
    assert "a new try goes on" in one_line("".join(seen) + err)
    told = json.loads(out.splitlines()[-1])
    assert (told["same"], told["journal"]) == (True, [])


# --- Ctrl-C in the middle of a change -------------------------------------------------------


@pytest.mark.parametrize("arrived", [True, False])
def test_ctrl_c_in_the_middle_of_a_change_says_what_the_server_holds(played, fix, monkeypatch, arrived):
    before = played.settings
    real = OpenWebUIClient.write_document

    def interrupted(self, document, kind):
        if arrived:
            real(self, document, kind)
        raise KeyboardInterrupt

    monkeypatch.setattr(OpenWebUIClient, "write_document", interrupted)
    code, out, err = fix("set", "tags=off")
    assert code == 130
    assert played.settings == {**before, "ENABLE_TAGS_GENERATION": not arrived}
    if arrived:
        assert "Tags: on -> off" in out
    else:
        assert one_line(err) == "Nothing was changed."
    events = [entry.event.value for entry in played.app().journal.read().records]
    assert events == ["intended", "applied" if arrived else "failed"]


def test_ctrl_c_before_anything_was_begun(played, fix, monkeypatch):
    def interrupted(_self, _kind, *, fresh=False):
        raise KeyboardInterrupt

    before = played.settings
    monkeypatch.setattr(OpenWebUIClient, "read_document", interrupted)
    code, _, err = fix("set", "tags=off")
    assert (code, played.settings) == (130, before)
    assert one_line(err) == "elbowroom: stopped"


def test_ctrl_c_while_the_switch_after_a_download_is_verified(played, fix, monkeypatch):
    """The download is done and the setting written: saying that nothing changed would be wrong."""
    real = OpenWebUIClient.write_document

    def interrupted(self, document, kind):
        real(self, document, kind)
        raise KeyboardInterrupt

    monkeypatch.setattr(OpenWebUIClient, "write_document", interrupted)
    code, out, _ = fix("fix", USE_SMALL, "--yes")
    assert (code, played.settings["TASK_MODEL"]) == (130, SMALL)
    assert f"-> {SMALL}" in out


@pytest.mark.parametrize("arrived", [True, False])
def test_ctrl_c_in_the_middle_of_an_undo_says_what_the_server_holds(played, fix, monkeypatch, arrived):
    before = played.settings
    fix("set", "tags=off")
    real = OpenWebUIClient.write_document

    def interrupted(self, document, kind):
        if arrived:
            real(self, document, kind)
        raise KeyboardInterrupt

    monkeypatch.setattr(OpenWebUIClient, "write_document", interrupted)
    code, out, err = fix("undo")
    assert code == 130
    assert played.settings == {**before, "ENABLE_TAGS_GENERATION": arrived}
    if arrived:
        assert "Tags: off -> on" in out
    else:
        assert one_line(err) == "Nothing was changed."
    monkeypatch.undo()
    assert fix("undo")[0] == (3 if arrived else 0)
    assert played.settings == before


def test_unloading_where_it_would_not_help_says_when_it_does(played, fix):
    played.load(BIG)
    code, _, err = fix("fix", f"unload:{BIG}")
    assert code == 2
    told = " ".join(err.split())
    assert f"`unload:{BIG}` is offered only where it helps" in told
    assert "a running answer ends first" in told
    assert "There is no fix `unload:gone`" in " ".join(fix("fix", "unload:gone")[2].split())
