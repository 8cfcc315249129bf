"""Chat first on, off, undone, and what must be true of the server and its version."""

import json
import os
import socket

import pytest

from tests.app.chat_first.bench import FAILED, Bench, refused, state, title
from tests.ports import free_port
from tray_app.app.jobs import chat_first_work
from tray_app.app.session import Session
from tray_app.core.tasks.ollama_connections import HEADERS
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.token import Token, origin_of
from tray_app.standins.open_webui import USER
from tray_app.standins.server import FaultKind, wait_until
from tray_app.standins.upstream import get_json
from tray_app.storage.secret import KeptIn


def test_on_leads_open_webui_to_the_relay_and_off_leads_it_back(bench, run):
    before = bench.webui.registry.ollama.told()
    code, _, err = run("chat-first", "on", "--yes")
    assert code == 0, err
    assert bench.urls == bench.by_relay
    assert bench.webui.registry.ollama.configs["0"]["headers"] == HEADERS
    assert state(run) == "on"
    headers = title(bench)
    assert not [name for name in headers if name.startswith("x-elbowroom")]
    assert bench.relay.state().counts.tasks == 1
    code, _, err = run("chat-first", "off")
    assert code == 0, err
    assert (bench.webui.registry.ollama.told(), bench.urls) == (before, bench.direct)
    assert bench.relay.door() is None
    assert state(run) == "off"
    assert title(bench)


def test_a_dry_run_starts_and_writes_nothing(bench, run):
    code, out, _ = run("chat-first", "on", "--dry-run")
    assert code == 0
    assert bench.by_relay[0] in out
    assert (bench.urls, bench.relay.door()) == (bench.direct, None)


def test_without_a_terminal_it_wants_a_yes(bench, run):
    assert run("chat-first", "on")[0] == 2
    assert bench.urls == bench.direct


def test_the_relay_is_a_process_of_its_own(bench, run):
    run("chat-first", "on", "--yes")
    pid = bench.relay.door().pid
    assert pid != os.getpid()
    assert os.getsid(pid) != os.getsid(0)


def test_undo_works_without_tray_and_relay(bench, run):
    run("chat-first", "on", "--yes")
    bench.kill_relay()
    assert state(run) == "no-relay"
    code, _, err = run("undo")
    assert code == 0, err
    assert bench.urls == bench.direct
    assert state(run) == "off"


def test_undo_ends_the_relay(bench, run):
    run("chat-first", "on", "--yes")
    assert run("undo")[0] == 0
    assert (bench.urls, bench.relay.door()) == (bench.direct, None)


def test_the_tray_starts_a_relay_that_died(bench, run):
    run("chat-first", "on", "--yes")
    first = bench.kill_relay()
    session = Session(bench.overrides)
    try:
        assert session.chat_first.keep()
        assert wait_until(lambda: session.chat_first.keep() and bench.relay.door() is not None, 20)
        assert bench.relay.door().pid != first
        assert bench.relay.door().port == bench.port
        assert title(bench)
    finally:
        session.close()


def test_nothing_is_started_where_nothing_leads_to_it(bench):
    session = Session(bench.overrides)
    try:
        assert not session.chat_first.keep()
        assert bench.relay.door() is None
    finally:
        session.close()


def test_quit_takes_the_connection_back_and_the_next_start_puts_it_back(bench, run):
    run("chat-first", "on", "--yes")
    session = Session(bench.overrides)
    assert session.chat_first.take_back() is None
    session.close()
    assert (bench.urls, bench.relay.door()) == (bench.direct, None)
    assert state(run) == "paused"
    again = Session(bench.overrides)
    try:
        look = again.look()
        assert again.chat_first.is_due(look)
        assert not again.chat_first.is_due(look)
        led = look.facts.overview.connections
        done = chat_first_work(again.app, led, again.translator, on=True)(None)
        assert done.change_id
    finally:
        again.close()
    assert (bench.urls, state(run)) == (bench.by_relay, "on")


def test_a_quit_that_was_killed_before_it_took_anything_back_leaves_nothing_to_complain_of(bench, run):
    run("chat-first", "on", "--yes")
    bench.app().chat_first.pause(paused=True)
    again = Session(bench.overrides)
    try:
        look = again.look()
        assert again.chat_first.is_due(look)
        done = chat_first_work(again.app, look.facts.overview.connections, again.translator, on=True)(None)
    finally:
        again.close()
    assert (done.change_id, done.message) == ("", "")
    assert not bench.app().state.read().chat_first_paused
    assert (bench.urls, state(run)) == (bench.by_relay, "on")


def test_a_quit_while_open_webui_is_down_leaves_it_on_and_says_so(bench, run):
    run("chat-first", "on", "--yes")
    bench.webui.fail(FaultKind.HANG_UP)
    session = Session(bench.overrides)
    assert isinstance(session.chat_first.take_back(), ElbowroomError)
    session.close()
    bench.webui.heal()
    assert (bench.urls, state(run)) == (bench.by_relay, "on")
    assert bench.relay.door() is not None


def test_a_server_that_does_not_reach_the_relay_is_told_what_to_do_and_left_alone(bench, run, monkeypatch):
    """As one in a container does, where this machine's loopback is its own."""
    monkeypatch.setattr("tray_app.standins.webui_admin.get_json", _nobody)
    line = refused(run)
    assert "gets no answer" in line
    assert "container" in line
    assert (bench.urls, bench.relay.door()) == (bench.direct, None)
    assert bench.app().journal.read().records == ()


