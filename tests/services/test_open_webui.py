"""Open WebUI's API by version: paths, roles, refusals, the whole document there and back."""

import json

import httpx
import pytest

from tray_app.core.tasks.settings import changed, decode
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.errors.service import (
    BadAnswer,
    Insecure,
    Invalid,
    NotFound,
    NotThatServer,
    Refused,
    RefusedBecause,
)
from tray_app.core.values.snapshot import Access
from tray_app.core.values.task_settings import Setting, Switch
from tray_app.core.values.token import Token
from tray_app.services._webui_models import Outside
from tray_app.services.http import Http
from tray_app.services.open_webui import OpenWebUIClient

URL = "http://127.0.0.1:8080"
NO_PERMISSION = {"detail": "You do not have permission to access this resource. Please contact your administrator."}
DOCUMENT = {
    "TASK_MODEL": "",
    "TASK_MODEL_EXTERNAL": None,
    "TASK_MODEL_PARAMS": {"think": False},
    "TITLE_GENERATION_PROMPT_TEMPLATE": "",
    "ENABLE_TITLE_GENERATION": True,
    "ENABLE_TAGS_GENERATION": True,
    "ENABLE_FOLLOW_UP_GENERATION": False,
    "ENABLE_AUTOCOMPLETE_GENERATION": True,
    "AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH": -1,
    "ENABLE_SEARCH_QUERY_GENERATION": True,
    "ENABLE_RETRIEVAL_QUERY_GENERATION": True,
    "VOICE_MODE_PROMPT_TEMPLATE": None,
    "A_FIELD_OF_TOMORROW": {"deep": [1, 2.5, None]},
}


class Server:
    """Holds settings and answers as the version does; what is not routed is the single-page app."""

    def __init__(self, version="0.12.4", **routes):
        self.version = version
        self.document = dict(DOCUMENT)
        self.routes = {
            "GET /api/version": {"version": version, "deployment_id": "d1"},
            "GET /api/config": {"status": True, "name": "Open WebUI", "version": version, "features": {"auth": True}},
        }
        base = "/api/task" if version.startswith(("0.3", "0.4")) else "/api/v1/tasks"
        self.routes[f"GET {base}/config"] = lambda _: self.document
        self.routes[f"POST {base}/config/update"] = self._update
        self.routes |= routes
        self.asked: list[str] = []
        self.authorizations: set[str | None] = set()

    def _update(self, body):
        self.document = body
        return body

    def on(self, **routes):
        self.routes |= {name.replace("_", " ", 1): answer for name, answer in routes.items()}
        return self

    def route(self, name, answer):
        self.routes[name] = answer
        return self

    def __call__(self, request):
        name = f"{request.method} {request.url.raw_path.decode()}"
        self.asked.append(name)
        self.authorizations.add(request.headers.get("authorization"))
        found = self.routes.get(name, self.routes.get(name.partition("?")[0]))
        if found is None:
            if request.method == "POST":
                return httpx.Response(405, json={"detail": "Method Not Allowed"})
            return httpx.Response(200, html="<!doctype html>")
        if callable(found):
            found = found(json.loads(request.content or b"null"))
        status, body = found if isinstance(found, tuple) else (200, found)
        if isinstance(body, bytes):
            return httpx.Response(status, content=body, headers={"content-type": "text/event-stream"})
        return httpx.Response(
            status, content=json.dumps(body).encode(), headers={"content-type": "application/json; charset=utf-8"}
        )


@pytest.fixture
def connect(closing):
    def client(server, token="eyJ", url=URL):
        held = Token(token, Http(url).origin) if token else None
        return OpenWebUIClient(closing(Http(url, token=held, transport=httpx.MockTransport(server))))

    return client


# --- who is there ---


def test_the_version_and_the_deployment(connect):
    client = connect(Server("0.11.4"), token=None)
    assert client.version() == "0.11.4"
    assert client.identity().deployment_id == "d1"


