"""`connect` at a terminal: what is missing is asked before a secret is typed, and the next step is told."""

import pytest

from tests.played import Played
from tray_app.cli import account
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.standins.open_webui import ADMIN
from tray_app.storage.keychain import Keychain


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.cli.terminal.Terminal.interactive", property(lambda _self: True))
    with Played(tmp_path) as made:
        made.app().secrets.forget_all()
        yield made


@pytest.fixture
def typed(monkeypatch):
    """What a person types, in the order in which it was asked for."""
    asked = []
    answers = {"file": "y", "key": "", "email": ADMIN[0], "password": ADMIN[1]}

    def secret(_prompt, **_more):
        asked.append("password" if "key" in asked else "key")
        return answers[asked[-1]]

    def line():
        asked.append("email" if "key" in asked else "file")
        return answers[asked[-1]]

    monkeypatch.setattr(account.getpass, "getpass", secret)
    monkeypatch.setattr("builtins.input", line)
    return asked, answers


@pytest.fixture
def no_keychain(monkeypatch):
    def found(_self):
        raise ChangeError(Problem.NO_KEYCHAIN, "keychain", "none")

    monkeypatch.setattr(Keychain, "found", found)


def test_without_a_keychain_the_file_is_asked_for_before_any_secret(played, typed, no_keychain, capsys):
    asked, _ = typed
    assert played.run("--lang", "en", "connect", played.webui.url) == 0
    assert asked == ["file", "key", "email", "password"]
    assert played.app().token(played.webui.url) is not None
    out = capsys.readouterr().out
    assert "status" in out.splitlines()[-1]
    assert "fix --list" in out.splitlines()[-1]


def test_after_a_no_nothing_is_typed_and_nothing_is_kept(played, typed, no_keychain):
    asked, answers = typed
    answers["file"] = "n"
    assert played.run("--lang", "en", "connect", played.webui.url) == 1
    assert asked == ["file"]
    assert played.app().token(played.webui.url) is None


def test_with_the_option_nobody_is_asked(played, typed, no_keychain):
    asked, _ = typed
    assert played.run("--lang", "en", "connect", played.webui.url, "--insecure-file-secret") == 0
    assert "file" not in asked
