"""Whatever a server answers: no view ends, nothing leaks, no other source is lost. The large one: tests/server_answers.py."""

import random

import pytest

from tests.server_answers import suite
from tests.spoiled import Spoiler
from tray_app.services._answer import Hidden
from tray_app.standins.server import Lines, Response, as_json

ROUNDS = 60


@pytest.fixture
def made(tmp_path):
    with suite(tmp_path / "home", seed=1) as made:
        yield made


@pytest.fixture
def at_once(made):
    with made._without_waiting(always=False):
        yield


def test_some_spoiled_answers_through_every_view(made):
    for _ in range(ROUNDS):
        assert made.round() == []
    assert made.count > ROUNDS
    assert len(made.rounds) == len(set(made.views))


@pytest.mark.usefixtures("at_once")
def test_a_token_that_would_be_shown_is_found(made, monkeypatch):
    token = made.answers.token.encode()
    made.answers.forgetful = lambda good: Response(good.body.replace(b"0.12.4", token), good.status)
    made.answers.spoilers["webui"] = lambda good: good
    made.answers.spoilers["ollama"] = lambda good: good
    made.answers.share = 1.0
    assert made._command(("status",), {0}) == []
    monkeypatch.setattr(Hidden, "hide_in", lambda _, data: data)
    assert any("the token in" in fault for fault in made._command(("status",), {0}))


@pytest.mark.usefixtures("at_once")
def test_an_escape_that_would_be_shown_is_found(made, monkeypatch):
    made.answers.spoilers["ollama"] = lambda good: Response(good.body.replace(b"0.32.15", b"\\u009b31m"), good.status)
    made.answers.spoilers["webui"] = made.answers.forgetful = lambda good: good
    made.answers.share = 1.0
    assert made._command(("status",), {0}) == []
    for module in ("ollama", "open_webui"):
        monkeypatch.setattr(f"tray_app.services.{module}.short", str)
    monkeypatch.setattr("tray_app.core.text.status.clean", str)
    assert any("\\x9b" in fault for fault in made._command(("status",), {0}))


def test_a_source_that_would_be_lost_with_another_is_found(made, monkeypatch):
    monkeypatch.setattr("tray_app.app.poll.Poll._taken", lambda _: 1 // 0)
    assert any("ZeroDivisionError" in fault for fault in made._tray() + made._command(("status",), {0}))


def test_each_way_to_spoil_changes_what_is_said():
    """What it does to a good answer is an answer again, of any status."""
    spoiler = Spoiler(random.Random(2), "a-token")
    good = as_json({"models": [{"name": "a", "size": 1}, {"name": "b", "size": 2}]})
    bodies = {spoiler(good).body for _ in range(300)}
    assert len(bodies) > 100
    parts = [b'{"a": 1}\n', b'data: {"b": 2}\n'] * 20
    spoiled = list(spoiler(Lines(iter(parts))).parts)
    assert len(spoiled) == len(parts)
    assert spoiled != parts
