"""`speed` on the stand-in: which model answered proves the switch, and whatever happens nothing stays changed."""

import itertools
import json
import time
from collections import Counter

import pytest

from tests.played import Played
from tray_app.app.speed import Bench, measure
from tray_app.cli.terminal import Terminal
from tray_app.core.text.lines import width
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.service import ServiceError, TooOld
from tray_app.core.values.task_settings import Setting
from tray_app.services.open_webui import OpenWebUIClient
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.server import FaultKind
from tray_app.standins.webui_prompts import task_of

MIDDLE = "llama3.2:3b"


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path / "home", installed=(BIG, MIDDLE, SMALL)) as made:
        made.app().open_webui.models()
        yield made


@pytest.fixture
def speed(played, capsys):
    def call(*argv):
        code = played.run("speed", "--runs", "1", *argv)
        return code, *capsys.readouterr()

    return call


def timings(out):
    return [(one["task_model"], one["answered"]) for one in json.loads(out)["timings"]]


def journal(played):
    return [one.event.value for one in played.app().journal.read().records]


def test_the_answers_name_the_model_that_was_set(played, speed):
    before = played.settings
    code, out, _ = speed("--yes", "--json", "--compare", SMALL, MIDDLE)
    assert (code, played.settings) == (0, before)
    assert timings(out) == [("", BIG), (SMALL, SMALL), (MIDDLE, MIDDLE)]
    alone = [BIG, BIG, SMALL, BIG, MIDDLE, BIG]
    beside = [*[BIG] * 3, BIG, *[SMALL] * 3, BIG, *[MIDDLE] * 3, BIG]  # the tasks of a message, and a chat among them
    assert Counter(call["model"] for call in played.ollama.calls()) == Counter(alone + beside)


def test_as_many_runs_as_asked_and_the_same_model_only_once(played, speed):
    played.webui.settings["TASK_MODEL"] = SMALL
    code, out, _ = speed("--yes", "--json", "--compare", SMALL, "--runs", "3")
    assert (code, timings(out)) == (0, [(SMALL, SMALL)])
    assert Counter(call["model"] for call in played.ollama.calls()) == {SMALL: (1 + 3) * 3, BIG: 2 * 3}
    assert journal(played) == []


def test_a_table_for_people(speed):
    code, out, err = speed("--yes", "--compare", SMALL)
    assert code == 0
    header = out.splitlines()[0]
    assert " ".join(header.split()) == "task model answered task call first word while tasks run"
    assert "Nothing was left changed." in out
    assert "run 1 of 1" in err


def test_a_model_that_nobody_has_shows_that_the_chat_model_answered(played, speed):
    before = played.settings
    code, out, _ = speed("--yes", "--json", "--compare", "no-such-model:1b")
    assert (code, played.settings) == (0, before)
    assert timings(out)[1] == ("no-such-model:1b", BIG)


def test_it_asks_first(played, speed, monkeypatch):
    code, _, err = speed()
    assert code == 2
    assert "--yes" in err
    monkeypatch.setattr("tray_app.cli.terminal.Terminal.interactive", property(lambda _self: True))
    monkeypatch.setattr("builtins.input", lambda: "n")
    assert speed()[0] == 1
    assert played.ollama.calls() == []


def test_a_task_that_is_off_gives_way_to_the_next(played, speed):
    played.webui.settings["ENABLE_TITLE_GENERATION"] = False
    code, out, _ = speed("--yes", "--json")
    assert (code, json.loads(out)["timings"][0]["task"]) == (0, "tags")


def test_with_all_of_them_off_there_is_nothing_to_time(played, speed):
    for name in ("TITLE", "TAGS", "FOLLOW_UP"):
        played.webui.settings[f"ENABLE_{name}_GENERATION"] = False
    code, _, err = speed("--yes")
    assert code == 3
    assert "all off" in err.splitlines()[-1]
    assert played.ollama.calls() == []


def test_without_a_loaded_chat_model_nothing_is_loaded_for_it(played, speed):
    played.ollama.scheduler.unload(BIG)
    code, _, err = speed("--yes")
    assert code == 1
    assert "No chat model is loaded" in err
    assert played.ollama.loaded() == ()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ChangeError(Problem.CANCELLED, "speed")])
def test_stopped_in_the_middle_nothing_stays_changed(played, error):
    before = played.settings
    app = played.app()

    def stop(step):
        if step.asked == SMALL:
            assert played.settings["TASK_MODEL"] == SMALL
            raise error

    with pytest.raises(type(error) if isinstance(error, Exception) else error):
        bench(app).compare(BIG, (SMALL, MIDDLE), 1, stop)
    assert played.settings == before
    assert journal(played) == ["intended", "applied", "undo-intended", "undone"]


def bench(app):
    return Bench(app.carrier, Setting.TASK_MODEL)


