"""`hosted`: one line for whatever goes wrong, nothing lost, and everything said before it is done."""

import io
import json
import sys

import pytest

from tests.played import Played
from tray_app.app import language
from tray_app.app.doing.hosted import HostedPlace
from tray_app.cli.hosted import add
from tray_app.cli.terminal import Terminal
from tray_app.core.tasks.hosted.offers import for_tasks
from tray_app.services.hosted.endpoint import offers_of
from tray_app.standins.endpoint import CATALOG, DemoEndpoint, HostedEntry, many

SMALL = "meta-llama/llama-3.2-3b-instruct"


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    with Played(tmp_path / "home") as made:
        yield made


@pytest.fixture
def endpoint():
    with DemoEndpoint() as made:
        yield made


@pytest.fixture
def run(played, capsys, monkeypatch):
    def call(*argv, key=None):
        if key is not None:
            stream = io.TextIOWrapper(io.BytesIO(key.encode() + b"\n"), encoding="utf-8")
            monkeypatch.setattr(sys, "stdin", stream)
            argv = (*argv, "--key-stdin")
        code = played.run(*argv)
        return code, *capsys.readouterr()

    return call


def test_added_proven_listed_and_removed(played, run, endpoint):
    before = played.settings
    code, out, _ = run("hosted", "add", endpoint.base, "--model", SMALL, "--yes", key=endpoint.key)
    assert code == 0, out
    assert f"In effect: {SMALL}" in out
    assert "USD for 1,000 messages" in out
    assert "for: titles, tags, follow-ups" in out
    assert played.settings["TASK_MODEL"] == SMALL
    assert endpoint.calls()[-1]["model"] == SMALL
    code, out, _ = run("hosted", "list", "--json")
    (one,) = json.loads(out)["connections"]
    assert (one["url"], one["key"], one["added_by_elbowroom"], one["task_models"]) == (
        endpoint.base,
        True,
        True,
        [SMALL],
    )
    assert endpoint.key not in out
    assert run("hosted", "remove", endpoint.base)[0] == 0
    assert (played.settings, played.webui.registry.hosted) == (before, [])
    files = b"".join(path.read_bytes() for path in played.home.rglob("*") if path.is_file())
    assert endpoint.key.encode() not in files


def test_undo_all_takes_both_back_in_order(played, run, endpoint):
    run("hosted", "add", endpoint.base, "--model", SMALL, "--yes", key=endpoint.key)
    code, out, _ = run("undo", "--all")
    assert (code, played.webui.registry.hosted, played.settings["TASK_MODEL"]) == (0, [], "")
    assert out.index("Task model") < out.index("Hosted connection")


def test_a_dry_run_shows_and_writes_nothing(played, run, endpoint):
    code, out, _ = run("hosted", "add", endpoint.base, "--dry-run", key=endpoint.key)
    assert code == 0
    first = next(one for one in out.splitlines() if one.startswith("1 "))
    assert "llama-3.2-1b-instruct" in first
    assert "0.005 / 0.01" in first
    thinking = [one for one in out.splitlines() if "thinks: unfit" in one]
    assert len(thinking) == 2
    assert "gemini-2.5-flash-image" not in out
    code, out, _ = run("hosted", "add", endpoint.base, "--model", SMALL, "--dry-run", key=endpoint.key)
    assert (code, played.webui.registry.hosted, endpoint.calls()) == (0, [], [])


