"""What a server may do to us, on real sockets: hang, drip, lie, redirect, flood, break off."""

import json
import socket
import threading
import tracemalloc

import httpx
import pytest

from tray_app import __version__
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.service import (
    BadAnswer,
    InFront,
    Insecure,
    Interrupted,
    Invalid,
    NotFound,
    Redirected,
    Refused,
    RefusedBecause,
    ServerFailed,
    ServiceError,
    TimedOut,
    TooMany,
    Unreachable,
    Untrusted,
)
from tray_app.core.values.token import Token, origin_of
from tray_app.services._body import LINE_LIMIT_BYTES
from tray_app.services.http import LIMIT_BYTES, Http

JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SHORT_S = 0.3
"""A deadline that is meant to be missed."""


def answers(body=b'{"a": 1}', **more):
    def behave(peer):
        while peer.request():
            peer.answer(body, **more)

    return behave


def made(closing, url, **options):
    return closing(Http(url, **options))


def test_a_good_answer_is_its_json(serve, closing):
    assert made(closing, serve(answers()).url).get_json("/x") == {"a": 1}


def test_requests_share_one_connection(serve, closing):
    server = serve(answers())
    http = made(closing, server.url)
    for _ in range(3):
        http.get_json("/x")
    http.post_json("/x", {"b": None})
    assert server.accepted == 1
    assert len(server.requests) == 4


def test_a_fresh_read_uses_a_new_connection(serve, closing):
    server = serve(answers())
    http = made(closing, server.url)
    http.get_json("/x")
    http.get_json("/x", fresh=True)
    assert server.accepted == 2


def test_the_request_says_who_asks_and_wants_no_compression(serve, closing):
    server = serve(answers())
    made(closing, server.url).get_json("/x")
    head = server.requests[0].decode().lower()
    assert f"user-agent: elbowroom/{__version__}" in head
    assert "accept-encoding: identity" in head
    assert "authorization" not in head
    assert "origin:" not in head


