"""The stand-in for Ollama queues, loads, evicts and unloads as the real one does."""

import threading

import httpx
import pytest

from tray_app.standins.ollama import BUSY_TEXT, DemoOllama
from tray_app.standins.server import FaultKind, wait_until

BIG, MIDDLE, SMALL = "qwen3:32b", "llama3.2:3b", "gemma3:1b"
CHAT = {"model": BIG, "messages": [{"role": "user", "content": "Hello"}], "stream": False}


@pytest.fixture
def ollama():
    with DemoOllama() as server:
        yield server


@pytest.fixture
def http():
    with httpx.Client(trust_env=False, timeout=10) as client:
        yield client


class Background:
    """Requests sent from threads; `answers` fills as they end."""

    def __init__(self, url):
        self.url = url
        self.answers = []
        self.threads = []

    def post(self, path, body):
        thread = threading.Thread(target=self._post, args=(path, body))
        self.threads.append(thread)
        thread.start()

    def _post(self, path, body):
        try:
            self.answers.append(httpx.post(self.url + path, json=body, timeout=20, trust_env=False))
        except httpx.HTTPError as error:
            self.answers.append(error)

    def join(self):
        for thread in self.threads:
            thread.join()


@pytest.fixture
def background(ollama):
    sender = Background(ollama.url)
    yield sender
    ollama.release()
    sender.join()


def test_one_slot_makes_the_others_wait(ollama, background):
    ollama.hold()
    for _ in range(4):
        background.post("/api/chat", CHAT)
    assert ollama.wait_for(running=1, waiting=3)
    ollama.release()
    background.join()
    assert [answer.status_code for answer in background.answers] == [200] * 4
    assert (ollama.running, ollama.waiting) == (0, 0)
    assert ollama.scheduler.loads == [BIG]


def test_a_full_queue_is_busy():
    with DemoOllama(max_queue=1, max_loaded=1) as ollama:
        sender = Background(ollama.url)
        ollama.hold()
        sender.post("/api/chat", CHAT)
        assert ollama.wait_for(running=1, waiting=0)
        sender.post("/api/chat", CHAT | {"model": SMALL})  # waits for the runner to become idle
        assert ollama.wait_for(running=1, waiting=1)
        refused = httpx.post(f"{ollama.url}/api/chat", json=CHAT | {"model": MIDDLE}, trust_env=False)
        assert (refused.status_code, refused.json()) == (503, {"error": BUSY_TEXT})
        ollama.release()
        sender.join()
        assert ollama.scheduler.evictions == [BIG]


def test_a_loaded_model_waits_without_limit():
    with DemoOllama(max_queue=1) as ollama:
        sender = Background(ollama.url)
        ollama.hold()
        for _ in range(6):
            sender.post("/api/chat", CHAT)
            assert wait_until(lambda: ollama.running == 1)
        assert ollama.wait_for(running=1, waiting=5)
        ollama.release()
        sender.join()


def test_the_small_model_lives_beside_the_big_one_and_the_middle_one_evicts_it(ollama, http):
    for model in (BIG, SMALL):
        http.post(f"{ollama.url}/api/generate", json={"model": model})
    assert ollama.loaded() == (BIG, SMALL)
    http.post(f"{ollama.url}/api/generate", json={"model": SMALL, "keep_alive": 0})
    http.post(f"{ollama.url}/api/generate", json={"model": MIDDLE})
    assert ollama.loaded() == (MIDDLE,)
    assert ollama.scheduler.evictions == [BIG]


def test_another_context_reloads_the_same_model(ollama, http):
    for options in ({}, {"num_ctx": 8192}, {}):
        http.post(f"{ollama.url}/api/chat", json=CHAT | {"options": options})
    assert ollama.scheduler.loads == [BIG] * 3
    assert ollama.scheduler.evictions == []


def test_a_caller_that_hangs_up_leaves_the_queue(ollama, background):
    ollama.hold()
    background.post("/api/chat", CHAT)
    assert ollama.wait_for(running=1, waiting=0)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{ollama.url}/api/chat", json=CHAT, timeout=0.2, trust_env=False)
    assert ollama.wait_for(running=1, waiting=0)