@pytest.mark.parametrize("arrived", [True, False])
def test_stopped_while_the_switch_is_written_nothing_stays_changed(played, speed, monkeypatch, arrived):
    before = played.settings
    real = OpenWebUIClient.write_document

    def interrupted(self, document, kind):
        monkeypatch.setattr(OpenWebUIClient, "write_document", real)
        if arrived:
            real(self, document, kind)
        raise KeyboardInterrupt

    monkeypatch.setattr(OpenWebUIClient, "write_document", interrupted)
    assert speed("--yes", "--compare", SMALL)[0] == 130
    assert played.settings == before
    assert journal(played)[-1] == ("undone" if arrived else "failed")


def test_an_error_in_the_middle_leaves_nothing_changed(played):
    before = played.settings

    def break_it(step):
        if step.asked == SMALL:
            played.webui.fail(FaultKind.FAILS, "/api/v1/tasks/title")

    with pytest.raises(ServiceError):
        bench(played.app()).compare(BIG, (SMALL,), 1, break_it)
    assert played.settings == before


def test_a_setting_that_somebody_changes_meanwhile_is_left_alone_and_told(played):
    def interfere(step):
        if step.asked == SMALL:
            played.webui.settings["TASK_MODEL"] = MIDDLE

    with pytest.raises(ChangeError) as caught:
        bench(played.app()).compare(BIG, (SMALL,), 1, interfere)
    assert caught.value.problem is Problem.DRIFT
    assert played.settings["TASK_MODEL"] == MIDDLE


def test_the_median_of_the_runs_is_told(played):
    answers = itertools.chain.from_iterable([one, 0.0, 0.0, 0.0] for one in (0.1, 5.0, 0.2))
    firsts = iter([1.0, 4.0, 1.5, 6.0, 9.0, 5.0])

    class Server:
        def __init__(self, client):
            self.read_document = client.read_document

        def run_task(self, _task, model, *, cancelled=None):
            return type("Answer", (), {"model": model, "seconds": next(answers)})

        def chat_first_token(self, _model, _prompt):
            return next(firsts)

    timing = measure(Server(played.app().open_webui), BIG, "", 3, lambda _: None)
    assert (timing.task_s, timing.first_token_s, timing.crowded_token_s, timing.runs) == (0.2, 1.5, 5.0, 3)


def test_the_second_chat_comes_while_a_task_is_at_its_model(played, speed):
    played.ollama.scheduler.pace.token_s = 0.08
    assert speed("--yes")[0] == 0
    alone, crowded = (one for one in played.ollama.scheduler.seen if one.stream)
    assert alone.before == ()
    assert [task_of(one.label) for one in crowded.before] == ["title"]


def test_interrupted_while_tasks_run_the_rest_of_them_is_not_sent(played):
    """Ctrl-C while the chat waits for its first word."""
    server, asked = played.app().open_webui, []

    class Interrupted:
        read_document = server.read_document

        def run_task(self, task, model, *, cancelled=lambda: False):
            asked.append(task)
            if len(asked) == 1:
                return server.run_task(task, model)
            while not cancelled():
                time.sleep(0.01)
            raise ChangeError(Problem.CANCELLED, "test")

        def chat_first_token(self, model, prompt):
            if len(asked) == 1:
                return server.chat_first_token(model, prompt)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(Interrupted(), BIG, "", 3, lambda _: None)
    assert asked == [Setting.TITLES, Setting.TITLES]


def test_a_task_that_fails_beside_the_chat_is_told(played):
    server, asked = played.app().open_webui, []

    class Broken:
        read_document, chat_first_token = server.read_document, server.chat_first_token

        def run_task(self, task, model, *, cancelled=None):
            asked.append(task)
            if len(asked) == 3:
                raise TooOld(server.url)
            return server.run_task(task, model, cancelled=cancelled)

    with pytest.raises(TooOld):
        measure(Broken(), BIG, "", 1, lambda _: None)


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_narrow_terminal_cuts_nothing(played, monkeypatch, capsys, columns, language):
    monkeypatch.setattr(Terminal, "columns", columns)
    assert played.run("--lang", language, "speed", "--runs", "1", "--yes", "--compare", SMALL) == 0
    told = capsys.readouterr().out.splitlines()
    assert max(width(one) for one in told[:-2]) <= columns  # sentences are wrapped where a terminal is seen
    assert all(any(name in one for one in told) for name in (BIG, SMALL))


def test_an_old_release_without_a_switch_for_titles(tmp_path):
    with Played(tmp_path / "old", version="0.3.35", installed=(BIG, SMALL)) as old:
        old.app().open_webui.models()
        before = old.settings
        found = bench(old.app()).compare(BIG, (SMALL,), 1, lambda _: None)
        assert [(one.task, one.answered) for one in found] == [(Setting.TITLES, BIG), (Setting.TITLES, SMALL)]
        assert old.settings == before
