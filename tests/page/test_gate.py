"""Every rule of the loopback page, asked over a real socket by somebody who must not get in."""

import contextlib
import http.client
import json
import os
import socket
import threading
import time

import pytest

from tray_app.page.connect_page import IDLE_S, ConnectPage, Reply
from tray_app.page.gate import BODY_LIMIT, BOOTSTRAP_TTL_S

KEY = "sk-this-is-the-secret"
TEXTS = {"title": "Connect", "gone": "This page is over.", "url_value": "http://127.0.0.1:8080"}
HOSTILE = '<img src=x onerror="alert(1)">\u202e&amp;'


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Checked:
    """What the page handed over, and what to answer."""

    def __init__(self) -> None:
        self.filled = []
        self.reply = Reply(ok=False, message="No.")

    def __call__(self, filled):
        self.filled.append(filled)
        return self.reply


class Visitor:
    """Somebody with a socket. `headers` are what the page's own script would send."""

    def __init__(self, page: ConnectPage) -> None:
        self.port = int(page.gate.host.rpartition(":")[2])
        self.gate = page.gate
        self.cookie = ""

    def ask(self, method, path, headers=None, body=None):
        """(status, headers, body). Nothing is added but a Host, so that each rule can be broken alone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": self.gate.host, "Cookie": self.cookie, **(headers or {})}.items():
                if value:
                    connection.putheader(name, value)
            if body is not None and "Content-Length" not in (headers or {}):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def enter(self):
        status, headers, _ = self.ask("GET", "/open/" + self.gate.bootstrap_url.rpartition("/")[2])
        assert status == 200
        self.cookie = headers["Set-Cookie"].partition(";")[0]
        return headers

    def own(self, **changed):
        headers = {
            "Origin": self.gate.origin,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/json",
            "X-Elbowroom": "1",
        }
        return {name: value for name, value in (headers | changed).items() if value is not None}

    def send(self, document, **changed):
        return self.ask("POST", "/connect", self.own(**changed), json.dumps(document).encode())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def check():
    return Checked()


@pytest.fixture
def page(check, clock):
    made = ConnectPage(check, TEXTS, "en", clock, read_timeout_s=0.3)
    yield made
    made.close()


@pytest.fixture
def visitor(page):
    return Visitor(page)


@pytest.fixture
def guest(visitor):
    """Has the cookie."""
    visitor.enter()
    return visitor


FORM = {"url": "http://127.0.0.1:8080", "api_key": KEY}


def test_it_listens_on_loopback_only(page):
    assert page._server.server_address[0] == "127.0.0.1"


def test_the_own_script_gets_through(guest, check):
    status, _, body = guest.send(FORM)
    assert (status, json.loads(body)) == (200, {"ok": False, "message": "No.", "offer_file": False})
    [filled] = check.filled
    assert (filled.url, filled.api_key) == ("http://127.0.0.1:8080", KEY)


def test_the_answers_are_ascii_whatever_a_server_said(guest, check, page):
    """Half a character from a server's answer ended the page's; and no reader has to guess an encoding."""
    check.reply = Reply(ok=False, message="아니요 \ud83e")
    status, _, body = guest.send(FORM)
    assert status == 200
    assert body.isascii()
    assert json.loads(body)["message"] == check.reply.message
    page._texts["title"] = "연결"
    status, _, body = guest.ask("GET", "/texts.json")
    assert (status, body.isascii(), json.loads(body)["title"]) == (200, True, "연결")


@pytest.mark.parametrize("host", ["localhost:{port}", "evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}."])
@pytest.mark.parametrize("way", ["read", "open", "act"])
def test_another_host_name_is_turned_away(guest, check, host, way):
    """A web site whose name points to 127.0.0.1 (DNS rebinding) has its own name in Host."""
    given = {"Host": host.format(port=guest.port)}
    if way == "act":
        status, _, body = guest.ask("POST", "/connect", guest.own() | given, json.dumps(FORM).encode())
    else:
        status, _, body = guest.ask("GET", "/" if way == "read" else "/open/x", given)
    assert (status, body) == (421, b"")
    assert check.filled == []


def test_two_host_headers_are_none(guest):
    with socket.create_connection(("127.0.0.1", guest.port)) as call:
        host = guest.gate.host
        call.sendall(f"GET / HTTP/1.1\r\nHost: evil\r\nHost: {host}\r\nCookie: {guest.cookie}\r\n\r\n".encode())
        assert call.makefile("rb").readline().split()[1] == b"421"


def test_the_way_in_works_once(visitor):
    visitor.enter()
    path = "/open/" + visitor.gate.bootstrap_url.rpartition("/")[2]
    status, headers, body = Visitor.ask(visitor, "GET", path, {"Cookie": ""})
    assert (status, headers["Set-Cookie"]) == (403, None)
    assert body == b"This page is over."


def test_of_many_at_once_one_gets_in(visitor):
    path, found = "/open/" + visitor.gate.bootstrap_url.rpartition("/")[2], []
    threads = [threading.Thread(target=lambda: found.append(visitor.ask("GET", path)[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, *[403] * 7]


def test_the_way_in_is_closed_after_half_a_minute(visitor, clock):
    clock.now += BOOTSTRAP_TTL_S + 0.1
    assert visitor.ask("GET", "/open/" + visitor.gate.bootstrap_url.rpartition("/")[2])[0] == 403


def test_the_owner_gets_in_again_by_a_new_way_and_the_old_one_is_closed(visitor):
    visitor.enter()
    first = visitor.gate.let_in()
    second = visitor.gate.let_in()
    assert visitor.ask("GET", "/open/" + first.rpartition("/")[2])[0] == 403
    assert visitor.gate.is_open
    visitor.enter()
    assert visitor.gate.bootstrap_url not in {first, second}
    assert not visitor.gate.is_open
    assert not visitor.gate.missed
    assert visitor.ask("GET", "/")[0] == 200


@pytest.mark.parametrize(
    ("caller", "status"), [(lambda: os.getuid() + 1, 403), (os.getuid, 200), (lambda: 0, 200), (lambda: None, 200)]
)
def test_another_user_of_this_machine_gets_nothing_even_with_the_secrets(check, clock, caller, status):
    """None: the system does not tell. 0: the superuser reads all of it anyway."""
    page = ConnectPage(check, TEXTS, "en", clock, whose=lambda _theirs, _ours: caller())
    try:
        guest = Visitor(page)
        assert guest.ask("GET", "/open/" + guest.gate.bootstrap_url.rpartition("/")[2])[0] == status
        guest.cookie = f"{guest.gate.cookie_name}={guest.gate._cookie}"
        assert guest.ask("GET", "/")[0] == status
        assert guest.send(FORM)[0] == status
        assert len(check.filled) == (status == 200)
    finally:
        page.close()


@pytest.mark.parametrize("token", ["", "x", "%00", "%ed%a0%80"])
def test_a_wrong_token_opens_nothing_and_spends_nothing(visitor, token):
    assert visitor.ask("GET", f"/open/{token}")[0] == 403
    visitor.enter()


def test_the_secrets_have_256_bits(page):
    assert len(page.gate._cookie) >= 43
    assert len(page.gate.bootstrap_url.rpartition("/")[2]) >= 43
    assert page.gate._cookie not in page.gate.bootstrap_url


def test_the_cookie_is_for_the_browser_and_this_port_alone(visitor):
    headers = visitor.enter()
    name, *flags = headers["Set-Cookie"].split("; ")
    assert name.startswith(f"elbowroom-{visitor.port}=")
    assert set(flags) == {"HttpOnly", "SameSite=Strict", "Path=/"}
    assert headers["Location"] is None, "a redirect would go on without the cookie where a file opened the page"


def test_nothing_is_shown_without_the_cookie(visitor):
    for path in ("/", "/connect.js", "/connect.css", "/texts.json", "/nothing"):
        for cookie in ("", "elbowroom-1=x", f"elbowroom-{visitor.port}=wrong", f"elbowroom-{visitor.port}="):
            status, _, body = visitor.ask("GET", path, {"Cookie": cookie})
            assert (status, body) == (403, b"This page is over.")


def test_cookies_of_other_programs_on_this_host_do_not_hide_ours(guest):
    assert guest.ask("GET", "/", {"Cookie": f'a={{"b": [1]}}; =x; y; {guest.cookie}; z="'})[0] == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_another_site_cannot_load_the_page_or_its_parts(guest, site):
    for path in ("/", "/connect.js", "/texts.json"):
        assert guest.ask("GET", path, {"Sec-Fetch-Site": site})[0] == 403
    assert guest.ask("GET", "/", {"Sec-Fetch-Site": "none"})[0] == 200


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"X-Elbowroom": None}, 415),
        ({"Content-Type": None}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "text/plain; application/json"}, 415),
        ({"Cookie": "other=1"}, 403),
    ],
)
def test_nobody_else_can_act(guest, check, changed, status):
    assert guest.send(FORM, **changed)[0] == status
    assert check.filled == []


@pytest.mark.parametrize("length", ["-1", "1e3", "\u00b2", "", "x", str(BODY_LIMIT + 1), "9" * 5000])
def test_a_length_that_is_none_or_too_much_is_turned_away(guest, check, length):
    headers = guest.own(**{"Content-Length": length})
    assert guest.ask("POST", "/connect", headers, b"")[0] == 413
    assert check.filled == []


def test_a_body_in_chunks_is_turned_away(guest, check):
    headers = guest.own(**{"Transfer-Encoding": "chunked", "Content-Length": "5"})
    assert guest.ask("POST", "/connect", headers, b"0\r\n\r\n")[0] == 413
    assert check.filled == []


def test_the_largest_body_passes(guest, check):
    body = json.dumps({"url": "u", "api_key": ""}).encode().replace(b'""', b'"' + b"k" * 65000 + b'"')
    assert len(body) <= BODY_LIMIT
    assert guest.ask("POST", "/connect", guest.own(), body)[0] == 200
    assert len(check.filled[0].api_key) == 65000


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b'{"url": 1}', b'{"api_key": {}}', b"\xff\xfe", b"[" * 60000]
)
def test_a_body_of_another_shape_is_no_sign_in(guest, check, body):
    assert guest.ask("POST", "/connect", guest.own(), body)[0] == 400
    assert check.filled == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_do_nothing(guest, check, method):
    status, headers, body = guest.ask(method, "/connect", guest.own())
    assert (status, body) == (405, b"")
    assert "Access-Control-Allow-Origin" not in headers
    assert check.filled == []


def test_looking_changes_nothing(guest, check):
    for path in ("/", "/connect", "/connect?url=http://x&api_key=k", "/texts.json", "/connect.js"):
        guest.ask("GET", path, {"X-Elbowroom": "1"})
    assert check.filled == []


@pytest.mark.parametrize("path", ["/../gate.py", "/connect.html", "/%2e%2e/gate.py", "//etc/passwd", "/__init__.py"])
def test_only_the_files_of_the_page_are_served(guest, path):
    assert guest.ask("GET", path)[0] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/connect.js"), ("GET", "/texts.json"), ("GET", "/nothing"), ("PUT", "/"), ("X<b>", "/")],
)
def test_every_answer_carries_the_protecting_headers(guest, method, path):
    _, headers, body = guest.ask(method, path)
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Server"] == "Elbowroom"
    assert b"<b>" not in body


def test_rubbish_is_answered_without_a_word_of_it(visitor):
    for line in (b"<script> / HTTP/1.1", b"GET " + b"/x" * 40000 + b" HTTP/1.1", b"GET / HTTP/9.9", b"\x16\x03\x01"):
        with socket.create_connection(("127.0.0.1", visitor.port)) as call:
            with contextlib.suppress(OSError):  # it may hang up before all of it is sent
                call.sendall(line + b"\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                answer = call.makefile("rb").read()
                assert b"script" not in answer.partition(b"\r\n\r\n")[2]
                assert b"/x/x" not in answer


def test_who_sends_slowly_is_hung_up_on(guest, check):
    """A byte now and then does not buy more time; nobody else waits meanwhile."""
    head = "\r\n".join(
        f"{name}: {value}" for name, value in guest.own(Host=guest.gate.host, Cookie=guest.cookie).items()
    )
    with socket.create_connection(("127.0.0.1", guest.port)) as call:
        call.sendall(f"POST /connect HTTP/1.1\r\n{head}\r\nContent-Length: 1000\r\n\r\n".encode())
        assert guest.ask("GET", "/")[0] == 200
        ended = False
        for _ in range(200):
            try:
                call.sendall(b"{")
            except OSError:
                ended = True
                break
            time.sleep(0.05)
    assert ended
    assert check.filled == []


def test_what_a_server_says_is_data_and_the_script_sets_it_as_text(guest, check):
    check.reply = Reply(ok=False, message=HOSTILE)
    status, headers, body = guest.send(FORM)
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body)["message"] == HOSTILE
    script = guest.ask("GET", "/connect.js")[2].decode()
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("):
        assert way not in script
    markup = guest.ask("GET", "/")[2].decode()
    assert "style=" not in markup
    assert "onclick" not in markup


def test_the_secret_never_comes_back(guest, check):
    check.reply = Reply(ok=False, message="Refused.", offer_file=True)
    seen = b""
    for _ in range(2):
        _, headers, body = guest.send(FORM | {"email": "a@b.c", "password": "hunter2-secret"})
        seen += str(headers).encode() + body
    for path in ("/", "/texts.json", "/connect.js"):
        _, headers, body = guest.ask("GET", path)
        seen += str(headers).encode() + body
    assert KEY.encode() not in seen
    assert b"hunter2" not in seen
    assert KEY not in repr(check.filled)
    assert "hunter2" not in repr(check.filled)


def test_nothing_is_written_to_the_terminal(guest, capfd):
    guest.send(FORM)
    guest.ask("GET", "/open/secret-token")
    guest.ask("FOO", "/")
    assert capfd.readouterr() == ("", "")


def test_one_sign_in_at_a_time_and_none_after_success(guest, check, page):
    check.reply = Reply(ok=True, message="Connected.")
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(guest.send(FORM)[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 400, 400, 400]
    assert len(check.filled) == 1
    assert page.wait(lambda: False) is True


def refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def test_it_ends_after_success(guest, check, page):
    check.reply = Reply(ok=True, message="Connected.")
    guest.send(FORM)
    assert page.wait(lambda: False) is True
    assert refused(guest.port)


def test_it_ends_when_it_is_cancelled(guest, page):
    assert page.wait(lambda: True) is False
    assert refused(guest.port)


def test_it_ends_after_ten_quiet_minutes(guest, page, clock):
    looks = []

    def cancelled():
        looks.append(clock.now)
        clock.now += IDLE_S / 4
        return len(looks) > 20

    assert page.wait(cancelled) is False
    assert len(looks) <= 6
    assert refused(guest.port)


def test_it_ends_when_nobody_came_in_time(visitor, page, clock):
    """After half a minute the way in is closed, so nobody can come any more."""

    def cancelled():
        clock.now += BOOTSTRAP_TTL_S / 4
        return clock.now > 2000

    assert page.wait(cancelled) is False
    assert clock.now < 1000 + 2 * BOOTSTRAP_TTL_S
    assert page.gate.missed
    assert refused(visitor.port)


def test_strangers_do_not_keep_it_open(guest, page, clock):
    before = page._last_seen
    clock.now += 100
    for path, headers in (
        ("/", {"Cookie": ""}),
        ("/open/x", {}),
        ("/", {"Host": "evil"}),
        ("/", {"Sec-Fetch-Site": "x"}),
    ):
        guest.ask("GET", path, headers)
    guest.ask("POST", "/connect", guest.own(Origin="http://evil.example"), b"{}")
    assert page._last_seen == before
    guest.ask("GET", "/")
    assert page._last_seen == clock.now


def test_a_sign_in_in_flight_still_counts_when_the_page_is_cancelled(guest, check, page):
    """Its token is stored: saying "not connected" would be wrong."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(_filled):
        inside.set()
        go_on.wait(10)
        return Reply(ok=True, message="Connected.")

    page._check = slow
    sender = threading.Thread(target=guest.send, args=(FORM,))
    sender.start()
    assert inside.wait(10)
    threading.Timer(0.3, go_on.set).start()
    assert page.wait(lambda: True) is True
    sender.join()