def test_thousands_of_models_are_a_page_and_a_word_to_search_with(played, run):
    with DemoEndpoint(many(5000)) as endpoint:
        out = run("hosted", "add", endpoint.base, "--dry-run", key=endpoint.key)[1]
    assert len(out.splitlines()) < 25
    assert "4985 more" in out


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("add", "::::"), 2, "is not an address of a server"),
        (("add", "https://user:secret@openrouter.ai"), 2, "password in it is not used"),
        (("add", "https://openrouter.ai/api/v1?key=secret"), 2, "question mark"),
        (("add",), 2, "needs the address"),
        (("remove", "openrouter.ai"), 1, "No connection to openrouter.ai was added"),
    ],
)
def test_nonsense_is_told_in_one_line(run, argv, code, said):
    got, out, err = run("hosted", *argv, "--yes")
    assert (got, out) == (code, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert "secret" not in err


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"key": "another"}, "does not accept this key"),
        ({"credit": False}, "has no credit"),
        ({"limited": True}, "no more requests for now"),
        ({"public_list": False, "key": "another"}, "does not accept this key"),
    ],
)
def test_what_the_endpoint_says_is_one_line_and_changes_nothing(played, run, endpoint, spoil, said):
    key = endpoint.key
    for name, value in spoil.items():
        setattr(endpoint, name, value)
    code, _, err = run("hosted", "add", endpoint.base, "--model", SMALL, "--yes", key=key)
    assert code == 1
    assert said in err.splitlines()[-1]
    assert key not in err
    assert played.webui.registry.hosted == []


def test_a_model_that_is_not_there_names_the_nearest(run, endpoint):
    code, _, err = run("hosted", "add", endpoint.base, "--model", "llama-3.2-3b-instruct", "--yes", key=endpoint.key)
    assert (code, SMALL in err) == (1, True)


def test_nobody_to_choose_is_told(run, endpoint):
    code, out, err = run("hosted", "add", endpoint.base, "--yes", key=endpoint.key)
    assert (code, "--model" in err, "llama-3.2-1b" in out) == (1, True, True)


def test_an_empty_key_is_no_key(run, endpoint):
    assert run("hosted", "add", endpoint.base, "--yes", key="")[0] == 2


def test_a_name_with_markup_is_shown_as_text(played, run):
    name = "evil/\x1b[31m<b>model</b>\u202e-1b"
    with DemoEndpoint((HostedEntry(name, prompt="0.00000001"),)) as endpoint:
        code, out, err = run("hosted", "add", endpoint.base, "--model", name, "--yes", key=endpoint.key)
        assert code == 0, err
        assert "\x1b" not in out + err
        assert "\u202e" not in out + err
        assert run("hosted", "remove", endpoint.base)[0] == 0


def test_a_fix_that_nobody_lists_leads_to_the_command(run):
    code, _, err = run("fix", "hosted-task-model:gpt-5-nano", "--yes")
    assert (code, "hosted add" in err) == (2, True)
    assert "hosted add" in run("fix", "--list")[1]


def test_what_a_connection_with_one_model_costs_is_told_before_it_is_chosen(played, run, endpoint):
    """As `hosted add` leaves it: Open WebUI's own list says nothing of prices then."""
    run("hosted", "add", endpoint.base, "--model", SMALL, "--yes", key=endpoint.key)
    played.webui.settings["TASK_MODEL"] = ""
    assert "At most about 0.05 USD for 1,000 messages." in run("fix", "--list")[1]
    endpoint.models = (HostedEntry(SMALL),)
    assert "What its endpoint asks for it is not known." in run("fix", "--list")[1]


class Typing(Terminal):
    """A person who types these answers one after the other; then the input ends."""

    def __init__(self, *answers):
        super().__init__(io.StringIO(), io.StringIO())
        self.answers = list(answers)

    def asked(self, question):
        self.err.write(question + "\n")
        return self.answers.pop(0) if self.answers else None


@pytest.mark.parametrize(
    ("answers", "picked"),
    [
        (("",), "meta-llama/llama-3.2-1b-instruct"),
        (("3",), SMALL),
        (("3B llama", ""), SMALL),
        (("nothing like that", "99", SMALL), SMALL),
        (("haiku", "1"), "anthropic/claude-haiku-4.5"),
        ((), None),
    ],
)
def test_a_person_picks_by_number_by_words_or_by_name(answers, picked):
    offers = tuple(offers_of({"data": [one.told() for one in CATALOG]}))
    terminal, tr = Typing(*answers), language.load("en")
    found = add._picked(HostedPlace("https://openrouter.ai/api/v1", offers), for_tasks(offers), terminal, tr)
    assert (found and found.id) == picked
    assert ("No model has all of these words." in terminal.err.getvalue()) is ("nothing like that" in answers)
