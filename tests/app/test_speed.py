"""`speed` on the stand-in: which model answered proves the switch, and whatever happens nothing stays changed."""

import itertools
import json
import re
import time
from collections import Counter

import pytest

from tests.played import Played
from tray_app.app.doing.trying import Bench
from tray_app.app.speed import measure
from tray_app.cli.terminal import Terminal
from tray_app.core.report.trial import Entrant
from tray_app.core.text.lines import width
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.service import ServerFailed, TooOld
from tray_app.core.values.task_settings import Setting
from tray_app.services._task_calls import TaskAnswer
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
    alone = [*[BIG] * 3, BIG, *[SMALL] * 3, BIG, *[MIDDLE] * 3, BIG]  # the tasks of a message, then a chat
    beside = [*[BIG] * 3, BIG, *[SMALL] * 3, BIG, *[MIDDLE] * 3, BIG]  # the tasks of a message, and a chat among them
    assert Counter(call["model"] for call in played.ollama.calls()) == Counter(alone + beside)


def test_as_many_runs_as_asked_and_the_same_model_only_once(played, speed):
    played.webui.settings["TASK_MODEL"] = SMALL
    code, out, _ = speed("--yes", "--json", "--compare", SMALL, "--runs", "3")
    assert (code, timings(out)) == (0, [(SMALL, SMALL)])
    assert Counter(call["model"] for call in played.ollama.calls()) == {SMALL: (3 + 3) * 3, BIG: 2 * 3}
    assert journal(played) == []


def test_a_table_for_people(speed):
    code, out, err = speed("--yes", "--compare", SMALL)
    assert code == 0
    assert "Nothing was left changed." in out
    assert "run 1 of 1" in err


def test_where_there_is_room_it_is_one_table(speed, monkeypatch):
    monkeypatch.setattr(Terminal, "columns", 120)
    _, out, _ = speed("--yes", "--compare", SMALL)
    header, first, second = (" ".join(one.split()) for one in out.splitlines()[1:4])
    assert header == "task model Titles Tags Follow-ups first word while tasks run memory 1,000 messages"
    assert first.startswith("same as chat ")
    assert first.endswith(" no more no money")
    assert second.startswith(f"{SMALL} ")
    assert re.search(r" 807 MiB no money$", second)


def test_a_model_that_nobody_has_is_refused_before_anything_is_sent(played, speed):
    before = played.settings
    code, _, err = speed("--yes", "--json", "--compare", "gema3:1b")
    assert (code, played.settings) == (2, before)
    assert "Open WebUI lists no model `gema3:1b`. Did you mean `gemma3:1b`?" in err
    assert played.ollama.calls() == []


def test_a_model_that_is_not_used_shows_that_the_chat_model_answered(played):
    """One that went away since the list was made."""
    found = bench(played.app()).compare(BIG, (Entrant("no-such-model:1b"),), 1, lambda _: None)
    assert [(one.answered, one.fell_back, one.able) for one in found.trials] == [(BIG, False, True), (BIG, True, False)]


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
        bench(app).compare(BIG, (Entrant(SMALL), Entrant(MIDDLE)), 1, stop)
    assert played.settings == before
    assert journal(played) == ["intended", "applied", "undo-intended", "undone"]


def bench(app):
    return Bench(app.carrier, Setting.TASK_MODEL, BIG)


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


def test_one_that_fails_is_told_and_the_next_has_its_turn(played):
    before = played.settings

    def break_it(step):
        played.webui.heal()
        if step.asked == SMALL:
            played.webui.fail(FaultKind.FAILS, "/api/v1/tasks/title")

    found = bench(played.app()).compare(BIG, (Entrant(SMALL), Entrant(MIDDLE)), 1, break_it)
    assert [type(one.failed) for one in found.trials] == [type(None), ServerFailed, type(None)]
    assert [one.able for one in found.trials] == [True, False, True]
    assert (found.ended, played.settings) == (None, before)


def test_a_setting_that_somebody_changes_meanwhile_is_left_alone_and_told(played):
    def interfere(step):
        if step.asked == SMALL:
            played.webui.settings["TASK_MODEL"] = MIDDLE

    found = bench(played.app()).compare(BIG, (Entrant(SMALL), Entrant(MIDDLE)), 1, interfere)
    assert found.ended.problem is Problem.DRIFT
    assert [one.entrant.id for one in found.trials] == ["", SMALL]  # nobody's choice is measured over
    assert played.settings["TASK_MODEL"] == MIDDLE


def test_the_median_of_the_runs_is_told(played):
    answers = itertools.chain.from_iterable([one, 2 * one, 3 * one, 0.0, 0.0, 0.0] for one in (0.1, 5.0, 0.2))
    firsts = iter([1.0, 4.0, 1.5, 6.0, 9.0, 5.0])

    class Server:
        def __init__(self, client):
            self.read_document, self.version = client.read_document, client.version

        def run_task(self, _task, model, **_):
            return TaskAnswer(model, next(answers))

        def chat_first_token(self, _model, _prompt):
            return next(firsts)

    timing = measure(Server(played.app().open_webui), BIG, "", 3, lambda _: None)
    assert [round(one.seconds, 3) for one in timing.tasks] == [0.2, 0.4, 0.6]
    assert (timing.first_token_s, timing.crowded_token_s) == (1.5, 5.0)


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
        read_document, version = server.read_document, server.version

        def run_task(self, task, model, *, about=None, cancelled=lambda: False):
            asked.append(task)
            if len(asked) <= 3:
                return server.run_task(task, model)
            while not cancelled():
                time.sleep(0.01)
            raise ChangeError(Problem.CANCELLED, "test")

        def chat_first_token(self, model, prompt):
            if len(asked) == 3:
                return server.chat_first_token(model, prompt)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(Interrupted(), BIG, "", 3, lambda _: None)
    assert asked == [Setting.TITLES, Setting.TAGS, Setting.FOLLOW_UPS, Setting.TITLES]


def test_a_task_that_fails_beside_the_chat_is_told(played):
    server, asked = played.app().open_webui, []

    class Broken:
        read_document, chat_first_token, version = server.read_document, server.chat_first_token, server.version

        def run_task(self, task, model, *, about=None, cancelled=None):
            asked.append(task)
            if len(asked) == 5:
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
        found = bench(old.app()).compare(BIG, (Entrant(SMALL),), 1, lambda _: None).trials
        assert [(one.tasks[0].task, one.answered) for one in found] == [(Setting.TITLES, BIG), (Setting.TITLES, SMALL)]
        assert all(one.able for one in found)  # a title in plain words
        assert old.settings == before