# --- deadlines ---


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(lambda peer: peer.hang(), id="never reads"),
        pytest.param(lambda peer: (peer.request(), peer.hang()), id="no answer"),
        pytest.param(lambda peer: (peer.request(), peer.drip(b"X")), id="drips the status line"),
        pytest.param(lambda peer: (peer.request(), peer.send(JSON_HEAD), peer.drip(b"A: b\r\n")), id="drips headers"),
        pytest.param(
            lambda peer: (peer.request(), peer.send(JSON_HEAD + b"Content-Length: 9000\r\n\r\n"), peer.drip(b" ")),
            id="drips the body",
        ),
        pytest.param(
            lambda peer: (peer.request(), peer.send(JSON_HEAD + b"Content-Length: 90\r\n\r\n{"), peer.hang()),
            id="stops in the body",
        ),
        pytest.param(
            lambda peer: (
                peer.request(),
                peer.send(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
                peer.drip(b"1\r\n \r\n"),
            ),
            id="drips chunks",
        ),
        pytest.param(
            lambda peer: (peer.request(), peer.flood(b"HTTP/1.1 100 Continue\r\n\r\n")), id="promises for ever"
        ),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_deadline_holds_for_the_whole_request(serve, closing, behave, method):
    server = serve(behave)
    http = made(closing, server.url, deadline_s=SHORT_S)
    with pytest.raises(TimedOut) as caught:
        http.get_json("/x") if method == "get" else http.post_json("/x", {})
    assert caught.value.seconds == SHORT_S
    assert server.accepted == 1, "a request that timed out is not repeated"


def test_a_slow_server_is_used_again_after_it_timed_out(serve, closing):
    def behave(peer):
        peer.request()
        if peer.count == 1:
            peer.hang()
        peer.answer(b"[]")

    http = made(closing, serve(behave).url)
    with pytest.raises(TimedOut):
        http.get_json("/x", deadline_s=SHORT_S)
    assert http.get_json("/x") == []


def test_a_second_thread_waits_no_longer_than_its_own_deadline(serve, closing):
    asked, enough = threading.Event(), threading.Event()

    def behave(peer):
        peer.request()
        asked.set()
        peer.hang()

    http = made(closing, serve(behave).url)
    ended = []

    def first():
        with pytest.raises(ChangeError) as caught:
            http.post_json("/x", {}, deadline_s=60, cancelled=enough.is_set)
        ended.append(caught.value.problem)

    thread = threading.Thread(target=first)
    thread.start()
    assert asked.wait(10)
    with pytest.raises(TimedOut):
        http.get_json("/y", deadline_s=SHORT_S)
    assert ended == []
    enough.set()
    thread.join()
    assert ended == [Problem.CANCELLED]


def test_cancelling_ends_a_waiting_request(serve, closing):
    asked = threading.Event()

    def behave(peer):
        peer.request()
        asked.set()
        peer.hang()

    http = made(closing, serve(behave).url)
    with pytest.raises(ChangeError) as caught:
        http.post_json("/x", {}, deadline_s=60, cancelled=asked.is_set)
    assert caught.value.problem is Problem.CANCELLED


# --- connections ---


def test_nothing_listening_is_unreachable(closing):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        made(closing, f"http://127.0.0.1:{port}").get_json("/x")
    assert caught.value.detail
    assert "[Errno" not in caught.value.detail


def test_a_name_that_does_not_resolve_is_unreachable(closing, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreachable) as caught:
        made(closing, "http://nas:1").get_json("/x")
    assert caught.value.detail == "Name or service not known"


def test_a_resolver_that_hangs_is_cut_off(closing, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr("tray_app.services._watch.socket.getaddrinfo", lambda *_, **__: over.wait() and [])
    with pytest.raises(TimedOut):
        made(closing, "http://nas:1", deadline_s=SHORT_S).get_json("/x")
    over.set()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_localhost_finds_a_server_on_either_loopback_address(serve, closing, host):
    server = serve(answers(), host)
    http = made(closing, f"http://localhost:{server.port}")
    assert http.get_json("/x") == {"a": 1}
    assert http.get_json("/x") == {"a": 1}
    assert server.accepted == 1
    assert f"host: localhost:{server.port}".encode() in server.requests[0].lower()


def test_a_get_is_asked_once_more_when_an_idle_connection_was_closed(serve, closing):
    def behave(peer):
        peer.request()
        peer.answer(b"1")
        if peer.count == 1:
            peer.request()  # the second request arrives, and the connection ends without an answer

    server = serve(behave)
    http = made(closing, server.url)
    assert http.get_json("/x") == 1
    assert http.get_json("/x") == 1
    assert server.accepted == 2


def test_a_post_is_never_repeated(serve, closing):
    def behave(peer):
        peer.request()
        peer.answer(b"1")
        peer.request()

    server = serve(behave)
    http = made(closing, server.url)
    http.get_json("/x")
    with pytest.raises(Interrupted):
        http.post_json("/x", {})
    assert len(server.requests) == 2


def test_a_first_request_that_breaks_off_is_not_repeated(serve, closing):
    server = serve(lambda peer: peer.request())
    with pytest.raises(Interrupted):
        made(closing, server.url).get_json("/x")
    assert server.accepted == 1


@pytest.mark.parametrize(
    "sent",
    [
        JSON_HEAD + b"Content-Length: 100\r\n\r\n{",
        JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Ty",
        b"\x16\x03\x01 this is not http\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: minus one\r\n\r\n{}",
    ],
)
def test_half_an_answer_is_interrupted(serve, closing, sent):
    server = serve(lambda peer: (peer.request(), peer.send(sent)))
    with pytest.raises(Interrupted):
        made(closing, server.url).get_json("/x")


# --- answers ---


def test_an_answer_above_the_limit_is_cut_off(serve, closing):
    def behave(peer):
        peer.request()
        peer.send(JSON_HEAD + b"\r\n[" + b"1," * LIMIT_BYTES)

    with pytest.raises(BadAnswer) as caught:
        made(closing, serve(behave).url, deadline_s=30).get_json("/x")
    assert "5 MiB" in caught.value.detail


def test_a_packed_answer_is_not_unpacked(serve, closing):
    server = serve(answers(b"\x1f\x8b" + bytes(20), headers="Content-Encoding: gzip\r\n"))
    with pytest.raises(BadAnswer) as caught:
        made(closing, server.url).get_json("/x")
    assert "gzip" in caught.value.detail


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"name": "\xed\xa0\x80"}',
        '"a"'.encode("utf-16"),
    ],
    ids=[
        "empty",
        "half",
        "python",
        "nan",
        "infinity",
        "not utf-8",
        "half a surrogate",
        "deep",
        "long number",
        "raw surrogate",
        "utf-16",
    ],
)
def test_what_is_not_strict_json_is_a_bad_answer(serve, closing, body):
    with pytest.raises(BadAnswer):
        made(closing, serve(answers(body)).url).get_json("/x")