def test_expiry_moves_with_the_clock_until_the_first_burst_ends(ollama, http, background):
    def expiry():
        (loaded,) = http.get(f"{ollama.url}/api/ps").json()["models"]
        return loaded["expires_at"]

    ollama.hold()
    background.post("/api/chat", CHAT)
    assert ollama.wait_for(running=1, waiting=0)
    first = expiry()
    assert wait_until(lambda: expiry() > first)
    ollama.release()
    background.join()
    assert expiry() == expiry()


def test_keep_alive_decides_how_long_a_model_stays(ollama, http):
    http.post(f"{ollama.url}/api/chat", json=CHAT | {"keep_alive": "0s"})
    assert ollama.loaded() == ()
    http.post(f"{ollama.url}/api/chat", json=CHAT | {"keep_alive": -1})
    (loaded,) = http.get(f"{ollama.url}/api/ps").json()["models"]
    assert loaded["expires_at"] > "2200"


def test_a_model_larger_than_the_budget_spills(http):
    with DemoOllama(context=32768) as ollama:
        http.post(f"{ollama.url}/api/generate", json={"model": BIG})
        (loaded,) = http.get(f"{ollama.url}/api/ps").json()["models"]
        assert loaded["size_vram"] == ollama.scheduler.budget_bytes < loaded["size"]
        assert loaded["context_length"] == 32768


def test_the_runner_shows_its_slot(ollama, http, background):
    ollama.hold()
    background.post("/api/chat", CHAT | {"options": {"num_predict": 7}})
    assert ollama.wait_for(running=1, waiting=0)
    port = ollama.runner_port(BIG)
    (slot,) = http.get(f"http://127.0.0.1:{port}/slots").json()
    assert slot["is_processing"] is True
    assert slot["params"]["n_predict"] == 7
    assert http.get(f"http://127.0.0.1:{port}/metrics").status_code == 501
    ollama.release()
    background.join()
    (slot,) = http.get(f"http://127.0.0.1:{port}/slots").json()
    assert slot == {"id": 0, "n_ctx": 4096, "speculative": False, "is_processing": False}


def test_older_versions_have_no_slots(http):
    with DemoOllama(version="0.12.11") as ollama:
        http.post(f"{ollama.url}/api/generate", json={"model": SMALL})
        assert ollama.runner_port(SMALL) is None
        assert "capabilities" not in http.get(f"{ollama.url}/api/tags").json()["models"][0]


def test_a_broken_off_pull_goes_on_where_it_stopped(ollama, http):
    name = "qwen3:1.7b"
    ollama.hold()
    with http.stream("POST", f"{ollama.url}/api/pull", json={"model": name}) as pull:
        lines = pull.iter_lines()
        assert '"pulling manifest"' in next(lines)
    ollama.release()
    ollama.partial[name] = 500_000_000
    told = http.post(f"{ollama.url}/api/pull", json={"model": name}).text.splitlines()
    assert '"completed": 500000000' in told[1]
    assert told[-1] == '{"status": "success"}'
    assert name in ollama.models


def test_a_pull_of_nothing_is_an_error_with_status_200(ollama, http):
    answer = http.post(f"{ollama.url}/api/pull", json={"model": "no-such-model"})
    assert answer.status_code == 200
    assert "error" in answer.text.splitlines()[-1]


@pytest.mark.parametrize(
    ("kind", "status"), [("fails", 500), ("html", 200), ("not-found", 404), ("redirect", 302), ("other-json", 200)]
)
def test_faults_answer_in_their_own_way_and_heal(ollama, http, kind, status):
    ollama.fail(FaultKind(kind), "/api/ps")
    assert http.get(f"{ollama.url}/api/ps").status_code == status
    assert http.get(f"{ollama.url}/api/version").status_code == 200
    ollama.heal()
    assert http.get(f"{ollama.url}/api/ps").json() == {"models": []}


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_slow_faults_keep_the_caller_waiting(ollama, http, kind):
    ollama.fail(FaultKind(kind))
    with pytest.raises(httpx.ReadTimeout), http.stream("GET", f"{ollama.url}/api/version", timeout=0.05) as answer:
        answer.read()


def test_it_listens_on_the_same_port_again(ollama, http):
    url = ollama.url
    http.post(f"{url}/api/generate", json={"model": SMALL})
    ollama.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/api/ps", trust_env=False)
    ollama.start()
    assert httpx.get(f"{url}/api/ps", trust_env=False).json() == {"models": []}
