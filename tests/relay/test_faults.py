"""What goes wrong: strange requests, servers that come and go, many clients, slow ones, a circle."""

import socket
import sys

import pytest

from tests.ports import free_port
from tests.relay.places import CHUNKED, InThread, Link, Ollama, chunk, get, post, sized
from tray_app.core.values.errors.life import RelayError, RelayProblem
from tray_app.core.values.relay import Ending, Lane, Stage

MANY_FILES = 6000
TITLE = "X-Elbowroom-Task: title_generation"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"no HTTP\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 300_000, "431 Request Header Fields Too Large"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n folded: c\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403 Forbidden"),
        (b"GET / HTTP/1.1\r\nHost: 8.8.8.8:11435\r\n\r\n", "403 Forbidden"),
        (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", "405 Method Not Allowed"),
        (b"GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"),
    ],
)
def test_what_is_not_passed_on(ollama, client, request_, status):
    client.send(request_)
    assert client.message()[0] == f"HTTP/1.1 {status}"
    assert ollama.nobody_comes(0.05)


@pytest.mark.parametrize("host", ["host.docker.internal:11435", "nas.local", "192.168.1.2:11435", "[::1]:11435", ""])
def test_who_is_welcome_at_ollama_is_welcome_here(ollama, client, host):
    client.send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert ollama.link().message()[1]["host"] == f"127.0.0.1:{ollama.port}"


def test_a_wish_to_upgrade_is_a_request_like_any_other(ollama, client):
    client.send(get("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: a"))
    up = ollama.link()
    assert "upgrade" not in up.message()[1]
    up.send(sized(b"Ollama is running"))
    first, headers, body = client.message()
    assert (first, headers["connection"], body) == ("HTTP/1.1 200 OK", "close", b"Ollama is running")
    assert client.is_closed()


def test_a_whole_address_is_a_path(ollama, client):
    client.send(get("http://localhost:11435/api/tags?a=b"))
    assert ollama.link().message()[0] == "GET /api/tags?a=b HTTP/1.1"


def test_requests_sent_in_one_go_are_answered_in_order(ollama, client):
    client.send(get("/1"), post("/api/chat", b'{"model":"m"}'), get("/3"))
    up = ollama.link()
    for first, answer in (("GET /1", b"one"), ("POST /api/chat", b"two"), ("GET /3", b"three")):
        assert up.message()[0] == f"{first} HTTP/1.1"
        up.send(sized(answer))
        assert client.message()[2] == answer


