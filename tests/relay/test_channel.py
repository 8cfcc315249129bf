"""The private channel: who knows the secret of the file may, anybody else learns nothing."""

import json
import os
import stat
import sys
from urllib.error import HTTPError

import pytest

from tests.relay.places import get, post, sized
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.report.codec import encode
from tray_app.storage.relay_file import RelayFile

NOTHING = {"Content-Length": "0", "Connection": "close"}


def refused(ask, *arguments, **named):
    with pytest.raises(HTTPError) as raised:
        ask(*arguments, **named)
    with raised.value as answer:
        return answer.code, dict(answer.headers), answer.read()


def test_the_file_is_for_this_user_only(relay):
    door = RelayFile(relay.file).read()
    assert (door.pid, door.port, door.version) == (os.getpid(), relay.port, "1.2.3")
    if sys.platform != "win32":
        assert stat.S_IMODE(relay.file.stat().st_mode) == 0o600


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 43])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/state"), ("POST", "/end"), ("POST", "/rules"), ("GET", "/other")]
)
def test_without_the_secret_nothing_is_said(relay, method, path, secret):
    assert refused(relay.ask, method, path, secret=secret) == (401, NOTHING, b"")
    assert relay.file.exists()


def test_a_web_page_that_a_name_leads_here_is_refused(relay):
    assert refused(relay.ask, "GET", "/state", host="evil.example:80")[0] == 401


def test_no_page_may_read_it(relay):
    """No CORS: a browser shows no page what it gets."""
    status, headers, body = refused(relay.ask, "OPTIONS", "/state")
    assert (status, headers, body) == (404, NOTHING, b"")


def test_only_what_is_new_is_told(ollama, relay, client):
    up = None
    for number in range(3):
        client.send(post("/api/chat", b'{"model":"m"}'))
        up = up or ollama.link()
        up.message()
        up.send(sized(b"x"))
        client.message()
        assert relay.state(after=number).finished[0].seq == number + 1
    assert [one.seq for one in relay.state(after=1).finished] == [2, 3]
    assert relay.state(after=3).finished == ()


def test_new_rules_count_from_now_on(ollama, relay, client):
    rules = LanesRules(quiet_low_s=0.05, quiet_high_s=0.1, task_models=(("title_generation", "small:1b"),))
    assert relay.ask("POST", "/rules", encode(rules)) == {}
    client.send(post("/api/chat", b'{"model": "big:32b", "keep_alive": "1s"}', "X-Elbowroom-Task: title_generation"))
    up = ollama.link()
    assert json.loads(up.message()[2]) == {"model": "small:1b"}
    up.send(sized(b"title"))
    assert client.message()[2] == b"title"
    assert relay.state().finished[0].model == "small:1b"


@pytest.mark.parametrize("body", [[], {"max_hold_s": "long"}, {"task_models": [["one"]]}])
def test_rules_that_are_none_change_nothing(relay, body):
    status, _, said = refused(relay.ask, "POST", "/rules", body)
    assert status == 400
    assert "error" in json.loads(said)


def test_it_ends_when_what_is_open_is_answered(ollama, relay, client):
    client.send(post("/api/chat", b'{"model":"m"}'))
    up = ollama.link()
    up.message()
    assert relay.ask("POST", "/end", {}) == {}
    relay.end_is_near()
    assert not relay.file.exists()
    with pytest.raises(ConnectionRefusedError):
        relay.link()
    up.send(sized(b"the whole answer"))
    _, headers, body = client.message()
    assert (headers["connection"], body) == ("close", b"the whole answer")
    relay.has_ended()


def test_it_does_not_wait_for_those_who_ask_nothing(relay, client):
    assert relay.ask("POST", "/end", {"within_s": 600}) == {}
    assert client.is_closed()
    relay.has_ended()


def test_it_ends_at_last(ollama, relay, client):
    client.send(get("/api/tags"))
    ollama.link().message()
    assert relay.ask("POST", "/end", {"within_s": 600}) == {}
    assert relay.ask("POST", "/end", {"within_s": 0.05}) == {}
    relay.has_ended()
    assert client.is_closed()


def test_the_file_of_the_next_relay_stays(relay):
    door = RelayFile(relay.file).read()
    RelayFile(relay.file).write(type(door)(1, 2, "", 3, "s" * 43, "", 0.0))
    relay.end()
    assert RelayFile(relay.file).read().pid == 1
