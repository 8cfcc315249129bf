"""What a person is told who takes away what chat first needs, and models that the settings name for a task."""

import pytest

from tests.app.chat_first.bench import state, title
from tray_app.app.language import load
from tray_app.app.session import Session
from tray_app.core.text.chat_first import LINUX, said
from tray_app.core.values.errors.change import Problem
from tray_app.core.values.errors.life import ChatFirstError, ChatFirstProblem
from tray_app.standins.server import wait_until

EN = load("en")


def test_disconnecting_says_what_it_means_and_keeps_the_relay(bench, run):
    run("chat-first", "on", "--yes")
    code, _, err = run("disconnect")
    assert code == 0
    assert "cannot take the connection back" in " ".join(err.split())
    assert "chat-first off" in err
    assert (bench.urls, bench.relay.door() is not None) == (bench.by_relay, True)
    assert state(run) == "on"
    assert run("chat-first", "off")[0] == 1  # and says how to sign in
    session = Session(bench.overrides)
    try:
        assert session.chat_first.keep()  # Open WebUI needs it all the same
        kept_by = session.chat_first.take_back()
        assert kept_by is not None
        assert kept_by.problem is Problem.NOT_CONNECTED
        assert "cannot take the connection back" in session.disconnect()
    finally:
        session.close()
    assert bench.urls == bench.by_relay


def test_without_it_nothing_of_it_is_said(bench, run):
    session = Session(bench.overrides)
    try:
        assert session.disconnect() == ""
    finally:
        session.close()
    _, _, err = run("disconnect")
    assert "Chat first" not in err


def test_no_start_at_login_says_what_a_restart_means(bench, run, monkeypatch):
    monkeypatch.setattr("tray_app.autostart.switch_off", lambda: None)
    assert "Chat first" not in run("autostart", "off")[2]
    run("chat-first", "on", "--yes")
    assert "finds no models until Elbowroom runs" in " ".join(run("autostart", "off")[2].split())
    session = Session(bench.overrides)
    try:
        assert "chat-first off" in session.autostart(on=False)
    finally:
        session.close()


@pytest.mark.parametrize(
    ("system", "typed"),
    [(LINUX, "--network=host"), ("darwin", "host.docker.internal"), ("win32", "host.docker.internal")],
)
def test_a_container_that_cannot_reach_loopback_is_told_what_to_type_here(system, typed):
    text, step = said(ChatFirstError(ChatFirstProblem.NOT_REACHED, "http://127.0.0.1:11435", system), EN)
    assert "nothing was changed" in text
    assert typed in step
    assert "chat-first on --at URL" in step


def models(bench, text):
    with (bench.home / "settings.toml").open("a") as file:
        file.write(f"[task_models]\n{text}\n")


def test_a_model_for_a_task_that_ollama_lacks_is_said_and_the_task_done_all_the_same(bench, run):
    models(bench, 'titles = "no-such:1b"')
    run("chat-first", "on", "--yes")
    said_now = " ".join(run("status")[2].split())
    assert "names no-such:1b (title of a chat), which Ollama does not have" in said_now
    assert "ollama pull no-such:1b" in said_now
    assert "no-such:1b" in " ".join(run("doctor")[2].split())
    session = Session(bench.overrides)
    try:
        session.look()
        assert "no-such:1b" in session.complaint()
        assert title(bench)
    finally:
        session.close()
    last = [one for one in bench.ollama.asked if one.path == "/api/chat"][-1]
    assert last.json()["model"] == "qwen3:32b"


def test_nothing_is_said_of_it_while_chat_first_is_off(bench, run):
    models(bench, 'titles = "no-such:1b"')
    assert "no-such" not in run("status")[2]


def test_at_a_start_the_relay_comes_before_the_icon(bench, run, monkeypatch):
    """Also at login, and after a restart of the computer: nothing else is waited for."""
    run("chat-first", "on", "--yes")
    first = bench.kill_relay()
    seen = []

    def show(*_, **__):
        seen.append(wait_until(lambda: bench.relay.door() is not None, 60))
        return 0

    monkeypatch.setattr("tray_app.cli.tray._repair_autostart", lambda _home: None)
    monkeypatch.setattr("tray_app.cli.tray.show", show)
    assert run("tray", "--at-login")[0] == 0
    assert seen == [True]
    assert bench.relay.door().pid != first
    assert title(bench)
