"""Situation -> the cause that is told -> a next step that can be typed: each made from what the server really said.

The servers are sockets that answer like Open WebUI, or like what stands before it, in the set-ups that people have.
"""

import contextlib
import json
import shlex
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.english import TR
from tray_app.app.wiring import App, Overrides
from tray_app.cli.main import parse, run
from tray_app.cli.start import something_to_watch

JSON, HTML = "application/json", "text/html"
NO_PERMISSION = {"detail": "You do not have permission to access this resource. Please contact your administrator."}
KEYS_OFF = {"detail": "Use of API key is not enabled in the environment."}
WRONG = {"detail": "The email or password provided is incorrect. Please check for typos and try logging in again."}
SIGN_IN, ADMINS, TASKS = "/api/v1/auths/signin", "/ollama/config", "/api/v1/tasks/config"


def web(version="0.12.4", features=None, **more):
    """The routes of a healthy server."""
    config = {"status": True, "name": "Open WebUI", "version": version, "features": {"auth": True, **(features or {})}}
    return {"/api/config": config | more, "/api/version": {"version": version, "deployment_id": "d"}}


@contextlib.contextmanager
def serving(routes):
    """Path -> JSON value, or (status, value), or (status, text, headers) for everything: `*`."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_args):
            """Quiet."""

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = routes.get(self.path, routes.get("*", (404, {"detail": "Not Found"})))
            status, value, *more = answer if isinstance(answer, tuple) else (200, answer)
            body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", HTML if isinstance(value, str) else JSON)
            self.send_header("Content-Length", str(len(body)))
            for name, text in (more[0] if more else {}).items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


PASSWORD, KEY = ("--email", "a@b.c", "--password-stdin"), ("--api-key-stdin",)
REFUSED = (403, KEYS_OFF)
BASIC = (401, "<h1>401</h1>", {"WWW-Authenticate": 'Basic realm="home"'})
# What it is, the server's routes, how one connects; the cause, the next step.
CASES = [
    ("a wrong password", web() | {SIGN_IN: (400, WRONG)}, PASSWORD, "does not accept this e-mail and password", "page"),
    ("LDAP", web(features={"enable_ldap": True}) | {SIGN_IN: (400, WRONG)}, PASSWORD, "LDAP", "--api-key-stdin"),
    (
        "a trusted header",
        web() | {SIGN_IN: (400, {"detail": "Your provider has not provided a trusted header."})},
        PASSWORD,
        "A proxy signs people in",
        "--api-key-stdin",
    ),
    ("no account yet", web(onboarding=True) | {SIGN_IN: (400, WRONG)}, PASSWORD, "has no account yet", "first account"),
    (
        "too many sign-ins",
        web() | {SIGN_IN: (429, {"detail": "slow"})},
        PASSWORD,
        "refuses sign-ins for now",
        "three minutes",
    ),
    ("password off", web() | {SIGN_IN: (403, {"detail": "no"})}, PASSWORD, "does not allow", "--api-key-stdin"),
    ("a second factor", web() | {SIGN_IN: {"next_step": "verify"}}, PASSWORD, "second factor", "--api-key-stdin"),
    ("basic auth in front", {"*": BASIC}, KEY, "A proxy before", "past the proxy"),
    ("a portal in front", web() | {ADMINS: (403, "<h1>Sign in</h1>")}, KEY, "A proxy before", "past the proxy"),
    ("a proxy's limit", {"*": (429, {"detail": "slow"})}, KEY, "refuses requests for now", "Wait a minute"),
    ("a proxy's limit later", web() | {ADMINS: (429, "<h1>")}, KEY, "refuses requests for now", "Wait a minute"),
    ("a wrong key", web() | {ADMINS: (401, {"detail": "401"})}, KEY, "does not accept this key", "make a new one"),
    ("keys switched off", web() | {ADMINS: REFUSED}, KEY, "has API keys switched off, which", "connect http://127"),
    ("the same, when it says no more", web("0.6.5") | {ADMINS: REFUSED}, KEY, "or limits them", "connect http://127"),
    (
        "a limited key",
        web() | {ADMINS: (403, NO_PERMISSION), TASKS: (403, NO_PERMISSION)},
        KEY,
        "does not allow this API key",
        "/api/v1/tasks",
    ),
    (
        "no admin",
        web() | {ADMINS: (401, NO_PERMISSION), TASKS: {}},
        KEY,
        "is not an admin: its sign-in was not kept",
        "an admin's account",
    ),
    (
        "not approved yet",
        web() | {ADMINS: (401, NO_PERMISSION), TASKS: (401, NO_PERMISSION)},
        KEY,
        "waits for approval",
        "An admin approves it",
    ),
    ("another refusal", web() | {ADMINS: (403, {"detail": "odd"})}, KEY, "refuses access (odd)", "connect http://127"),
]


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """What a command says on stderr at such a server; `key`: in ELBOWROOM_API_KEY."""
    for name in ("OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    given = tmp_path / "secret"
    given.write_text("sk-0123456789\n", encoding="utf-8")

    def call(*argv, key=""):
        monkeypatch.setenv("ELBOWROOM_API_KEY", key)
        with given.open(encoding="utf-8") as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            code = run([*argv, "--home", str(tmp_path / "home"), "--ollama", "http://127.0.0.1:1"])
        return code, "".join(capsys.readouterr())

    return call


@pytest.mark.parametrize(("routes", "how", "cause", "step"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_a_connect_that_fails_says_the_cause_that_was_found(told, routes, how, cause, step):
    with serving(routes) as url:
        code, text = told("connect", url, *how, "--insecure-file-secret")
    assert code == 1
    assert cause in text
    assert step in text
    assert "any more" not in text
    assert_typeable(text)


def assert_typeable(text):
    """Whatever command of ours a sentence names is one."""
    for part in text.split("elbowroom ")[1:]:
        parse(shlex.split(part.split("`")[0].splitlines()[0]), TR)


ENVIRONMENT = [
    ("refused", web() | {ADMINS: (401, {"detail": "401"})}, "does not accept the key in ELBOWROOM_API_KEY"),
    ("no admin's", web() | {ADMINS: (401, NO_PERMISSION), TASKS: {}}, "The key in ELBOWROOM_API_KEY is no admin's"),
]


@pytest.mark.parametrize(("routes", "cause"), [row[1:] for row in ENVIRONMENT], ids=[row[0] for row in ENVIRONMENT])
def test_a_key_in_the_environment_is_changed_there_and_not_by_connecting(told, routes, cause):
    """It wins over whatever `connect` stores: to connect again would change nothing."""
    with serving(routes) as url:
        _code, text = told("set", "tags=off", "--open-webui", url, key="sk-env-0123456789")
    assert cause in text
    assert "unset the variable" in text
    assert "elbowroom connect" not in text


# What is typed; what is wrong with it, and the help that is named.
SLIPS = [
    (("speed", "--runs", "0"), "`0` is not a whole number from 1 on", "elbowroom speed --help"),
    (("watch", "--interval", "0"), "`0` is not a number of seconds from 0.1 to 86400", "elbowroom watch --help"),
    (("fit", "m", "--context", "x"), "`x` is not a whole number from 1 on", "elbowroom fit --help"),
    (("fit",), "MODEL", "elbowroom fit --help"),
    (("set", "tags="), "`tags=` needs a value", "tags=on, tags=off"),
    (("--nonsense",), "--nonsense", "elbowroom --help"),
]


@pytest.mark.parametrize(("argv", "wrong", "step"), SLIPS, ids=[" ".join(row[0]) for row in SLIPS])
def test_a_usage_error_names_the_range_and_the_command_s_own_help(told, argv, wrong, step):
    code, text = told(*argv)
    assert code == 2
    assert wrong in text
    assert step in text


def test_a_file_that_is_no_recording_is_one_line(told, tmp_path):
    file = tmp_path / "letter.txt"
    file.write_text("Dear all,\n" * 15, encoding="utf-8")
    code, text = told("replay", str(file))
    assert (code, len(text.splitlines())) == (1, 1)
    assert "is not an Elbowroom recording (line 1: it is not JSON)" in text


@pytest.mark.parametrize("argv", [("replay", "/nosuch"), ("record", "/nosuch/x"), ("doctor", "--capture", "/proc/x")])
def test_a_file_that_cannot_be_used_is_told_for_what_it_is(told, argv):
    code, text = told(*argv)
    assert (code, "--home DIR" in text) == (1, False)
    assert text.rstrip().endswith(("Check its name and its folder.", "Choose another file."))


SLOW = {"*": (503, {"detail": "starting"})}
OTHER = {"*": (200, "<html>My notes</html>")}
# What listens where Open WebUI is looked for; whether there is something to watch.
LISTENING = [
    ("open webui", web(), True),
    ("one that is starting", SLOW, True),
    ("one behind a sign-in", {"*": BASIC}, True),
    ("another program", OTHER, False),
    ("another program's addresses", {}, False),
]


@pytest.mark.parametrize(("routes", "there"), [row[1:] for row in LISTENING], ids=[row[0] for row in LISTENING])
def test_the_demo_starts_only_where_neither_server_is(tmp_path, routes, there):
    """An Open WebUI that answered with an error was told not to answer, and the demo was played instead."""
    with (
        serving(routes) as url,
        contextlib.closing(App(Overrides(home=tmp_path, ollama="http://127.0.0.1:1", open_webui=url))) as app,
    ):
        assert something_to_watch(app) is there


def test_without_any_listener_the_demo_starts(tmp_path):
    overrides = Overrides(home=tmp_path, ollama="http://127.0.0.1:1", open_webui="http://127.0.0.1:1")
    with contextlib.closing(App(overrides)) as app:
        assert not something_to_watch(app)


def test_a_server_that_is_not_trusted_is_not_said_to_be_silent(told):
    """`nothing answers` at an https address whose server speaks plain http, and advice to start it."""
    with serving(web()) as url:
        _code, text = told("doctor", "--open-webui", url.replace("http:", "https:"))
    assert "no safe connection: what listens there does not speak https" in text
    assert "check the port" in text
    assert "Start Open WebUI" not in text
