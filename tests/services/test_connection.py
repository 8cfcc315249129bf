"""A program that takes the port of a server over must not get that server's token."""

import pytest

from tray_app.core.values.errors.service import NotThatServer, Redirected
from tray_app.core.values.token import Token, origin_of
from tray_app.services.http import Http

TOKEN = b"secret-token"
PAGE = b"<html>hello</html>"


def check(value):
    if value != {"it": "me"}:
        raise NotThatServer("", "other-json")


@pytest.fixture
def http(closing):
    def made(url):
        client = closing(Http(url, token=Token(TOKEN.decode(), origin_of(url))))
        client.ask_first("/who", check)
        return client

    return made


def itself(peer, requests=1000):
    """The server: says who it is, and answers that many requests over one connection."""
    for _ in range(requests):
        asked = peer.request()
        if not asked:
            return
        peer.answer(b'{"it": "me"}' if asked.startswith(b"GET /who") else b'{"a": 1}')


def seen(server):
    return [(asked.split(b" HTTP")[0].decode(), TOKEN in asked) for asked in server.requests]


def test_it_is_asked_who_it_is_once_for_each_connection(serve, http):
    server = serve(itself)
    client = http(server.url)
    for _ in range(3):
        assert client.get_json("/x") == {"a": 1}
    client.post_json("/x", {})
    assert seen(server) == [("GET /who", False), *[("GET /x", True)] * 3, ("POST /x", True)]
    assert server.accepted == 1


@pytest.mark.parametrize(
    "other",
    [
        lambda peer: peer.answer(b'{"it": "another"}'),
        lambda peer: peer.answer(PAGE, content_type="text/html"),
        lambda peer: peer.answer(b"{", status="404 Not Found"),
        lambda peer: peer.answer(b"", status="302 Found", headers="Location: javascript:x\r\n"),
    ],
    ids=["json", "html", "404", "redirect"],
)
@pytest.mark.parametrize("how", ["get", "post", "stream"])
def test_who_took_the_port_over_does_not_see_the_token(serve, http, other, how):
    """The connection ended between two polls; the next one is to somebody else."""

    def behave(peer):
        if peer.count == 1:
            itself(peer, requests=2)
        else:
            while peer.request():
                other(peer)

    server = serve(behave)
    client = http(server.url)
    assert client.get_json("/x") == {"a": 1}
    ask = {
        "get": lambda: client.get_json("/y"),
        "post": lambda: client.post_json("/y", {"password": "x"}),
        "stream": lambda: list(client.post_lines("/y", {}, cancelled=lambda: False)),
    }[how]
    with pytest.raises((NotThatServer, Redirected)):
        ask()
    assert [with_token for _, with_token in seen(server)] == [False, True, *[False] * (len(server.requests) - 2)]
    assert not [asked for asked, _ in seen(server) if asked.endswith("/y")]


def test_a_server_that_restarted_is_asked_again_and_used(serve, http):
    server = serve(lambda peer: itself(peer, requests=3))
    client = http(server.url)
    for _ in range(4):
        assert client.get_json("/x") == {"a": 1}
    assert seen(server) == [("GET /who", False), ("GET /x", True), ("GET /x", True)] * 2


def test_a_server_that_keeps_no_connection_is_asked_before_each_request(serve, http):
    def behave(peer):
        asked = peer.request()
        if asked:
            body = b'{"it": "me"}' if asked.startswith(b"GET /who") else b'{"a": 1}'
            peer.answer(body, headers="Connection: close\r\n")

    server = serve(behave)
    assert http(server.url).get_json("/x") == {"a": 1}
    assert [with_token for _, with_token in seen(server)] == [False, False, True]


def test_an_anonymous_question_carries_no_token(serve, http):
    server = serve(itself)
    assert http(server.url).get_json("/x", anonymous=True) == {"a": 1}
    assert seen(server) == [("GET /x", False)]
