"""Trying several task models: whatever ends it, also a kill, the settings are as before, at the latest at the next start."""

import json

import pytest

from tests.app.test_speed import MIDDLE, bench, journal, played
from tests.english import TR
from tests.played import Played
from tray_app.app.doing import trying
from tray_app.core.report.trial import Entrant
from tray_app.core.text.errors import told
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.hosted import HostedProblem, TaskRefused
from tray_app.core.values.errors.service import Refused
from tray_app.standins.endpoint import DemoEndpoint
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.server import FaultKind
from tray_app.standins.webui_models import Hosted

__all__ = ["played"]


HOSTED = "meta-llama/llama-3.2-3b-instruct"


@pytest.fixture
def endpoint(played):
    """One chosen model of it does tasks; its key is `key` at Open WebUI."""
    with DemoEndpoint() as made:
        played.webui.registry.hosted.append(Hosted(made.base, made.key, config={"model_ids": [HOSTED]}))
        played.webui.registry.refresh(now=True)
        yield made


REFUSALS = pytest.mark.parametrize(
    ("spoil", "problem", "said"),
    [
        ({"key": "sk-another"}, HostedProblem.WRONG_KEY, "does not accept the key that Open WebUI has for it. Enter"),
        ({"credit": False}, HostedProblem.NO_CREDIT, "says that the account has no credit. Look into"),
        ({"limited": True}, HostedProblem.LIMITED, "takes no more requests for now: a limit of the account"),
        ({"says": (403, "Not in your country")}, HostedProblem.REFUSES, "refuses: Not in your country. Look into"),
    ],
)


@REFUSALS
def test_what_a_hosted_model_s_endpoint_refuses_is_no_refusal_of_open_webui(played, endpoint, spoil, problem, said):
    """Open WebUI hands status and words on: a wrong key at the endpoint was told as a sign-in that had ended."""
    for name, value in spoil.items():
        setattr(endpoint, name, value)
    contest = bench(played.app()).compare(BIG, (Entrant(HOSTED, host="127.0.0.1"),), 1, lambda _: None)
    failed = contest.trials[1].failed
    assert (type(failed), failed.problem, failed.host) == (TaskRefused, problem, "127.0.0.1")
    assert f"127.0.0.1 {said}" in told(failed, TR)
    assert "nothing was changed" not in told(failed, TR)
    assert (contest.ended, played.settings["TASK_MODEL"]) == (None, "")


@REFUSALS
def test_a_proof_that_the_endpoint_refuses_says_so(played, endpoint, capsys, spoil, problem, said):
    played.load(BIG)
    for name, value in spoil.items():
        setattr(endpoint, name, value)
    assert played.run("set", f"task-model={HOSTED}", "--prove") == 1
    assert f"127.0.0.1 {said}" in capsys.readouterr().err
    assert played.settings["TASK_MODEL"] == HOSTED


def test_a_sign_in_that_ended_meanwhile_is_open_webui_s(played, endpoint):
    endpoint.key = "sk-another"

    def sign_out(step):
        if step.asked == HOSTED:
            played.webui.accounts.sessions.clear()

    contest = bench(played.app()).compare(BIG, (Entrant(HOSTED, host="127.0.0.1"),), 1, sign_out)
    assert isinstance(contest.trials[1].failed, Refused)


class Killed(BaseException):
    """The process ends here: nothing after it runs."""


def killed(played, monkeypatch):
    """A comparison of which nothing is left but what it wrote: no `finally` of it reached the server."""
    with monkeypatch.context() as dead:
        dead.setattr(trying.Bench, "_take_back", lambda *_: None)

        def die(step):
            if step.asked == SMALL:
                raise Killed

        with pytest.raises(Killed):
            bench(played.app()).compare(BIG, (Entrant(SMALL),), 1, die)
    assert played.settings["TASK_MODEL"] == SMALL


@pytest.mark.parametrize("command", [("undo",), ("set", "tags=off"), ("speed", "--yes", "--runs", "1")])
def test_what_a_killed_comparison_left_is_put_back_by_the_next_command(played, monkeypatch, capsys, command):
    before = played.settings
    killed(played, monkeypatch)
    assert played.run(*command) == 0
    assert "cut short earlier: the task model is back" in capsys.readouterr().err
    assert played.settings["TASK_MODEL"] == before["TASK_MODEL"]
    assert "undone" in journal(played)


