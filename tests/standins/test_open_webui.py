"""The stand-in for Open WebUI calls the Ollama behind it as the real one does. What it shares with the real server,
answer by answer, is held by tests/contract."""

import threading

import httpx
import pytest

from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, USER, DemoOpenWebUI
from tray_app.standins.server import FaultKind, wait_until
from tray_app.standins.webui_models import ModelRecord

BIG, SMALL = "qwen3:32b", "gemma3:1b"
MESSAGES = [{"role": "user", "content": "Why is my Mac slow?"}]
BACKGROUND = {"title_generation": True, "tags_generation": True, "follow_up_generation": True}


@pytest.fixture
def ollama():
    with DemoOllama() as server:
        yield server


@pytest.fixture
def start(ollama):
    started = []

    def make(version="0.12.4", **more):
        server = DemoOpenWebUI(version, ollama_url=ollama.url, **more)
        server.start()
        started.append(server)
        return server

    yield make
    ollama.release()
    for server in started:
        server.stop()


def client(server, email=ADMIN[0]):
    head = {"Authorization": f"Bearer {server.session(email)}"}
    return httpx.Client(base_url=server.url, headers=head, trust_env=False, timeout=20)


def kinds(ollama):
    """What reached Ollama, in order: chat, title, tags, follow-up."""
    marks = {"title": "concise", "tags": "broad tags", "follow-up": "follow_ups"}
    found = []
    for body in ollama.calls():
        text = body["messages"][-1]["content"]
        found.append("chat" if body["stream"] else next(name for name, mark in marks.items() if mark in text))
    return found


@pytest.mark.parametrize(
    ("version", "order"),
    [
        ("0.5.20", ["chat", "title", "tags"]),
        ("0.6.43", ["chat", "follow-up", "title", "tags"]),
    ],
)
def test_background_tasks_follow_the_answer(ollama, start, version, order):
    server = start(version)
    with client(server) as http:
        http.get("/api/models")
        body = {"model": BIG, "messages": MESSAGES, "session_id": "s", "chat_id": "c", "id": "m"}
        told = http.post("/api/chat/completions", json=body | {"background_tasks": BACKGROUND}).json()
        assert told["status"] is True
        assert wait_until(lambda: not server.generations.running)
    assert kinds(ollama) == order


def test_the_title_runs_beside_the_answer_from_0_10(ollama, start):
    server = start("0.12.4")
    ollama.hold()
    with client(server) as http:
        http.get("/api/models")
        body = {"model": BIG, "messages": MESSAGES, "session_id": "s", "chat_id": "c", "id": "m"}
        http.post("/api/chat/completions", json=body | {"background_tasks": BACKGROUND})
        assert ollama.wait_for(running=1, waiting=1)
        assert len(http.get("/api/tasks").json()["tasks"]) == 1
        ollama.release()
        assert wait_until(lambda: not server.generations.running)
    assert sorted(kinds(ollama)) == ["chat", "follow-up", "tags", "title"]


def test_stopping_a_generation_frees_ollama(ollama, start):
    server = start("0.12.4")
    ollama.hold()
    with client(server) as http:
        http.get("/api/models")
        body = {"model": BIG, "messages": MESSAGES, "session_id": "s", "chat_id": "c", "id": "m"}
        task = http.post("/api/chat/completions", json=body).json()["task_id"]
        assert ollama.wait_for(running=1, waiting=0)
        assert http.post(f"/api/tasks/stop/{task}").json()["status"] is True
        assert ollama.wait_for(running=0, waiting=0)


def test_a_task_outlives_its_caller(ollama, start):
    server = start("0.12.4")
    ollama.hold()
    with client(server) as http:
        http.get("/api/models")
        with pytest.raises(httpx.ReadTimeout):
            http.post("/api/v1/tasks/title/completions", json={"model": BIG, "messages": MESSAGES}, timeout=0.2)
    assert ollama.wait_for(running=1, waiting=0)
    ollama.release()
    assert wait_until(lambda: ollama.running == 0)


def test_a_stop_ends_what_runs(ollama, start):
    server = start("0.12.4")
    ollama.hold()
    with client(server) as http:
        http.get("/api/models")
        answers = []

        def ask():
            try:
                answers.append(http.post("/api/v1/tasks/tags/completions", json={"model": BIG, "messages": MESSAGES}))
            except httpx.HTTPError as error:
                answers.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        assert ollama.wait_for(running=1, waiting=0)
        server.stop()
        thread.join()
    assert len(answers) == 1
    assert ollama.wait_for(running=0, waiting=0)


def test_a_preset_takes_the_other_slot_between_0_6_11_and_0_6_40(ollama, start):
    for version, runs_on in (("0.6.5", SMALL), ("0.6.36", BIG), ("0.6.43", SMALL)):
        server = start(version)
        server.registry.records["helper"] = ModelRecord("helper", base_model_id=BIG, public=True)
        server.settings["TASK_MODEL"] = SMALL
        with client(server) as http:
            http.get("/api/models")
            http.post("/api/v1/tasks/title/completions", json={"model": "helper", "messages": MESSAGES})
        assert ollama.calls()[-1]["model"] == runs_on, version