def test_the_version_is_asked_once(connect):
    server = Server()
    client = connect(server)
    for _ in range(3):
        client.version()
    assert server.asked.count("GET /api/version") == 1


def test_after_an_upgrade_the_paths_are_those_of_the_new_version(connect):
    server = Server("0.4.8")
    client = connect(server)
    client.read_document()
    server.routes |= Server("0.5.0").routes
    del server.routes["GET /api/task/config"]
    with pytest.raises(NotFound):
        client.read_document()
    assert client.identity(fresh=True).version == "0.5.0"
    assert client.read_document()["TASK_MODEL"] == ""


@pytest.mark.parametrize(
    ("routes", "instead"),
    [
        ({"GET /api/config": None}, "html"),
        ({"GET /api/config": (404, {})}, "404"),
        ({"GET /api/config": (404, {}), "GET /api/tags": {"models": []}}, "ollama"),
        ({"GET /api/config": {"version": "1.0"}}, "other-json"),
        ({"GET /api/config": [1]}, "other-json"),
        ({"GET /api/config": {"features": {"auth": "yes"}, "version": "1"}}, "other-json"),
        ({"GET /api/config": (400, {"detail": "plain HTTP request was sent to HTTPS port"})}, "no-json"),
        ({"GET /api/config": (200, b"hello")}, "no-json"),
        ({"GET /api/version": {"name": "x"}}, "other-json"),
        ({"GET /api/version": (404, {})}, "404"),
    ],
)
def test_an_impostor_is_told_and_never_sees_a_token(connect, routes, instead):
    server = Server(**routes)
    server.routes = {name: answer for name, answer in server.routes.items() if answer is not None}
    with pytest.raises(NotThatServer) as caught:
        connect(server, token=None).version()
    assert caught.value.detail == instead
    assert server.authorizations == {None}


def test_public_features(connect):
    config = {
        "version": "0.12.4",
        "name": "Home\nAI",
        "features": {"auth": False, "enable_login_form": False},
    }
    found = connect(Server(**{"GET /api/config": config}), token=None).features()
    assert (found.auth, found.login_form, found.name) == (False, False, "Home AI")


# --- signing in ---


def sign_in_server(answer):
    return Server(**{"POST /api/v1/auths/signin": answer})


def test_signing_in_gives_a_session_token(connect):
    def answer(body):
        return {"token": "eyJ1"} if body == {"email": "a@b", "password": "p"} else (400, {"detail": "no"})

    client = connect(sign_in_server(answer), token=None)
    assert client.sign_in("a@b", "p") == "eyJ1"


def test_without_accounts_two_empty_strings_are_enough(connect):
    def answer(body):
        return {"token": "eyJadmin"} if body == {"email": "", "password": ""} else (422, {})

    assert connect(sign_in_server(answer), token=None).sign_in("", "") == "eyJadmin"


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        ((400, {"detail": "The email or password provided is incorrect."}), RefusedBecause.BAD_CREDENTIALS),
        ((400, {"detail": "Your provider has not provided a trusted header."}), RefusedBecause.TRUSTED_HEADER),
        ((422, {"detail": "Invalid authentication request."}), RefusedBecause.OTHER),
        ((403, {"detail": "The action is prohibited"}), RefusedBecause.PASSWORD_OFF),
        ((429, {"detail": "API rate limit exceeded"}), RefusedBecause.RATE_LIMITED),
        ({"next_step": "verify", "challenge_token": "x", "expires_in": 300}, RefusedBecause.MFA),
        ({"next_step": "enroll", "challenge_token": "x"}, RefusedBecause.MFA),
        ({"next_step": "pending"}, RefusedBecause.PENDING),
        ({}, RefusedBecause.MFA),
    ],
)
def test_a_sign_in_that_fails_says_why_and_is_not_repeated(connect, answer, because):
    server = sign_in_server(answer)
    with pytest.raises(Refused) as caught:
        connect(server, token=None).sign_in("a@b", "p")
    assert caught.value.because is because
    assert [one for one in server.asked if one != "GET /api/config"] == ["POST /api/v1/auths/signin"]
    assert "challenge" not in str(caught.value.args)