@pytest.mark.parametrize("unit", [b"[[]],", b'{"":0},', b"0,"])
def test_an_answer_that_would_fill_the_memory_is_refused_before_it_is_read(serve, closing, unit):
    """31 MB of brackets would become a gigabyte."""
    body = b"[" + unit * (4 * 1024 * 1024 // len(unit)) + b"0]"
    tracemalloc.start()
    try:
        with pytest.raises(BadAnswer, match="too large"):
            made(closing, serve(answers(body)).url).get_json("/x")
        assert tracemalloc.get_traced_memory()[1] < 5 * len(body)
    finally:
        tracemalloc.stop()


def test_a_pair_of_surrogates_is_a_letter(serve, closing):
    assert made(closing, serve(answers(b'"\\ud83d\\ude00"')).url).get_json("/x") == "\U0001f600"


def test_html_with_status_200_is_not_found(serve, closing):
    """Open WebUI answers every unknown path with its single-page app."""
    server = serve(answers(b"<html>", content_type="text/html; charset=utf-8"))
    with pytest.raises(NotFound) as caught:
        made(closing, server.url).get_json("/x")
    assert caught.value.detail == "html"


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream", ""])
def test_other_content_is_a_bad_answer(serve, closing, content_type):
    with pytest.raises(BadAnswer):
        made(closing, serve(answers(content_type=content_type)).url).get_json("/x")


@pytest.mark.parametrize(
    ("status", "body", "kind", "facts"),
    [
        ("404 Not Found", b'{"detail": "Not Found"}', NotFound, {"detail": "Not Found"}),
        ("404 Not Found", b'{"error": "model \'x\' not found"}', NotFound, {"detail": "model 'x' not found"}),
        ("405 Method Not Allowed", b'{"detail": "Method Not Allowed"}', NotFound, {"detail": "Method Not Allowed"}),
        ("400 Bad Request", b'{"detail": "no"}', Invalid, {"detail": "no", "fields": (), "status": 400}),
        (
            "422 Unprocessable",
            b'{"detail": [{"loc": ["body", "TASK_MODEL"]}, {"loc": []}, 7, {"loc": ["body", "TASK_MODEL"]}]}',
            Invalid,
            {"fields": ("TASK_MODEL",), "status": 422},
        ),
        ("422 Unprocessable", b'{"detail": "Invalid request."}', Invalid, {"fields": (), "detail": "Invalid request."}),
        ("500 Oops", b"<h1>", ServerFailed, {"status": 500, "detail": ""}),
        (
            "503 Busy",
            b'{"error": {"message": "Loading model", "code": 503}}',
            ServerFailed,
            {"detail": "Loading model"},
        ),
        ("429 Too Many", b'{"detail": "slow"}', TooMany, {"detail": "slow"}),
        ("407 Proxy", b'{"detail": "sign in"}', InFront, {}),
        ("401 No", b'{"detail": "Not authenticated"}', Refused, {"because": RefusedBecause.NO_TOKEN}),
        ("403 No", b'{"detail": "Not authenticated"}', Refused, {"because": RefusedBecause.NO_TOKEN}),
    ],
)
def test_statuses_become_typed_errors(serve, closing, status, body, kind, facts):
    server = serve(answers(body, status=status))
    with pytest.raises(kind) as caught:
        made(closing, server.url).get_json("/x")
    assert {name: getattr(caught.value, name) for name in facts} == facts


NO_PERMISSION = "You do not have permission to access this resource. Please contact your administrator."


@pytest.mark.parametrize(
    ("token", "status", "detail", "because"),
    [
        ("eyJ", 401, "401 Unauthorized", RefusedBecause.EXPIRED),
        ("eyJ", 401, "Your session has expired or the token is invalid. Please sign in again.", RefusedBecause.EXPIRED),
        ("eyJ", 401, NO_PERMISSION, RefusedBecause.NOT_ADMIN),
        ("sk-1", 401, NO_PERMISSION, RefusedBecause.NOT_ADMIN),
        ("sk-1", 403, NO_PERMISSION, RefusedBecause.KEY_RESTRICTED),
        ("sk-1", 403, "API key not allowed to access this endpoint.", RefusedBecause.KEY_RESTRICTED),
        ("sk-1", 403, "Use of API key is not enabled in the environment.", RefusedBecause.KEYS_OFF),
        ("sk-1", 403, "A human session is required.", RefusedBecause.OTHER),
        ("eyJ", 403, "Not authenticated", RefusedBecause.EXPIRED),
    ],
)
def test_the_words_of_a_refusal_tell_why(serve, closing, token, status, detail, because):
    server = serve(answers(f'{{"detail": "{detail}"}}'.encode(), status=f"{status} No"))
    http = made(closing, server.url, token=Token(token, origin_of(server.url)))
    with pytest.raises(Refused) as caught:
        http.get_json("/x")
    assert caught.value.because is because


def test_a_foreign_text_in_an_error_is_one_short_printable_line(serve, closing):
    server = serve(answers(b'{"detail": "a\\n\\u001b[31mb\\u202e' + b"c" * 500 + b'"}', status="500 Oops"))
    with pytest.raises(ServerFailed) as caught:
        made(closing, server.url).get_json("/x")
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) <= 200


