"""What passes through: every byte of a body both ways, the heads of both, and who hangs up."""

import contextlib

import pytest

from tests.relay.places import CHUNKED, chunk, get, post, sized


def test_an_answer_comes_as_it_is(ollama, client):
    client.send(get("/api/version?x=1", "User-Agent: a", "Accept: */*"))
    up = ollama.link()
    first, headers, _ = up.message()
    assert first == "GET /api/version?x=1 HTTP/1.1"
    assert headers["host"] == f"127.0.0.1:{ollama.port}"
    assert "origin" not in headers
    up.send(
        sized(
            b'{"version":"0.32.1"}',
            "200 OK",
            "Content-Type: application/json",
            "Date: D",
            "Set-Cookie: a",
            "Set-Cookie: b",
        )
    )
    first, headers = client.head()
    assert first == "HTTP/1.1 200 OK"
    assert headers == [
        ("Content-Type", "application/json"),
        ("Date", "D"),
        ("Set-Cookie", "a"),
        ("Set-Cookie", "b"),
        ("Content-Length", "20"),
    ]
    assert client.take(20) == b'{"version":"0.32.1"}'


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/api/generate"])
def test_each_part_of_a_streamed_answer_comes_when_it_is_there(ollama, client, path):
    client.send(post(path, b'{"model":"qwen3:32b"}'))
    up = ollama.link()
    assert up.message()[2] == b'{"model":"qwen3:32b"}'
    up.send(CHUNKED, chunk(b'{"message":{"content":"A"}}\n'))
    assert client.head()[0] == "HTTP/1.1 200 OK"
    assert client.chunk() == b'{"message":{"content":"A"}}\n'
    up.send(chunk(b"data: B\n\n"))
    assert client.chunk() == b"data: B\n\n"
    up.send(b"0\r\n\r\n")
    assert client.chunk() == b""


def test_connections_are_kept_on_both_sides(ollama, client):
    up = None
    for number in range(3):
        client.send(post("/api/chat", b'{"n":%d}' % number))
        up = up or ollama.link()
        assert up.message()[2] == b'{"n":%d}' % number
        up.send(sized(b"%d" % number))
        assert client.message()[2] == b"%d" % number


def test_our_headers_and_those_of_one_connection_end_here(ollama, client):
    client.send(
        post(
            "/api/chat", b"{}", "X-Elbowroom-Task: ", "X-Elbowroom-Chat: c", "x-elbowroom-user: u", "Connection: keep-alive, X-Hop",
            "X-Hop: 1", "Keep-Alive: timeout=5", "TE: trailers", "Proxy-Connection: a", "Authorization: Bearer k", "X-Other: 1",
        )
    )  # fmt: skip
    _, headers, _ = ollama.link().message()
    assert set(headers) == {"host", "authorization", "x-other", "content-length", "via"}


def test_a_client_that_leaves_is_passed_on(ollama, client):
    client.send(post("/api/chat"))
    up = ollama.link()
    up.message()
    up.send(CHUNKED, chunk(b"token"))
    client.head()
    client.close()
    assert up.is_closed()


def test_a_client_that_closes_its_half_has_left(ollama, client):
    client.send(post("/api/chat"))
    up = ollama.link()
    up.message()
    client.sock.shutdown(1)
    assert up.is_closed()


def test_an_answer_that_is_broken_off_looks_so(ollama, client):
    client.send(post("/api/chat"))
    up = ollama.link()
    up.message()
    up.send(CHUNKED, chunk(b"token"))
    up.close()
    client.head()
    assert client.chunk() == b"token"
    assert client.is_closed()


def test_no_ollama(ollama, relay, client):
    ollama.close()
    client.send(get("/api/tags"))
    first, headers, body = client.message()
    assert first == "HTTP/1.1 502 Bad Gateway"
    assert headers["content-type"].startswith("application/json")
    assert body == b'{"error": "not there"}'
    client.send(post("/api/chat", b'{"model": "m"}'))
    assert client.message()[0] == "HTTP/1.1 502 Bad Gateway"
    state = relay.state()
    assert not state.upstream_ok
    assert state.counts.failed == 1


@pytest.mark.parametrize("status", ["503 Service Unavailable", "404 Not Found", "400 Bad Request", "429 Slow Down"])
def test_errors_come_as_they_are(ollama, client, status):
    client.send(post("/api/chat"))
    up = ollama.link()
    up.message()
    up.send(sized(b'{"error":"busy"}', status, "Retry-After: 3"))
    first, headers, body = client.message()
    assert (first, headers["retry-after"], body) == (f"HTTP/1.1 {status}", "3", b'{"error":"busy"}')


def test_a_large_body_waits_for_ollama_and_not_in_memory(ollama, client):
    size = 64 * 1024 * 1024
    client.send(b"POST /api/blobs/sha256-a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % size)
    client.sock.settimeout(0.5)
    sent = 0
    with contextlib.suppress(TimeoutError):  # Ollama does not read
        while sent < size:
            sent += client.sock.send(bytes(1024 * 1024))
    assert sent < size
    up = ollama.link()
    assert up.head()[0] == "POST /api/blobs/sha256-a HTTP/1.1"
    assert up.take(sent) == bytes(sent)


def test_who_asks_to_send_its_body_is_told_by_ollama(ollama, client):
    client.send(post("/api/chat", b"", "Expect: 100-continue", "Content-Length: 2", length=False))
    up = ollama.link()
    assert ("Expect", "100-continue") in up.head()[1]
    up.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert client.head() == ("HTTP/1.1 100 Continue", [])
    client.send(b"{}")
    assert up.take(2) == b"{}"
    up.send(sized(b"ok"))
    assert client.message()[2] == b"ok"


def test_a_chunked_body_stays_one(ollama, client):
    client.send(post("/api/create", b"", "Transfer-Encoding: chunked", length=False), chunk(b"one"))
    up = ollama.link()
    assert ("Transfer-Encoding", "chunked") in up.head()[1]
    assert up.chunk() == b"one"
    client.send(chunk(b"two"), b"0\r\n\r\n")
    assert up.chunk() == b"two"
    assert up.chunk() == b""


def test_a_head_only_answer_and_the_next_one(ollama, client):
    client.send(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    up = ollama.link()
    up.message()
    up.send(b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n")
    assert client.message(has_body=False)[1] == {"content-length": "17"}
    client.send(get("/"))
    assert up.message()[0] == "GET / HTTP/1.1"
    up.send(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert client.message(has_body=False)[0] == "HTTP/1.1 204 No Content"
