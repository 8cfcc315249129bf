"""`plan` and `apply`: a server made like a file, with the same journal and undo as any other change."""

import io
import sys

import pytest

from tests.played import Played
from tray_app.standins.models import BIG, SMALL


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.toml").write_text("request_limit_s = 20\n")
    with Played(home, installed=(BIG, SMALL)) as made:
        yield made


@pytest.fixture
def run(played, capsys):
    def call(*argv):
        code = played.run(*map(str, argv))
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def file(tmp_path):
    return tmp_path / "team tasks.toml"


def test_a_server_is_made_like_the_file_and_back_again(played, run, file):
    before = played.settings
    assert run("plan", file)[0] == 0
    run("set", "follow-ups=off", "autocomplete=on", f"task-model={SMALL}")
    changed = played.settings
    code, out, _ = run("apply", file, "--yes")
    assert (code, played.settings) == (0, before)
    assert "ok Follow-ups: off -> on" in out
    assert run("undo")[0] == 0
    assert played.settings == changed
    assert [one.remedy for one in played.app().journal.changes().all] == ["set", "apply"]


def test_what_is_so_already_is_nothing_to_do(played, run, file):
    run("plan", file)
    before = played.settings
    assert run("apply", file, "--yes")[:2] == (3, "Nothing to do: Open WebUI is set like that already.\n")
    file.write_text(f'task-model = "{SMALL}"\n')
    assert run("apply", file, "--yes")[0] == 0
    assert run("apply", file, "--yes")[0] == 3
    assert played.settings == {**before, "TASK_MODEL": SMALL}
    assert len(played.app().journal.changes().all) == 1


def test_only_what_the_file_names_is_changed(played, run, file):
    before = played.settings
    file.write_text("follow-ups = false\ntask-model-params = {temperature = 0}\n")
    assert run("apply", file, "--yes")[0] == 0
    wanted = {**before, "ENABLE_FOLLOW_UP_GENERATION": False, "TASK_MODEL_PARAMS": {"temperature": 0}}
    assert played.settings == wanted


def test_a_look_changes_nothing(played, run, file):
    before = played.settings
    file.write_text("follow-ups = false\n")
    code, out, _ = run("apply", file, "--dry-run")
    assert (code, played.settings) == (0, before)
    assert "Follow-ups  on    off" in out
    assert "Nothing was changed (--dry-run)." in out
    assert played.app().journal.changes().all == ()


def test_without_a_person_it_needs_a_yes(played, run, file):
    before = played.settings
    file.write_text("follow-ups = false\n")
    code, _, err = run("apply", file)
    assert (code, played.settings) == (2, before)
    assert err.endswith("no terminal is there to ask. Add --yes to go ahead.\n")


def test_standard_input_and_output_do_as_well(played, run, monkeypatch):
    code, out, err = run("plan", "-")
    assert (code, err) == (0, "")
    assert "follow-ups = true\n" in out
    data = io.BytesIO(out.replace("follow-ups = true", "follow-ups = false").encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    assert run("apply", "-", "--yes")[0] == 0
    assert played.settings["ENABLE_FOLLOW_UP_GENERATION"] is False


def test_a_model_that_the_server_does_not_list_is_obeyed_and_told(played, run, file):
    file.write_text('task-model = "nobody:1b"\n')
    warning = "Warning: Open WebUI does not list nobody:1b; until it does, tasks run on the chat model.\n"
    code, _, err = run("apply", file, "--yes")
    assert (code, played.settings["TASK_MODEL"]) == (0, "nobody:1b")
    assert err == warning
    assert run("apply", file, "--yes")[::2] == (3, warning)


@pytest.mark.parametrize(
    "text", ["titles = 'off'\n", "tilte = true\n", "titles = = true\n", "", "format = 9\ntitles = true\n"]
)
def test_a_bad_file_costs_nobody_anything(played, run, file, text, monkeypatch):
    before = played.settings
    asked = []
    monkeypatch.setattr(played.webui, "handle", asked.append)
    file.write_text(text)
    code, out, err = run("apply", file, "--yes")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert played.settings == before
    assert asked == []


def test_a_file_that_is_there_is_not_written_over(run, file):
    file.write_text("mine")
    code, _, err = run("plan", file)
    assert code == 1
    assert "a file of that name is there already. Choose another name, or remove it first." in err
    assert file.read_text() == "mine"


class TestAnOldServer:
    @pytest.fixture
    def played(self, tmp_path, monkeypatch):
        for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
            monkeypatch.delenv(name, raising=False)
        with Played(tmp_path / "home", version="0.6.5", installed=(BIG, SMALL)) as made:
            yield made

    def test_what_it_does_not_have_is_said_and_left(self, played, run, file):
        file.write_text("tags = false\nfollow-ups = false\n[task-model-params]\na = 1\n")
        code, out, err = run("apply", file, "--yes")
        assert code == 0
        assert played.settings["ENABLE_TAGS_GENERATION"] is False
        assert "ENABLE_FOLLOW_UP_GENERATION" not in played.settings
        assert err == ("Open WebUI 0.6.5 has no follow-ups.\nOpen WebUI 0.6.5 has no parameters for the task model.\n")
        assert "ok Tags: on -> off" in out
        code, out, err = run("apply", file, "--yes")
        assert (code, out) == (3, "Nothing to do: Open WebUI is set like that already.\n")
        assert "has no follow-ups" in err

    def test_a_plan_names_what_it_lacks(self, run):
        out = run("plan", "-")[1]
        assert "# follow-ups: not in this version.\n" in out
        assert "tags = true\n" in out


def test_the_remarks_are_in_the_readers_language_and_the_keys_are_not(run):
    korean, english = run("plan", "-", "--lang", "ko")[1], run("plan", "-")[1]
    keys = [[line for line in text.splitlines() if not line.startswith("#")] for text in (korean, english)]
    assert keys[0] == keys[1]
    assert not korean.isascii()