# --- tokens ---


def with_token(closing, url, value="secret-token", **options):
    return made(closing, url, token=Token(value, origin_of(url)), **options)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_never_followed(serve, closing, status):
    other = serve(answers())
    server = serve(answers(b"", status=status, headers=f"Location: {other.url}/next?token=secret#part\r\n"))
    with pytest.raises(Redirected) as caught:
        with_token(closing, server.url).get_json("/x")
    assert caught.value.detail == f"{other.url}/next"
    assert other.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/elsewhere",
        "//user:pass@host/x",
        "http://[bad",
        "\x01\x02",
        "javascript:x",
        "http:x",
        "mailto:pass@b",
        "data:,x",
        "http://a:99999/",
        "http://\ud7ff/",
        "ht!tp://x",
        "http://" + "a" * 70000,
    ],
)
def test_a_redirect_to_nonsense_is_still_a_redirect(serve, closing, location):
    server = serve(
        answers(b"", status="302 Found", headers=f"Location: {location}\r\n" if location.isprintable() else "")
    )
    with pytest.raises(Redirected) as caught:
        with_token(closing, server.url).get_json("/x")
    assert "pass" not in caught.value.detail


ECHO = b"POST /x\r\nAuthorization: Bearer secret-token"


@pytest.mark.parametrize(
    "status", ["400 Bad", "401 No", "403 No", "404 No", "422 No", "429 No", "500 Oops", "302 Found"]
)
def test_a_token_that_the_server_repeats_is_in_no_error(serve, closing, status):
    """Debug pages and proxies print the request."""
    body = json.dumps({"detail": ECHO.decode()}).encode()
    server = serve(answers(body, status=status, headers="Location: http://h/secret-token\r\n"))
    http = with_token(closing, server.url)
    for ask in (lambda: http.get_json("/x"), lambda: http.post_json("/x", {}), lambda: http.headers("/x")):
        with pytest.raises(ServiceError) as caught:
            ask()
        assert "secret-token" not in repr(caught.value)
    with pytest.raises(ServiceError) as caught:
        list(http.post_lines("/x", {}, cancelled=lambda: False))
    assert "secret-token" not in repr(caught.value)


