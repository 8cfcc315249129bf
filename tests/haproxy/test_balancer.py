"""What a real HAProxy does with our configuration, before hosts that are played."""

import contextlib
import http.client
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.haproxy.balancer import Balancer, checked
from tray_app.cli.main import run
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.scheduler import Pace
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.haproxy, pytest.mark.timeout(120)]

BIG = "qwen3:32b"
PEM = Path(__file__).parents[1] / "services" / "localhost.pem"
TITLE, AUTOCOMPLETE, QUERY = "title_generation", "autocomplete_generation", "query_generation"


@pytest.mark.parametrize("prefer", ["chat", "model", "none"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_haproxy_takes_what_is_printed(tmp_path, capsys, prefer, language):
    hosts = ("http://10.0.0.1:11434", "gpu2.lan", "https://gpu3.example.com", "http://[fd00::4]:11434", "::1")
    named = [word for host in hosts for word in ("--ollama", host)]
    more = ("--listen", "*:11436", "--stats", "[::1]:8404", "--prefer", prefer, "--slots", "1", "2", "3", "4", "4096")
    assert run(["gateway", "haproxy", *named, *more, "--lang", language, "--home", str(tmp_path / "home")]) == 0
    file = tmp_path / "haproxy.cfg"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    told = checked(file)
    assert told.returncode == 0, told.stderr
    # A name that is not there yet is no reason not to start; there is nothing else to warn of.
    assert all("could not resolve" in line for line in told.stderr.splitlines() if "WARNING" in line)


@pytest.fixture
def hosts():
    """Three, each with one place, that stand still until they are released."""
    with contextlib.ExitStack() as ends:
        made = [ends.enter_context(DemoOllama(pace=Pace(token_s=0.005))) for _ in range(3)]
        for one in made:
            one.hold()
        yield made


@pytest.fixture
def balancer(hosts, tmp_path):
    with Balancer(tmp_path, *(host.url for host in hosts)) as made:
        yield made


class Asking:
    """Requests that are sent one after another and answered when the hosts get to it."""

    def __init__(self, balancer):
        self.balancer, self.answers, self._threads = balancer, {}, []

    def send(self, prompt, task="", **more):
        """Returns when it is at a host or in the queue."""
        one = threading.Thread(target=self._ask, args=(prompt, task, more))
        one.start()
        self._threads.append(one)

    def _ask(self, prompt, task, more):
        body = json.dumps({"model": BIG, "prompt": prompt, "stream": False, **more})
        with contextlib.closing(connection(self.balancer)) as asked:
            asked.request("POST", "/api/generate", body, {"X-Elbowroom-Task": task})
            self.answers[prompt] = asked.getresponse().status

    def wait(self):
        for one in self._threads:
            one.join()
        return self.answers


def connection(balancer):
    return http.client.HTTPConnection("127.0.0.1", balancer.port, timeout=60)


def get(balancer, path, method="GET", body=None):
    with contextlib.closing(connection(balancer)) as asked:
        asked.request(method, path, body)
        answer = asked.getresponse()
        return answer.status, answer.read()


def running(hosts):
    return sum(host.running for host in hosts)


def busy(asking, hosts):
    """Every place is taken."""
    for number in range(3):
        asking.send(f"first {number}", TITLE)
        assert wait_until(lambda: running(hosts) == number + 1)  # noqa: B023 - asked at once


def served(hosts):
    """Prompts in the order in which they came to a host."""
    works = [work for host in hosts for work in host.scheduler.seen]
    return [work.label for work in sorted(works, key=lambda work: work.waited_since)]


def test_people_first_then_tasks_then_autocomplete(hosts, balancer):
    asking = Asking(balancer)
    busy(asking, hosts)
    late = [("typed", AUTOCOMPLETE), *((f"title {number}", TITLE) for number in range(3))]
    late += [("chat", ""), ("search", QUERY), ("later release's", "new_kind_generation")]
    for number, (prompt, task) in enumerate(late):
        asking.send(prompt, task)
        assert wait_until(lambda: balancer.waiting() == number + 1)  # noqa: B023 - asked at once
    for host in hosts:
        host.release()
    assert set(asking.wait().values()) == {200}
    order = served(hosts)[3:]
    assert [set(order[:3]), set(order[3:6]), order[6]] == [
        {"chat", "search", "later release's"},
        {"title 0", "title 1", "title 2"},
        "typed",
    ]


def test_what_takes_no_place_does_not_wait(hosts, balancer):
    asking = Asking(balancer)
    busy(asking, hosts)
    asking.send("chat")
    assert wait_until(lambda: balancer.waiting() == 1)
    assert get(balancer, "/api/version")[0] == 200
    assert json.loads(get(balancer, "/api/tags")[1])["models"]
    assert get(balancer, "/api/embed", "POST", json.dumps({"model": BIG, "input": "w1"}))[0] == 404  # not played
    assert [one.path for host in hosts for one in host.asked if "embed" in one.path] == ["/api/embed"]
    assert {one.path for host in hosts[1:] for one in host.asked} <= {"/api/version", "/api/generate", "/api/embed"}
    for host in hosts:
        host.release()
    asking.wait()


def test_whoever_hangs_up_gives_the_place_back(hosts, balancer):
    asking = Asking(balancer)
    busy(asking, hosts)
    left = connection(balancer)
    # Head and body go in two pieces: of a request that it queued without its body, HAProxy sees no end.
    left.request("POST", "/api/generate", json.dumps({"model": BIG, "prompt": "waits", "stream": False}))
    assert wait_until(lambda: balancer.waiting() == 1)
    left.close()
    assert wait_until(lambda: balancer.waiting() == 0)
    for host in hosts:
        host.release()
    asking.wait()
    for host in hosts:
        host.hold()
    left = connection(balancer)
    left.request("POST", "/api/generate", json.dumps({"model": BIG, "prompt": "is answered"}))
    assert wait_until(lambda: running(hosts) == 1)
    left.close()
    assert wait_until(lambda: running(hosts) == 0)
    assert "waits" not in served(hosts)


def test_a_host_that_dies_gets_nothing_and_comes_back(hosts, balancer):
    for host in hosts:
        host.release()
    assert wait_until(lambda: all(balancer.up(host.url) for host in hosts))
    hosts[0].stop()
    for number in range(4):  # also before a check has seen it
        assert get(balancer, "/api/generate", "POST", json.dumps({"model": BIG, "prompt": f"w{number}"}))[0] == 200
        assert get(balancer, "/api/tags")[0] == 200
    assert wait_until(lambda: not balancer.up(hosts[0].url), 30)
    assert [balancer.up(host.url) for host in hosts[1:]] == [True, True]
    hosts[0].start()
    assert wait_until(lambda: balancer.up(hosts[0].url), 30)


def test_who_asks_is_not_told_and_each_host_hears_its_own_name(hosts, balancer):
    for host in hosts:
        host.release()
    told = {"X-Elbowroom-Task": TITLE, "X-Elbowroom-Chat": "c1", "X-Elbowroom-User": "u1", "X-Other": "stays"}
    with contextlib.closing(connection(balancer)) as asked:
        asked.request("POST", "/api/generate", json.dumps({"model": BIG, "prompt": "w1"}), told)
        assert asked.getresponse().read()
    ((host, request),) = [(host, one) for host in hosts for one in host.asked if one.method == "POST"]
    assert not [name for name in request.headers if name.startswith("x-elbowroom")]
    assert (request.headers["x-other"], request.headers["host"]) == ("stays", f"127.0.0.1:{host.port}")


def chat(balancer, prefer, key, prompt):
    """A message whose answer has come; `key` is the conversation or the model. The name of whoever gets it."""
    model, conversation = (key, "") if prefer == "model" else (BIG, key)
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": prompt}]})
    with contextlib.closing(connection(balancer)) as asked:
        asked.request("POST", "/api/chat", body, {"X-Elbowroom-Chat": conversation})
        asked.getresponse().read()


def taker(hosts, prompt):
    """Which host got it; None while none has."""
    got = (host for host in hosts for one in list(host.asked) if prompt in one.body.decode())
    return next(got, None)


@pytest.mark.parametrize(("prefer", "keys"), [("chat", ("c1", "c2", "c3", "c4")), ("model", ("gemma3:1b", BIG))])
def test_a_chat_goes_to_its_own_host_while_that_has_a_place(hosts, tmp_path, prefer, keys):
    for host in hosts:
        host.release()
    with Balancer(tmp_path, *(host.url for host in hosts), more=("--prefer", prefer)) as balancer:
        own = {}
        for number, key in enumerate(keys * 3):
            prompt = f"message {number}. " + "w " * 20_000  # more than HAProxy holds at a time
            assert wait_until(lambda: balancer.running() == 0)
            chat(balancer, prefer, key, prompt)
            assert own.setdefault(key, taker(hosts, prompt)) is taker(hosts, prompt)
        assert wait_until(lambda: balancer.running() == 0)
        own[keys[0]].hold()
        held = threading.Thread(target=chat, args=(balancer, prefer, keys[0], "stays there"))
        held.start()
        assert wait_until(lambda: taker(hosts, "stays there") is own[keys[0]])
        chat(balancer, prefer, keys[0], "goes on")
        assert taker(hosts, "goes on") is not own[keys[0]]
        own[keys[0]].release()
        held.join()


class Echo(BaseHTTPRequestHandler):
    """Counts what is sent to it, and answers in chunks of which the next waits for `go`."""

    protocol_version = "HTTP/1.1"
    received = 0
    go = threading.Event()

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._head("Content-Length: 2")
        self.wfile.write(b"{}")

    def do_POST(self):
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        type(self).received = int(self.headers["Content-Length"])
        self._head("Transfer-Encoding: chunked")
        self.wfile.write(b"5\r\nfirst\r\n")
        self.go.wait(60)
        self.wfile.write(b"4\r\nlast\r\n0\r\n\r\n")

    def _head(self, line):
        self.send_response(200)
        self.send_header(*line.split(": "))
        self.end_headers()


@contextlib.contextmanager
def echo(tls=False):
    with ThreadingHTTPServer(("localhost", 0), Echo) as server:
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(PEM)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://localhost:{server.server_port}"
        finally:
            Echo.go.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("prefer", ["chat", "model"])
def test_a_big_body_goes_up_and_each_piece_comes_down_as_it_is_made(tmp_path, prefer):
    big, Echo.received = 64 << 20, 0
    Echo.go.clear()
    with (
        echo() as host,
        Balancer(tmp_path, host, more=("--prefer", prefer)) as balancer,
        contextlib.closing(connection(balancer)) as asked,
    ):
        asked.request("POST", "/api/chat", b'{"model": "' + b"x" * big, {"Expect": "100-continue"})
        answer = asked.getresponse()
        assert answer.read(5) == b"first"
        assert len(b'{"model": "') + big == Echo.received
        Echo.go.set()
        assert answer.read() == b"last"


def test_https_is_taken_only_from_a_host_that_proves_its_name(tmp_path):
    """The certificates of this system do not have the tests' one."""
    Echo.go.set()
    with echo(tls=True) as host:
        with Balancer(tmp_path, host) as balancer:
            assert wait_until(lambda: not balancer.up(host), 30)
            assert get(balancer, "/api/generate", "POST", b"{}")[0] == 503
        balancer.file.write_text(balancer.file.read_text("utf-8").replace("@system-ca", f"'{PEM}'"), "utf-8")
        with balancer:
            assert get(balancer, "/api/generate", "POST", b"{}") == (200, b"firstlast")
            assert balancer.up(host)
        text = balancer.file.read_text("utf-8").replace("sni str(localhost)", "sni str(other)")
        balancer.file.write_text(text.replace("check-sni localhost", "check-sni other"), "utf-8")
        with balancer:
            assert wait_until(lambda: not balancer.up(host), 30)