def test_status_tells_of_a_comparison_that_was_killed_and_not_of_one_that_runs(played, monkeypatch, capsys):
    killed(played, monkeypatch)
    with trying.held_in(played.app().paths)():
        assert played.run("status") == 0
    assert "cut short" not in capsys.readouterr().err
    assert played.run("status") == 0
    assert "still the one that it tried. Put it back: " in capsys.readouterr().err
    assert played.run("undo") == 0
    capsys.readouterr()
    assert played.run("status") == 0
    assert "cut short" not in capsys.readouterr().err


def test_undo_takes_back_no_older_change_with_it(played, monkeypatch, capsys):
    assert played.run("set", "tags=off") == 0
    killed(played, monkeypatch)
    assert played.run("undo") == 0
    assert (played.settings["TASK_MODEL"], played.settings["ENABLE_TAGS_GENERATION"]) == ("", False)
    assert played.run("undo") == 0
    assert played.settings["ENABLE_TAGS_GENERATION"] is True


def test_one_that_runs_is_left_alone(played):
    app = played.app()
    held = trying.held_in(app.paths)

    def meanwhile(step):
        if step.asked == SMALL:
            assert trying.put_back(played.app().carrier, held) == ()
            assert played.settings["TASK_MODEL"] == SMALL
            with pytest.raises(ChangeError) as second:
                trying.Bench(app.carrier, bench(app)._slot, BIG, held).compare(BIG, (), 1, lambda _: None)
            assert second.value.problem is Problem.OTHER_WRITER

    test = trying.Bench(app.carrier, bench(app)._slot, BIG, held)
    assert test.compare(BIG, (Entrant(SMALL),), 1, meanwhile).ended is None


def test_what_somebody_chose_since_is_left_alone(played, monkeypatch):
    killed(played, monkeypatch)
    played.webui.settings["TASK_MODEL"] = MIDDLE
    app = played.app()
    assert trying.put_back(app.carrier, trying.held_in(app.paths)) == ()
    assert played.settings["TASK_MODEL"] == MIDDLE
    assert trying.put_back(app.carrier, trying.held_in(app.paths)) == ()
    assert journal(played).count("drifted") == 1  # asked once, not at every start


def test_a_server_that_dies_midway_is_told_and_put_back_when_it_answers_again(played, monkeypatch, capsys):
    before = played.settings
    monkeypatch.setattr(trying, "TRY_EVERY_S", 0.0)
    real = trying.measure

    def dies(server, chat, asked, *rest):
        if asked == SMALL:
            played.webui.fail(FaultKind.HANG_UP)
        return real(server, chat, asked, *rest)

    monkeypatch.setattr(trying, "measure", dies)
    assert played.run("speed", "--yes", "--runs", "1", "--compare", SMALL, MIDDLE) == 1
    out, err = capsys.readouterr()
    assert f"{SMALL} could not be measured" in out
    assert f"{SMALL} may still be its task model." in out
    assert f"Task model {MIDDLE}" not in err
    played.webui.heal()
    assert played.settings["TASK_MODEL"] == SMALL
    app = played.app()
    assert len(trying.put_back(app.carrier, trying.held_in(app.paths))) == 1
    assert played.settings == before


def test_what_it_takes_and_whether_the_chat_model_was_pushed_out_is_seen(played):
    found = bench(played.app()).compare(BIG, (Entrant(SMALL, ollama_name=SMALL),), 1, lambda _: None).trials
    assert [one.displaced for one in found] == [False, False]
    assert found[0].memory_bytes is None
    loaded = {one.name: one.size_bytes for one in played.app().ollama.ps()}
    assert found[1].memory_bytes == loaded[SMALL]


@pytest.mark.parametrize(("answers", "tried"), [(("n", "y"), [""]), (("y", "y"), ["", SMALL])])
def test_one_that_would_push_the_chat_model_out_is_asked_about_first(tmp_path, monkeypatch, capsys, answers, tried):
    said = iter(answers)
    monkeypatch.setattr("tray_app.cli.terminal.Terminal.interactive", property(lambda _self: True))
    monkeypatch.setattr("builtins.input", lambda: next(said))
    with Played(tmp_path / "full", installed=(BIG, SMALL), budget_bytes=20 << 30) as full:
        full.app().open_webui.models()
        before = full.settings
        assert full.run("speed", "--runs", "1", "--json", "--compare", SMALL) == 0
        out, err = capsys.readouterr()
        assert f"{SMALL} has no room beside the chat model" in err
        told = json.loads(out)
        assert [one["task_model"] for one in told["timings"]] == tried
        assert told["left_out"] == ([] if SMALL in tried else [SMALL])
        assert full.settings == before