def test_a_token_that_the_server_repeats_is_in_no_value(serve, closing):
    http = with_token(closing, serve(answers(b'{"version": "secret-token", "x": ["-secret-token-"]}')).url)
    assert http.get_json("/x") == {"version": "(hidden)", "x": ["-(hidden)-"]}
    lines = with_token(closing, serve(answers(b'{"a": "secret-token"}\n')).url)
    assert list(lines.post_lines("/x", {}, cancelled=lambda: False)) == [{"a": "(hidden)"}]


@pytest.mark.parametrize(
    "written",
    [
        "".join(f"\\u{ord(letter):04x}" for letter in "secret-token"),
        "".join(f"\\u{ord(letter):04X}" for letter in "secret-token"),
        "secret\\u002dtoken",
        "secret\\n-token",
        "secret\\u200b-to\\u202eken",
        "secret\u200b-\u2066token",
        "s\ufeffecret-token\u00e9",
    ],
)
def test_a_token_in_another_spelling_is_hidden_too(serve, closing, written):
    """JSON may escape any letter, and what is shown has no line ends and no characters without a shape."""
    http = with_token(closing, serve(answers(f'{{"version": "a {written}"}}'.encode())).url)
    assert "".join(letter for letter in str(http.get_json("/x")) if letter.isalnum()).startswith("versionahidden")


def test_what_only_looks_like_escapes_is_left_alone(serve, closing):
    http = with_token(closing, serve(answers(b'{"a": "C:\\\\u0041 \\n secret \\u00e9"}')).url)
    assert http.get_json("/x") == {"a": "C:\\u0041 \n secret \u00e9"}


def test_a_document_that_is_written_back_is_not_touched(serve, closing):
    http = with_token(closing, serve(answers(b'{"prompt": "say secret-token"}')).url)
    assert http.get_json("/x", as_is=True) == {"prompt": "say secret-token"}


def test_a_header_that_breaks_the_protocol_does_not_tell_the_token(serve, closing):
    server = serve(lambda peer: peer.request() and peer.send(b"HTTP/1.1 200 OK\r\nBearer secret-token\r\n\r\n{}"))
    with pytest.raises(ServiceError) as caught:
        with_token(closing, server.url).get_json("/x")
    assert "secret-token" not in repr(caught.value)


def test_a_password_that_the_server_repeats_is_in_no_error(serve, closing):
    server = serve(answers(b'{"detail": "bad: open sesame"}', status="500 Oops"))
    with pytest.raises(ServerFailed) as caught:
        made(closing, server.url).post_json("/x", {"password": "open sesame"}, secrets=("open sesame",))
    assert caught.value.detail == "bad: (hidden)"


def test_the_token_goes_to_its_own_origin(serve, closing):
    server = serve(answers())
    with_token(closing, server.url).get_json("/x")
    assert b"authorization: bearer secret-token" in server.requests[0].lower()


def test_a_token_of_another_origin_is_a_programming_error():
    with pytest.raises(ValueError, match="another server"):
        Http("http://127.0.0.1:8080", token=Token("x", "http://127.0.0.1:8081"))


@pytest.mark.parametrize("value", ["caf\u00e9", "a\nX-Injected: 1", "\u0000"])
def test_a_token_that_no_header_can_carry_is_not_sent(serve, closing, value):
    server = serve(answers())
    with pytest.raises(Refused) as caught:
        with_token(closing, server.url, value).get_json("/x")
    assert caught.value.because is RefusedBecause.EXPIRED
    assert server.accepted == 0


@pytest.mark.parametrize("url", ["http://example.com", "http://8.8.8.8:8080"])
def test_a_token_over_plain_http_to_a_public_host_is_refused(closing, url):
    def never(_):
        raise AssertionError

    with pytest.raises(Insecure):
        with_token(closing, url, transport=httpx.MockTransport(never)).get_json("/x")
    with pytest.raises(Insecure):
        list(
            with_token(closing, url, transport=httpx.MockTransport(never)).post_lines("/x", {}, cancelled=lambda: False)
        )