def test_the_old_protocol(ollama, client):
    client.send(b"POST /api/chat HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
    up = ollama.link()
    up.message()
    up.send(CHUNKED, chunk(b"a"), chunk(b"b"), b"0\r\n\r\n")
    assert client.rest().partition(b"\r\n\r\n")[2] == b"ab"


def test_an_answer_that_ends_with_its_connection(ollama, client):
    client.send(get("/"))
    up = ollama.link()
    up.message()
    up.send(b"HTTP/1.1 200 OK\r\n\r\nall ", b"of it")
    up.close()
    assert client.message()[2] == b"all of it"


def test_a_circle_is_told_and_ends(tmp_path):
    port = free_port()
    relay = InThread(f"http://localhost:{port}", tmp_path, port=port)  # as by a name that leads back here
    link = relay.link()
    try:
        link.send(post("/api/chat", b'{"model":"m"}'))
        first, _, body = link.message()
        assert (first, body) == ("HTTP/1.1 508 Loop Detected", b'{"error": "leads back"}')
        assert not relay.state().upstream_ok
    finally:
        link.close()
        relay.end()


def test_a_port_that_is_taken(ollama, tmp_path):
    with pytest.raises(RelayError) as raised:
        InThread(ollama.url, tmp_path, port=ollama.port)
    assert raised.value.problem is RelayProblem.PORT_TAKEN
    assert not (tmp_path / "relay.json").exists()


@pytest.mark.parametrize(("listen", "status"), [("localhost", "403 Forbidden"), ("0.0.0.0", "200 OK")])
def test_a_relay_for_other_machines_takes_their_name_for_it(ollama, tmp_path, listen, status):
    relay = InThread(ollama.url, tmp_path, listen=listen)
    link = relay.link()
    link.send(b"GET /api/version HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    if status == "200 OK":
        up = ollama.link()
        up.message()
        up.send(sized(b"v"))
    assert link.message()[0] == f"HTTP/1.1 {status}"
    link.close()
    relay.end()


@pytest.fixture
def room_for_files():
    """An ordinary user has 1024 open files, and may ask for more."""
    if sys.platform == "win32":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < MANY_FILES:
        pytest.skip(f"no more than {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY_FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("room_for_files")
def test_a_thousand_connections(ollama, relay):
    links = [relay.link() for _ in range(1000)]
    for number, link in enumerate(links):
        link.send(post("/api/chat", b'{"model":"m","n":%d}' % number))
    for _ in links:
        up = ollama.link()
        up.send(sized(up.message()[2]))
    for number, link in enumerate(links):
        assert link.message()[2] == b'{"model":"m","n":%d}' % number
        link.close()
    assert relay.state().counts.chats == 1000


def test_a_slow_reader_slows_ollama_down(ollama, client):
    client.send(get("/api/blob"))
    up = ollama.link()
    up.message()
    size = 64 * 1024 * 1024
    up.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    up.sock.settimeout(0.5)
    sent = 0
    try:
        while sent < size:
            sent += up.sock.send(bytes(1024 * 1024))
    except TimeoutError:
        pass
    assert sent < size
    client.head()
    assert client.take(sent) == bytes(sent)


def test_a_hung_ollama_and_an_impatient_client(ollama, relay, client):
    client.send(post("/api/chat", b'{"model":"m"}'))
    up = ollama.link()
    up.message()
    assert relay.until(lambda state: state.standing).standing[0].stage is Stage.SENT
    client.close()
    assert up.is_closed()
    assert relay.until(lambda state: state.finished).finished[0].ending is Ending.CLIENT_GONE


def test_a_task_outlives_an_ollama_that_starts_anew(ollama, relay, client):
    client.send(post("/api/chat", b'{"model":"m"}', TITLE))
    up = ollama.link()
    up.message()
    up.send(CHUNKED, chunk(b"half an ans"))
    ollama.sock.close()
    up.close()
    assert relay.until(lambda state: state.standing).standing[0].stage is Stage.HELD
    again = Ollama(ollama.port)
    try:
        up = again.link()
        assert up.message()[2] == b'{"model":"m"}'
        up.send(sized(b"title"))
        assert client.message()[2] == b"title"
    finally:
        again.close()


def test_a_chat_goes_first(ollama, relay):
    """A title is at Ollama, a chat comes: the title waits, the chat is answered, then the title is."""
    title, chat = relay.link(), relay.link()
    title.send(post("/api/chat", b'{"model":"m","title":1}', TITLE, "X-Elbowroom-User: u"))
    first = ollama.link()
    first.message()
    first.send(CHUNKED, chunk(b"half a ti"))
    chat.send(post("/api/chat", b'{"model":"m"}', "X-Elbowroom-Task: ", "X-Elbowroom-User: u"))
    assert first.is_closed()
    second = ollama.link()
    assert second.message()[2] == b'{"model":"m"}'
    second.send(sized(b"answer"))
    assert chat.message()[2] == b"answer"
    third = second if second.sock.fileno() > 0 else ollama.link()
    assert third.message()[2] == b'{"model":"m","title":1}'
    third.send(sized(b"title"))
    assert title.message()[2] == b"title"
    title_done, *_ = (one for one in relay.state().finished if one.lane is Lane.TASK)
    assert (title_done.broken_off, title_done.ending) == (1, Ending.SERVED)
    title.close()
    chat.close()


def test_only_the_newest_autocomplete_is_answered(ollama, relay):
    chat = relay.link()
    chat.send(post("/api/chat", b'{"model":"m"}', "X-Elbowroom-User: u"))
    ollama.link().message()
    typed = [relay.link() for _ in range(3)]
    for link in typed:
        link.send(
            post("/api/chat", b'{"model":"m"}', "X-Elbowroom-Task: autocomplete_generation", "X-Elbowroom-User: u")
        )
    for link in typed:  # while a chat runs, none is of use
        assert b'"content": "{\\"text\\": \\"\\"}"' in link.message()[2]
        link.close()
    assert relay.state().counts.dropped == 3
    chat.close()


def test_a_half_sent_request_is_nothing(ollama, relay):
    link = relay.link()
    link.send(b"POST /api/chat HTTP/1.1\r\nContent-Le")
    link.close()
    link = relay.link()
    link.send(post("/api/chat", b"", TITLE, "Content-Length: 10", length=False), b"{")
    link.close()
    assert ollama.nobody_comes(0.1)
    assert not relay.state().standing


def test_nothing_that_was_said_is_kept(ollama, relay, client, caplog):
    client.send(post("/api/chat", b'{"model":"m","prompt":"a secret question"}', TITLE, "Authorization: Bearer sk-1"))
    up = ollama.link()
    up.message()
    up.send(sized(b"a secret answer"))
    client.message()
    told = str(relay.ask("GET", "/state")) + caplog.text + relay.file.read_text()
    assert "secret question" not in told
    assert "secret answer" not in told
    assert "sk-1" not in told


def test_headers_are_cleaned_before_they_are_kept(ollama, relay, client):
    client.send(post("/api/chat", b'{"model":"m"}', "X-Elbowroom-Task: {{TASK}}"))
    ollama.link().message()
    standing = relay.until(lambda state: state.standing).standing[0]
    assert (standing.lane, standing.task) == (Lane.CHAT, "")


def test_a_connection_link():
    """The tests' own end of a connection reads what was sent, however it was cut."""
    one, other = socket.socketpair()
    link = Link(other)
    for byte in CHUNKED + chunk(b"abc") + b"0\r\n\r\n":
        one.send(bytes([byte]))
    assert link.message()[2] == b"abc"
    one.close()
    link.close()