def _nobody(url, path, *_):
    from tray_app.standins.upstream import UpstreamError

    raise UpstreamError(0, "refused")


def test_a_port_that_another_program_has_is_named(bench, run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", bench.port))
        other.listen()
        assert str(bench.port) in refused(run)
    assert bench.urls == bench.direct


def test_an_address_of_ollama_that_is_the_relay_means_what_stands_behind_it(bench, run):
    run("chat-first", "on", "--yes")
    assert bench.relay.behind(bench.by_relay[0]) == bench.ollama.url
    assert bench.relay.behind(bench.by_relay[0].replace("127.0.0.1", "localhost")) == bench.ollama.url
    assert bench.relay.behind("http://nas:11434") == "http://nas:11434"


def test_a_second_on_changes_nothing(bench, run):
    run("chat-first", "on", "--yes")
    assert "on already" in refused(run)
    assert bench.urls == bench.by_relay


def test_a_header_that_somebody_set_is_told_and_left(bench, run):
    mine = {"0": {"headers": {"X-Elbowroom-Task": "mine"}}}
    bench.webui.registry.ollama.configs = json.loads(json.dumps(mine))
    line = refused(run)
    assert "X-Elbowroom-Task" in line
    assert "mine" not in line
    assert (bench.urls, bench.webui.registry.ollama.configs) == (bench.direct, mine)


def test_settings_that_a_write_would_lose_stop_it(bench, run):
    bench.webui.registry.ollama.configs = {bench.ollama.url: {"key": "sk-old"}}
    assert "old form" in refused(run)
    assert bench.urls == bench.direct


def test_other_connections_keys_and_prefixes_stay(bench, run):
    connections = bench.webui.registry.ollama
    connections.urls.append("http://127.0.0.1:9")
    connections.configs = {"0": {"prefix_id": "mac", "key": "sk-1"}, "1": {"enable": False, "key": "sk-2"}}
    before = json.loads(json.dumps(connections.told()))
    assert run("chat-first", "on", "--yes")[0] == 0
    assert connections.urls == [*bench.by_relay, "http://127.0.0.1:9"]
    assert connections.configs["1"] == before["OLLAMA_API_CONFIGS"]["1"]
    assert connections.configs["0"] == {"prefix_id": "mac", "key": "sk-1", "headers": HEADERS}
    assert "sk-" not in (bench.home / "journal.jsonl").read_text("utf-8")
    run("chat-first", "off")
    assert connections.told() == before


def test_an_admin_who_changed_the_connection_is_told_and_not_fought(bench, run):
    run("chat-first", "on", "--yes")
    bench.urls[0] = "http://127.0.0.1:9"
    assert state(run) == "changed-elsewhere"
    assert run("chat-first", "off")[0] == 0
    assert bench.urls == ["http://127.0.0.1:9"]
    assert "headers" not in bench.webui.registry.ollama.configs.get("0", {})


def test_another_port_in_the_settings_while_it_is_on_is_said(bench, run):
    run("chat-first", "on", "--yes")
    bench.set_port(free_port())
    _, out, _ = run("chat-first", "status")
    assert "another port" in out
    run("chat-first", "off")
    assert bench.urls == bench.direct


def test_a_gateway_of_ones_own_needs_no_relay(bench, run):
    at = bench.ollama.url.replace("127.0.0.1", "localhost")
    assert run("chat-first", "on", "--yes", "--at", at)[0] == 0
    assert (bench.urls, bench.relay.door()) == ([at], None)
    assert state(run) == "on"
    session = Session(bench.overrides)
    assert not session.chat_first.keep()
    assert session.chat_first.take_back() is None
    session.close()
    assert bench.urls == [at]
    run("chat-first", "off")
    assert bench.urls == bench.direct


@pytest.mark.parametrize(("version", "good"), [("0.9.6", False), ("0.10.2", True), ("0.11.4", True)])
def test_only_releases_that_tell_what_a_request_is_for(tmp_path, clean, capsys, version, good):
    with Bench(tmp_path / "home", version=version) as bench:
        code = bench.run("chat-first", "on", "--yes")
        err = capsys.readouterr().err
        assert (code, bench.urls) == ((0, bench.by_relay) if good else (FAILED, bench.direct))
        assert good or "0.10 or newer" in err


def test_a_user_without_rights_changes_nothing(tmp_path, clean, capsys):
    with Bench(tmp_path / "home", alone=False) as bench:
        token = Token(bench.webui.session(USER[0]), origin_of(bench.webui.url))
        bench.app().secrets.store(token, KeptIn.FILE)
        assert bench.run("chat-first", "on", "--yes") == FAILED
        assert "Nothing was changed" in capsys.readouterr().err
        assert (bench.urls, bench.relay.door()) == (bench.direct, None)


def test_the_list_of_models_is_there_right_after(bench, run):
    """The write makes Open WebUI forget its models: a task of an open tab would find none."""
    run("chat-first", "on", "--yes")
    assert bench.webui.registry.entries
    assert get_json(bench.by_relay[0], "/api/version")["version"] == bench.ollama.version