def test_an_inactive_task_model_falls_back_to_the_chat_model(ollama, start):
    server = start("0.12.4")
    server.registry.records[SMALL] = ModelRecord(SMALL, active=False)
    server.settings["TASK_MODEL"] = SMALL
    with client(server) as http:
        http.get("/api/models")
        told = http.post("/api/v1/tasks/title/completions", json={"model": BIG, "messages": MESSAGES}).json()
    assert told["model"] == BIG


def test_workers_disagree_before_0_10_only(start):
    for version, values in (("0.6.43", {True, False}), ("0.12.4", {False})):
        server = start(version, workers=2)
        with client(server) as http:
            http.headers["Connection"] = "close"  # a connection belongs to one worker
            document = http.get("/api/v1/tasks/config").json()
            http.post("/api/v1/tasks/config/update", json=document | {"ENABLE_TAGS_GENERATION": False})
            seen = {http.get("/api/v1/tasks/config").json()["ENABLE_TAGS_GENERATION"] for _ in range(4)}
        assert seen == values, version


def test_an_ordinary_user_cannot_use_a_private_task_model(ollama, start):
    server = start("0.12.4")
    server.registry.records[BIG] = ModelRecord(BIG, public=True)
    server.settings["TASK_MODEL"] = SMALL
    with client(server, USER[0]) as http:
        http.get("/api/models")
        body = {"model": BIG, "messages": MESSAGES, "prompt": "Why"}
        assert http.post("/api/v1/tasks/title/completions", json=body).status_code == 400
        server.settings["ENABLE_AUTOCOMPLETE_GENERATION"] = True
        assert http.post("/api/v1/tasks/auto/completions", json=body).status_code == 500
    assert ollama.calls() == []


def test_task_parameters_reach_ollama(ollama, start):
    server = start("0.12.4")
    server.settings["TASK_MODEL_PARAMS"] = {"think": False, "max_tokens": 64, "temperature": 0.1}
    with client(server) as http:
        http.get("/api/models")
        http.post("/api/v1/tasks/tags/completions", json={"model": BIG, "messages": MESSAGES})
    (body,) = ollama.calls()
    assert body["think"] is False
    assert body["options"] == {"num_predict": 64, "temperature": 0.1}


def sign_in(server, email, password):
    body = {"email": email, "password": password}
    return httpx.post(f"{server.url}/api/v1/auths/signin", json=body, trust_env=False)


@pytest.mark.parametrize(("version", "last"), [("0.6.36", 200), ("0.6.43", 429), ("0.12.4", 429)])
def test_the_sixteenth_sign_in_is_refused_from_0_6_41(start, version, last):
    server = start(version)
    answers = [sign_in(server, *ADMIN).status_code for _ in range(16)]
    assert answers == [200] * 15 + [last]


def test_a_second_factor_comes_instead_of_a_token(start):
    server = start("0.12.4")
    server.accounts.second_factor = True
    answer = sign_in(server, *ADMIN)
    assert answer.status_code == 200
    assert "token" not in answer.json()


def test_password_sign_in_can_be_switched_off(start):
    server = start("0.12.4")
    server.accounts.password_sign_in = False
    assert sign_in(server, *ADMIN).status_code == 403


def test_keys_could_not_reach_the_settings_in_0_5_0(start):
    server = start("0.5.0")
    head = {"Authorization": f"Bearer {server.api_key()}"}
    assert httpx.get(f"{server.url}/api/v1/tasks/config", headers=head, trust_env=False).status_code == 403
    assert httpx.get(f"{server.url}/api/models", headers=head, trust_env=False).status_code == 200


def test_an_answer_can_be_lost_after_the_write(start):
    server = start("0.12.4")
    server.fail(FaultKind.HANG_UP, "/api/v1/tasks/config/update", after=True)
    with client(server) as http:
        document = http.get("/api/v1/tasks/config").json()
        with pytest.raises(httpx.RemoteProtocolError):
            http.post("/api/v1/tasks/config/update", json=document | {"TASK_MODEL": SMALL})
    assert server.settings["TASK_MODEL"] == SMALL


def test_a_restart_forgets_the_models_and_keeps_the_settings(ollama, start):
    server = start("0.12.4")
    server.settings["TASK_MODEL"] = SMALL
    with client(server) as http:
        http.get("/api/models")
        server.stop()
        server.start()
        answer = http.post("/api/v1/tasks/title/completions", json={"model": BIG, "messages": MESSAGES})
        assert answer.status_code == 404
        assert http.get("/api/v1/tasks/config").json()["TASK_MODEL"] == SMALL