def test_a_password_does_not_cross_a_public_network_in_clear_text(connect):
    server = sign_in_server({"token": "eyJ"})
    with pytest.raises(Insecure):
        connect(server, token=None, url="http://example.com").sign_in("a@b", "p")
    assert server.asked == []


# --- what the token may do ---


def test_no_token_no_access(connect):
    server = Server()
    client = connect(server, token=None)
    assert (client.access(), client.refusal()) == (Access.NONE, None)
    assert server.asked == []


def test_an_admin(connect):
    client = connect(Server(**{"GET /ollama/config": {"ENABLE_OLLAMA_API": True}}))
    assert (client.access(), client.refusal()) == (Access.ADMIN, None)


@pytest.mark.parametrize("version", ["0.3.35", "0.12.4"])
def test_an_ordinary_account_may_read(connect, version):
    client = connect(Server(version, **{"GET /ollama/config": (401, NO_PERMISSION)}))
    assert (client.access(), client.refusal()) == (Access.USER, RefusedBecause.NOT_ADMIN)


def test_a_pending_account_may_nothing(connect):
    refused = (401, NO_PERMISSION)
    client = connect(Server(**{"GET /ollama/config": refused, "GET /api/v1/tasks/config": refused}))
    assert (client.access(), client.refusal()) == (Access.REFUSED, RefusedBecause.PENDING)


@pytest.mark.parametrize(
    ("token", "answer", "because"),
    [
        ("eyJ", (401, {"detail": "401 Unauthorized"}), RefusedBecause.EXPIRED),
        ("sk-1", (403, {"detail": "Use of API key is not enabled in the environment."}), RefusedBecause.KEYS_OFF),
        ("sk-1", (403, {"detail": "A human session is required."}), RefusedBecause.OTHER),
    ],
)
def test_a_refused_token(connect, token, answer, because):
    client = connect(Server(**{"GET /ollama/config": answer}), token)
    assert (client.access(), client.refusal()) == (Access.REFUSED, because)


def test_a_key_for_a_few_addresses_may_read_what_it_may_read(connect):
    refused = (403, {"detail": "API key not allowed to access this endpoint."})
    client = connect(Server(**{"GET /ollama/config": refused}), "sk-1")
    assert (client.access(), client.refusal()) == (Access.USER, RefusedBecause.KEY_RESTRICTED)
    server = Server(**{"GET /ollama/config": refused, "GET /api/v1/tasks/config": refused})
    client = connect(server, "sk-1")
    assert (client.access(), client.refusal()) == (Access.REFUSED, RefusedBecause.KEY_RESTRICTED)


def test_a_future_version_without_the_admin_address_is_asked_for_the_role(connect):
    client = connect(Server("0.13.0", **{"GET /api/v1/auths/": {"role": "admin"}}))
    assert client.access() is Access.ADMIN
    client = connect(Server("0.13.0", **{"GET /api/v1/auths/": {"role": "user"}}))
    assert client.access() is Access.USER
    client = connect(Server("0.13.0", **{"GET /api/v1/auths/": (403, {"detail": "A human session is required."})}))
    assert client.access() is Access.USER


def test_the_refusal_is_of_the_last_look(connect):
    server = Server(**{"GET /ollama/config": (401, {"detail": "401 Unauthorized"})})
    client = connect(server)
    client.access()
    server.route("GET /ollama/config", {})
    assert (client.access(), client.refusal()) == (Access.ADMIN, None)


# --- the document ---


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("0.3.0", "/api/task"),
        ("0.3.35", "/api/task"),
        ("0.4.8", "/api/task"),
        ("0.5.0", "/api/v1/tasks"),
        ("0.12.4", "/api/v1/tasks"),
        ("0.13.0-dev", "/api/v1/tasks"),
        ("main", "/api/v1/tasks"),
    ],
)
def test_the_path_follows_the_version(connect, version, path):
    server = Server(version)
    connect(server).read_document()
    assert server.asked[-1] == f"GET {path}/config"