def test_plain_http_to_a_public_host_can_be_allowed(closing):
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=request.headers["authorization"]))
    http = with_token(closing, "http://example.com", transport=transport, allow_plain_http=True)
    assert http.get_json("/x", as_is=True) == "Bearer secret-token"


def test_cookies_are_not_kept(serve, closing):
    server = serve(answers(headers="Set-Cookie: token=secret; Path=/\r\n"))
    http = made(closing, server.url)
    http.get_json("/x")
    http.get_json("/x")
    assert b"cookie" not in server.requests[1].lower()


def test_a_proxy_of_the_environment_does_not_see_loopback(serve, closing, monkeypatch):
    proxy, server = serve(answers(b'"proxy"')), serve(answers(b'"server"'))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert made(closing, server.url).get_json("/x") == "server"
    assert proxy.accepted == 0


def test_a_proxy_of_the_environment_is_used_for_public_hosts(serve, closing, monkeypatch):
    proxy = serve(answers(b'"proxy"'))
    monkeypatch.setenv("http_proxy", proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert made(closing, "http://example.com").get_json("/x") == "proxy"


def test_https_to_a_server_without_tls_is_untrusted(serve, closing):
    server = serve(lambda peer: (peer.connection.recv(100), peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")))
    with pytest.raises(Untrusted) as caught:
        made(closing, server.url.replace("http:", "https:")).get_json("/x")
    assert caught.value.detail


# --- streams ---


def lines_of(http, cancelled=lambda: False):
    return http.post_lines("/pull", {"model": "m"}, cancelled=cancelled)


NDJSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n"


def test_a_stream_is_one_value_per_line(serve, closing):
    server = serve(lambda peer: (peer.request(), peer.send(NDJSON + b'{"a": 1}\n\n{"a": '), peer.send(b"2}\n3")))
    assert list(lines_of(made(closing, server.url))) == [{"a": 1}, {"a": 2}, 3]


def test_cancelling_ends_a_stream_that_says_nothing(serve, closing):
    cancel = threading.Event()
    server = serve(lambda peer: (peer.request(), peer.send(NDJSON + b"1\n"), peer.hang()))
    seen = []
    for line in lines_of(made(closing, server.url), cancel.is_set):
        seen.append(line)
        cancel.set()
    assert seen == [1]


def test_a_reader_that_stops_closes_the_connection(serve, closing):
    closed = threading.Event()

    def behave(peer):
        peer.request()
        peer.send(NDJSON + b"1\n")
        if peer.connection.recv(1) == b"":
            closed.set()

    stream = lines_of(made(closing, serve(behave).url))
    assert next(stream) == 1
    stream.close()
    assert closed.wait(10)


def test_polling_goes_on_beside_a_stream(serve, closing):
    def behave(peer):
        if b"POST" in peer.request():
            peer.send(NDJSON + b"1\n")
            peer.hang()
        peer.answer(b"2")

    http = made(closing, serve(behave).url)
    stream = lines_of(http)
    assert next(stream) == 1
    assert http.get_json("/x") == 2
    stream.close()


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (NDJSON + b"{nonsense\n", BadAnswer),
        (NDJSON + b"x" * (LINE_LIMIT_BYTES + 70_000), BadAnswer),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n<>", NotFound),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", ServerFailed),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", Redirected),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1",
            Interrupted,
        ),
    ],
    ids=["not json", "endless line", "html", "failed", "redirect", "half a chunk"],
)
def test_a_stream_that_goes_wrong_is_a_typed_error(serve, closing, sent, kind):
    server = serve(lambda peer: (peer.request(), peer.send(sent)))
    with pytest.raises(kind):
        list(lines_of(made(closing, server.url)))


def test_events_are_the_data_lines(serve, closing):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    sent = head + b': ping\n\nevent: x\ndata: {"a": 1}\r\n\r\ndata:2\n\ndata: [DONE]\n\n'
    server = serve(lambda peer: (peer.request(), peer.send(sent)))
    events = made(closing, server.url).post_events("/c", {}, cancelled=lambda: False)
    assert list(events) == [{"a": 1}, 2]
