"""A team end to end: a real Open WebUI, a real HAProxy, three hosts that are played."""

import contextlib
import threading

import httpx
import pytest

from tests.haproxy.balancer import Balancer, program
from tests.real.install import CannotInstall
from tests.real.relayed import lead, switch_on
from tests.real.servers import ADMIN, RealServer, session
from tests.requirements import require
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.scheduler import Pace
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.haproxy, pytest.mark.real, pytest.mark.timeout(600)]

VERSION, BIG = "0.12.4", "qwen3:32b"
MESSAGES = [{"role": "user", "content": "How is the basil?"}, {"role": "assistant", "content": "It wants light."}]
# By words of Open WebUI's own templates.
MARKS = {
    "title": "concise title summarizing",
    "tags": "1-3 broad tags",
    "follow_up": "messages this user might naturally send next",
    "auto": "autocompletion system",
}


@pytest.fixture(scope="module")
def hosts():
    with contextlib.ExitStack() as ends:
        yield [ends.enter_context(DemoOllama(pace=Pace(token_s=0.02))) for _ in range(3)]


@pytest.fixture(scope="module")
def balancer(hosts, tmp_path_factory):
    program()
    with Balancer(tmp_path_factory.mktemp("haproxy"), *(host.url for host in hosts)) as made:
        yield made


@pytest.fixture(scope="module")
def open_webui(hosts, balancer, tmp_path_factory):
    """Signed in as an admin; its Ollama connection leads to the balancer and carries the header."""
    server = RealServer(VERSION, tmp_path_factory.mktemp("open-webui"), ollama_url=hosts[0].url)
    try:
        server.start()
    except CannotInstall as error:
        require("real", str(error))
    head = {"Authorization": f"Bearer {session(server.url, ADMIN)}"}
    with httpx.Client(base_url=server.url, headers=head, trust_env=False, timeout=60) as http:
        answer = http.post("/ollama/verify", json={"url": balancer.url, "key": ""})
        assert answer.json() == {"version": hosts[0].version}
        lead(http, balancer.url)
        switch_on(http, ENABLE_AUTOCOMPLETE_GENERATION=True)
        ids = [one["id"] for one in http.get("/api/models").json()["data"]]
        assert BIG in ids
        yield http
    server.stop()


def came(hosts):
    """What came to a host for a place, in that order: the kind of task, or the chat's own words."""
    works = [(work.waited_since, host, index) for host in hosts for index, work in enumerate(host.scheduler.seen)]
    bodies = {id(host): [one for one in host.asked if one.path in {"/api/chat", "/api/generate"}] for host in hosts}
    return [_kind(bodies[id(host)][index].body.decode()) for _, host, index in sorted(works, key=lambda one: one[0])]


def _kind(body):
    found = [kind for kind, mark in MARKS.items() if mark in body]
    return found[0] if found else "chat"


def running(hosts):
    return sum(host.running for host in hosts)


@pytest.fixture
def held(hosts):
    """They stand still; calling it lets them go on."""

    def release():
        for host in hosts:
            host.release()

    for host in hosts:
        host.hold()
    yield release
    release()


class Calls:
    """As many requests as are wanted at a time, each with its answer."""

    def __init__(self, http):
        self.http, self.statuses, self._threads = http, [], []

    def send(self, path, body):
        one = threading.Thread(target=lambda: self.statuses.append(self.http.post(path, json=body).status_code))
        one.start()
        self._threads.append(one)

    def chat(self):
        self.send("/api/chat/completions", {"model": BIG, "messages": MESSAGES[:1], "stream": True})

    def task(self, kind):
        body = {"model": BIG, "messages": MESSAGES, "prompt": "The basil", "type": "search query", "stream": False}
        self.send(f"/api/v1/tasks/{kind}/completions", body)

    def wait(self):
        for one in self._threads:
            one.join()
        return self.statuses


def test_chats_are_served_before_tasks_before_autocomplete(hosts, balancer, open_webui, held):
    before = len(came(hosts))
    calls = Calls(open_webui)
    for number in range(3):
        calls.chat()
        assert wait_until(lambda: running(hosts) == number + 1, 30)  # noqa: B023 - asked at once
    for number, kind in enumerate(["auto", "title", "tags", "follow_up", *[""] * 3]):
        calls.task(kind) if kind else calls.chat()
        assert wait_until(lambda: balancer.waiting() == number + 1, 30)  # noqa: B023 - asked at once
    held()
    assert set(calls.wait()) == {200}
    order = came(hosts)[before + 3 :]
    assert (order[:3], set(order[3:6]), order[6:]) == (["chat"] * 3, {"title", "tags", "follow_up"}, ["auto"])


def test_a_chat_goes_on_when_a_host_dies(hosts, balancer, open_webui):
    hosts[0].stop()
    try:
        for _ in range(3):
            answer = open_webui.post(
                "/api/chat/completions", json={"model": BIG, "messages": MESSAGES[:1], "stream": False}
            )
            assert answer.json().get("choices"), answer.text
        assert wait_until(lambda: not balancer.up(hosts[0].url), 30)
        assert open_webui.get("/api/models").json()["data"]
    finally:
        hosts[0].start()
    assert wait_until(lambda: balancer.up(hosts[0].url), 30)


def test_who_waited_how_long_is_told_to_prometheus(balancer):
    told = balancer.metrics()
    labels = 'proxy="elbowroom_generations"'
    assert told["haproxy_backend_current_queue", labels] == 0
    assert told["haproxy_backend_max_queue_time_seconds", labels] > 0
    assert told["haproxy_backend_active_servers", labels] == 3