def test_a_version_before_the_first_task_settings(connect):
    with pytest.raises(NotFound):
        connect(Server("0.2.5")).read_document()


def test_a_change_carries_everything_else_to_the_letter(connect):
    server = Server()
    client = connect(server)
    before = client.read_document()
    client.write_document(changed(before, {Setting.FOLLOW_UPS: True, Setting.TASK_MODEL: "gemma3:1b"}))
    expected = DOCUMENT | {"ENABLE_FOLLOW_UP_GENERATION": True, "TASK_MODEL": "gemma3:1b"}
    assert json.dumps(server.document, sort_keys=True) == json.dumps(expected, sort_keys=True)
    assert decode(client.read_document()).follow_ups is Switch.ON


@pytest.mark.parametrize(
    "document",
    [
        [],
        "x",
        {},
        {"TASK_MODEL": ""},
        {"TASK_MODEL": 7, "TASK_MODEL_EXTERNAL": ""},
        {"TASK_MODEL": "", "TASK_MODEL_EXTERNAL": "", "ENABLE_TAGS_GENERATION": None},
    ],
)
def test_what_cannot_be_task_settings_stops_everything(connect, document):
    with pytest.raises(BadAnswer):
        connect(Server("0.99.0", **{"GET /api/v1/tasks/config": document})).read_document()


@pytest.mark.parametrize("written", ["sk-secret", "say sk-secret", "sk-\u200bsecret"])
@pytest.mark.parametrize("key", ["TASK_MODEL", "TASK_MODEL_EXTERNAL"])
def test_settings_that_hold_our_token_are_neither_shown_nor_journaled(connect, key, written):
    server = Server(**{"GET /api/v1/tasks/config": DOCUMENT | {key: written}})
    with pytest.raises(BadAnswer) as caught:
        connect(server, "sk-secret").read_document()
    assert "secret" not in str(caught.value)
    assert connect(server, "sk-other").read_document()[key] == written


def test_refused_fields_are_named(connect):
    problem = {"detail": [{"loc": ["body", "ENABLE_TAGS_GENERATION"], "msg": "x", "type": "bool_type"}]}
    client = connect(Server(**{"POST /api/v1/tasks/config/update": (422, problem)}))
    with pytest.raises(Invalid) as caught:
        client.write_document(client.read_document())
    assert caught.value.fields == ("ENABLE_TAGS_GENERATION",)


# --- connections and activity ---


def test_ollama_servers_without_those_switched_off(connect):
    config = {
        "ENABLE_OLLAMA_API": True,
        "OLLAMA_BASE_URLS": ["http://a:1", "http://b:1", "http://c:1"],
        "OLLAMA_API_CONFIGS": {"1": {"enable": False, "key": "secret"}, "http://c:1": {"enable": False}},
    }
    assert connect(Server(**{"GET /ollama/config": config})).connections() == (OllamaConnection(0, "http://a:1"),)
    config["ENABLE_OLLAMA_API"] = False
    assert connect(Server(**{"GET /ollama/config": config})).connections() == ()


def test_ollama_servers_with_their_prefixes_by_position_or_address(connect):
    config = {
        "ENABLE_OLLAMA_API": True,
        "OLLAMA_BASE_URLS": ["http://a:1", "http://b:1"],
        "OLLAMA_API_CONFIGS": {"0": {"prefix_id": "mac"}, "http://b:1": {"prefix_id": "box", "model_ids": ["x"]}},
    }
    assert connect(Server(**{"GET /ollama/config": config})).connections() == (
        OllamaConnection(0, "http://a:1", "mac"),
        OllamaConnection(1, "http://b:1", "box", limited=True),
    )


def test_ollama_servers_of_0_3(connect):
    routes = {
        "GET /ollama/config": {"ENABLE_OLLAMA_API": True},
        "GET /ollama/urls": {"OLLAMA_BASE_URLS": ["http://a:1"]},
    }
    assert connect(Server("0.3.35", **routes)).connections() == (OllamaConnection(0, "http://a:1"),)


def test_hosts_of_outside_connections_without_their_keys(connect, caplog):
    config = {
        "ENABLE_OPENAI_API": True,
        "OPENAI_API_BASE_URLS": ["https://openrouter.ai/api/v1", "http://me:geheim@[::1]:1234/v1", "http://[bad"],
        "OPENAI_API_KEYS": ["sk-or-secret", ""],
    }
    caplog.set_level(0)
    client = connect(Server(**{"GET /openai/config": config}))
    hosts = client.outside()
    assert hosts == {0: Outside("openrouter.ai", "openrouter.ai:443"), 1: Outside("::1", "[::1]:1234")}
    assert "secret" not in caplog.text + repr(vars(client)) + repr(hosts)
    urls = {"OPENAI_API_BASE_URLS": ["https://api.openai.com/v1"]}
    assert connect(Server("0.3.35", **{"GET /openai/urls": urls})).outside() == {
        0: Outside("api.openai.com", "api.openai.com:443")
    }


def test_busy_chats(connect):
    assert connect(Server(**{"GET /api/tasks": {"tasks": ["a", "b"]}})).busy_chats() == 2


def test_before_0_5_nobody_can_tell_how_many_chats_are_busy(connect):
    server = Server("0.4.8")
    client = connect(server)
    for ask in (client.busy_chats, client.stop_generations, client.own_autocomplete):
        with pytest.raises(NotFound):
            ask()
    assert not any("tasks" in name or "settings" in name for name in server.asked)


def test_stopping_everything_counts_what_it_stopped(connect):
    running = {"a": True, "b/c": True, "gone": False}
    server = Server(**{"GET /api/tasks": lambda _: {"tasks": list(running)}})

    def stop(name):
        return lambda _: {"status": running.pop(name), "message": "x"}

    server.route("POST /api/tasks/stop/a", stop("a")).route("POST /api/tasks/stop/b%2Fc", stop("b/c"))
    server.route("POST /api/tasks/stop/gone", (404, {"detail": "not found"}))
    assert connect(server).stop_generations() == 2
    assert list(running) == ["gone"]


@pytest.mark.parametrize(
    ("routes", "count"),
    [
        ({"GET /api/v1/users/search": {"users": [{"email": "a@b"}], "total": 31}}, 31),
        ({"GET /api/v1/users/search": (400, {"detail": "not found"}), "GET /api/v1/users/": [{}, {}]}, 2),
        ({"GET /api/v1/users/": {"users": [], "total": 5}}, 5),
    ],
)
def test_the_number_of_accounts(connect, routes, count):
    assert connect(Server(**routes)).user_count() == count


ROLES = [{"role": "admin"}, {"role": "admin"}, {"role": "pending"}, {"role": "user"}, {}, None]


@pytest.mark.parametrize(
    "routes",
    [
        {"GET /api/v1/users/search": {"users": ROLES, "total": 5}},
        {"GET /api/v1/users/search": (400, {"detail": "not found"}), "GET /api/v1/users/": ROLES},
    ],
    ids=["search", "before 0.6.30"],
)
def test_only_accounts_that_may_be_refused_a_model_count_as_ordinary(connect, routes):
    """Administrators pass everywhere, and who waits for approval asks nothing."""
    assert connect(Server(**routes)).ordinary_users() == 1


def test_ordinary_accounts_of_every_page_count(connect):
    pages = iter([[{"role": "admin"}] * 30, [{"role": "user"}] * 3])
    server = Server()
    server.route("GET /api/v1/users/search", lambda _: {"users": next(pages), "total": 33})
    assert connect(server).ordinary_users() == 3


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (None, False),
        ({}, False),
        ({"ui": None}, False),
        ({"ui": {"promptAutocomplete": False}}, False),
        ({"ui": {"promptAutocomplete": True}}, True),
    ],
)
def test_own_autocomplete(connect, settings, wanted):
    assert connect(Server(**{"GET /api/v1/users/user/settings": (200, settings)})).own_autocomplete() is wanted


# --- real calls ---

COMPLETION = {"model": "gemma3:1b", "choices": [{"message": {"content": "{}"}}]}


@pytest.mark.parametrize(
    ("version", "task", "path"),
    [
        ("0.3.35", Setting.TITLES, "/api/task/title"),
        ("0.3.35", Setting.SEARCH_QUERIES, "/api/task/query"),
        ("0.4.8", Setting.SEARCH_QUERIES, "/api/task/queries"),
        ("0.5.20", Setting.AUTOCOMPLETE, "/api/v1/tasks/auto"),
        ("0.12.4", Setting.FOLLOW_UPS, "/api/v1/tasks/follow_up"),
        ("0.12.4", Setting.RETRIEVAL_QUERIES, "/api/v1/tasks/queries"),
        ("0.12.4", Setting.TAGS, "/api/v1/tasks/tags"),
    ],
)
def test_a_task_call_tells_which_model_answered(connect, version, task, path):
    server = Server(version, **{f"POST {path}/completions": COMPLETION})
    answer = connect(server).run_task(task, "qwen3:32b")
    assert answer.model == "gemma3:1b"
    assert answer.seconds >= 0


@pytest.mark.parametrize(
    ("version", "task"),
    [("0.3.20", Setting.TAGS), ("0.4.6", Setting.AUTOCOMPLETE), ("0.6.13", Setting.FOLLOW_UPS), ("0.3.35", Setting.RETRIEVAL_QUERIES)],
)  # fmt: skip
def test_a_task_that_a_version_lacks_is_not_called(connect, version, task):
    server = Server(version)
    with pytest.raises(NotFound):
        connect(server).run_task(task, "m")
    assert not any(name.startswith("POST") for name in server.asked)


@pytest.mark.parametrize("status", [200, 400])
def test_a_task_that_is_off_is_told_whatever_the_status(connect, status):
    server = Server(**{"POST /api/v1/tasks/title/completions": (status, {"detail": "Title generation is disabled"})})
    with pytest.raises(Invalid) as caught:
        connect(server).run_task(Setting.TITLES, "m")
    assert caught.value.detail == "Title generation is disabled"


def test_a_server_that_just_started_is_made_to_list_its_models(connect):
    known = []
    server = Server()
    server.route("GET /api/models", lambda _: known.append("m") or {"data": []})
    server.route(
        "POST /api/v1/tasks/title/completions", lambda _: COMPLETION if known else (404, {"detail": "no model"})
    )
    assert connect(server).run_task(Setting.TITLES, "m").model == "gemma3:1b"


def events(*entries):
    return (
        b": ping\n\n"
        + b"".join(b"data: " + json.dumps(entry).encode() + b"\n\n" for entry in entries)
        + b"data: [DONE]\n\n"
    )


def delta(**fields):
    return {"choices": [{"index": 0, "delta": fields}]}


@pytest.mark.parametrize("field", ["content", "reasoning_content"])
def test_the_first_word_of_a_chat(connect, field):
    body = events({"sources": []}, delta(role="assistant", content=""), {"choices": []}, delta(**{field: "Hi"}))
    assert connect(Server(**{"POST /api/chat/completions": body})).chat_first_token("m", "hi") >= 0


@pytest.mark.parametrize("problem", [{"error": {"message": "model not found"}}, {"detail": "model not found"}])
def test_a_chat_that_fails_in_the_stream(connect, problem):
    with pytest.raises(Invalid) as caught:
        connect(Server(**{"POST /api/chat/completions": events(problem)})).chat_first_token("m", "hi")
    assert caught.value.detail == "model not found"


def test_a_chat_without_a_word(connect):
    with pytest.raises(BadAnswer):
        connect(Server(**{"POST /api/chat/completions": events(delta(content=""))})).chat_first_token("m", "hi")
