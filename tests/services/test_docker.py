"""Docker's engine, as a server of the tests on a real unix socket says it is."""

import contextlib
import gc
import hashlib
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from tests.services.conftest import Peer
from tray_app.app.containers import ContainerReader
from tray_app.app.rhythm import CONTAINERS_EVERY_S
from tray_app.core.values.errors.service import (
    BadAnswer,
    Interrupted,
    Invalid,
    NotThatServer,
    ServiceError,
    TimedOut,
    Unreachable,
)
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import Container, ProcessRole
from tray_app.services.docker import Docker, memory_bytes, role_of, sockets

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")


@pytest.fixture
def collected():
    """It comes late on some Pythons (3.12, 3.13), and a test that follows, in whatever file, would be told of it."""
    yield
    gc.collect()


def refused(test):
    """httpcore 1.0 leaves the socket of a refused connection to the garbage collector."""
    ignored = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
    return pytest.mark.usefixtures("collected")(ignored(test))


GIB = 2**30
WEB, OLLAMA = "a" * 64, "b" * 64
PORTS = [
    {"IP": "0.0.0.0", "PrivatePort": 8080, "PublicPort": 3000, "Type": "tcp"},
    {"IP": "::", "PrivatePort": 8080, "PublicPort": 3000, "Type": "tcp"},
    {"PrivatePort": 53, "Type": "udp"},
]
V2 = {"usage": 3 * GIB, "limit": 8 * GIB, "stats": {"inactive_file": GIB, "active_file": 7}}
V1 = {"usage": 3 * GIB, "stats": {"total_inactive_file": GIB // 2, "inactive_file": 5, "cache": GIB}}


def listed(identity, name, image, **more):
    return {"Id": identity, "Names": [f"/{name}"], "Image": image, "Ports": [], "State": "running", **more}


def stats(memory, busy_ns=0):
    return {"memory_stats": memory, "cpu_stats": {"cpu_usage": {"total_usage": busy_ns}}, "precpu_stats": {}}


class Engine:
    """Answers by path. A value that can be called behaves as it likes with the connection."""

    def __init__(self, path, version="1.47", lowest="1.44"):
        self.path = Path(path)
        self.over = threading.Event()
        self.requests = []
        self.accepted = 0
        self.version, self.lowest = version, lowest
        self.ping = None
        self.list = [
            listed(WEB, "open-webui", "ghcr.io/open-webui/open-webui:main", Ports=PORTS),
            listed("c" * 64, "database", "postgres:16"),
            listed(OLLAMA, "ollama", "ollama/ollama"),
        ]
        self.stats = {WEB: stats(V2), OLLAMA: stats(V1)}
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.over.is_set():
                connection.close()
                return
            self.accepted += 1
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            peer = Peer(connection, self)
            while request := peer.request():
                self._answer(peer, request.split(b" ")[1].decode())

    def _answer(self, peer, path):
        if path == "/_ping":
            if self.ping:
                self.ping(peer)
            else:
                peer.answer(b"OK", headers=f"Api-Version: {self.version}\r\n", content_type="text/plain")
            return
        _, asked, *rest = path.partition("?")[0].split("/")
        if asked == "v1.24" and self.lowest == "1.44":
            said = {"message": "client version 1.24 is too old. Minimum supported API version is 1.44"}
            peer.answer(json.dumps(said).encode(), "400 Bad Request")
            return
        assert asked == f"v{self.version}"
        found = self.list if rest == ["containers", "json"] else self.stats.get(rest[1])
        if callable(found):
            found(peer)
        elif found is None:
            peer.answer(b'{"message": "No such container"}', "404 Not Found")
        else:
            peer.answer(json.dumps(found).encode())

    def stop(self):
        self.over.set()
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as last:
            last.connect(str(self.path))
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def home():
    """Short: a unix socket's path has at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="er"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def engine(home):
    made = Engine(home / "d.sock")
    yield made
    made.stop()


@pytest.fixture
def docker(engine, closing):
    return closing(Docker(engine.path, deadline_s=0.5))


class TestContainers:
    def test_which_ones_with_their_memory(self, docker):
        web, ollama = docker.containers()
        assert web == Container("open-webui", ProcessRole.OPEN_WEBUI, 2 * GIB, None, ports=(3000,))
        assert ollama.role is ProcessRole.OLLAMA_SERVER
        assert ollama.memory_bytes == 3 * GIB - GIB // 2

    def test_cpu_from_two_samples(self, engine, closing):
        clock = Clock()
        docker = closing(Docker(engine.path, clock=clock))
        docker.containers()
        clock.now += 15
        engine.stats[WEB] = stats(V2, 30 * 10**9)
        assert [one.cpu_percent for one in docker.containers()] == [200.0, 0.0]
        clock.now += 15
        engine.stats[WEB] = stats(V2, 10**9)  # restarted
        assert docker.containers()[0].cpu_percent is None

    def test_only_reads_and_asks_for_one_sample(self, engine, docker):
        docker.containers()
        lines = [request.split(b"\r\n")[0].decode() for request in engine.requests]
        assert lines == [
            "GET /_ping HTTP/1.1",
            "GET /v1.47/containers/json?filters=%7B%22status%22%3A%5B%22running%22%5D%7D HTTP/1.1",
            f"GET /v1.47/containers/{WEB}/stats?stream=false&one-shot=true HTTP/1.1",
            f"GET /v1.47/containers/{OLLAMA}/stats?stream=false&one-shot=true HTTP/1.1",
        ]
        assert engine.accepted == 1

    def test_podman(self, engine, docker):
        """Full image names, no memory details, a version of its own; without cgroups it cannot count."""
        engine.version = "1.41"
        engine.list = [
            listed(WEB, "web", "ghcr.io/open-webui/open-webui:main", Ports=None),
            listed(OLLAMA, "o", "docker.io/ollama/ollama:latest"),
        ]
        engine.stats = {
            WEB: stats({"usage": GIB, "stats": None}),
            OLLAMA: lambda peer: peer.answer(b'{"cause": "x", "message": "no cgroups"}', "500 Internal Server Error"),
        }
        assert [one.memory_bytes for one in docker.containers()] == [GIB, None]

    def test_one_that_ended_between_two_questions(self, engine, docker):
        del engine.stats[WEB]
        assert [one.memory_bytes is None for one in docker.containers()] == [True, False]

    @pytest.mark.parametrize(
        "bad",
        [
            {"Image": "ollama"},
            {"Id": "../../etc", "Image": "ollama", "Names": [5], "Ports": "x"},
            {"Id": WEB, "Image": "ollama", "Names": [], "Ports": [{"PublicPort": "1", "Type": "tcp"}, 7]},
        ],
    )
    def test_half_entries(self, engine, docker, bad):
        engine.list = [bad, None, 5]
        engine.stats = {WEB: []}
        assert docker.containers() == (Container("", ProcessRole.OLLAMA_SERVER),)
        assert not [request for request in engine.requests if b"etc" in request]


class TestRefusals:
    def test_an_engine_that_refuses_old_versions(self, engine, docker):
        engine.version = "1.24"
        with pytest.raises(Invalid) as caught:
            docker.containers()
        assert (caught.value.status, caught.value.detail[:26]) == (400, "client version 1.24 is too")

    @pytest.mark.parametrize("version", ["", "2.0", "1.44/../../x", "1.", "one"])
    def test_no_version(self, engine, docker, version):
        engine.version = version
        with pytest.raises(NotThatServer):
            docker.containers()

    def test_hangs(self, engine, docker):
        engine.list = lambda peer: peer.hang()
        with pytest.raises(TimedOut):
            docker.containers()

    def test_drips(self, engine, docker):
        engine.ping = lambda peer: peer.drip(b"HTTP/1.1 200 OK\r\nX: y\r\n")
        with pytest.raises(TimedOut):
            docker.containers()

    def test_half_an_answer(self, engine, docker):
        def half(peer):
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n[{")
            peer.connection.shutdown(socket.SHUT_RDWR)

        engine.list = half
        with pytest.raises(Interrupted):
            docker.containers()

    @pytest.mark.parametrize("body", [b"{}", b"null", b"[", b"\xff"])
    def test_no_list(self, engine, docker, body):
        engine.list = lambda peer: peer.answer(body)
        with pytest.raises(BadAnswer):
            docker.containers()

    @refused
    def test_nobody_there(self, home, closing):
        with pytest.raises(Unreachable):
            closing(Docker(home / "none.sock")).containers()


@pytest.mark.parametrize(
    ("image", "role"),
    [
        ("ollama/ollama:0.32.15-rocm", ProcessRole.OLLAMA_SERVER),
        ("mirror:5000/ollama@sha256:12", ProcessRole.OLLAMA_SERVER),
        ("ghcr.io/open-webui/open-webui:ollama", ProcessRole.OPEN_WEBUI),
        ("ghcr.io/open-webui/pipelines:main", None),
        ("someone/ollama-proxy", None),
        ("", None),
    ],
)
def test_roles(image, role):
    assert role_of({"Image": image}) is role


def test_an_image_that_lost_its_name():
    label = {"org.opencontainers.image.source": "https://github.com/open-webui/open-webui"}
    assert role_of({"Image": "sha256:12", "Labels": label}) is ProcessRole.OPEN_WEBUI
    assert role_of({"Image": "sha256:12", "Labels": None}) is None


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ({"usage": 10, "stats": {"inactive_file": 4}}, 6),
        ({"usage": 10, "stats": {"cache": 3}}, 7),
        ({"usage": 10, "stats": {"inactive_file": 40}}, 10),
        ({"usage": 10}, 10),
        ({"usage": 0}, None),
        ({"usage": "10"}, None),
        ({}, None),
    ],
)
def test_memory(given, used):
    assert memory_bytes(given) == used


def listen(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
    return path


class TestSockets:
    def test_the_order(self, home):
        desktop = listen(home / ".docker/run/docker.sock")
        podman = listen(home / "run/podman/podman.sock")
        named = listen(home / "named.sock")
        here = {"XDG_RUNTIME_DIR": str(home / "run")}
        usual = Path("/var/run/docker.sock")

        def found(environment):
            return [path for path in sockets("linux", environment, home) if path != usual]

        assert found(here) == [desktop, podman]
        assert found({**here, "DOCKER_HOST": f"unix://{named}"}) == [named, desktop, podman]

    def test_the_current_context(self, home):
        path = listen(home / "colima.sock")
        folder = home / ".docker/contexts/meta" / hashlib.sha256(b"colima").hexdigest()
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": f"unix://{path}"}}}))
        (home / ".docker/config.json").write_text('{"currentContext": "colima"}')
        assert sockets("darwin", {}, home)[:1] == (path,)
        (folder / "meta.json").write_text('{"Endpoints": {"docker": {"Host": "ssh://me:hidden@there"}}}')
        assert sockets("darwin", {}, home) == Unknown(Why.UNSUPPORTED, "ssh")

    @pytest.mark.parametrize(
        "text", ["", "[]", "{", '{"currentContext": 5}', '{"currentContext": "../../x"}', "[" * 9999]
    )
    def test_a_bad_configuration(self, home, text):
        (home / ".docker").mkdir()
        (home / ".docker/config.json").write_text(text)
        path = listen(home / ".orbstack/run/docker.sock")
        assert path in sockets("darwin", {}, home)

    def test_elsewhere(self, home):
        assert sockets("win32", {}, home) == Unknown(Why.UNSUPPORTED, "npipe")
        assert sockets("linux", {"DOCKER_HOST": "tcp://10.0.0.1:2375"}, home) == Unknown(Why.UNSUPPORTED, "tcp")


@pytest.fixture
def reader(engine, home, closing):
    clock = Clock()
    environment = {"DOCKER_HOST": f"unix://{engine.path}"}
    made = closing(
        ContainerReader(lambda: True, system="linux", environment=environment, home=lambda: home, clock=clock)
    )
    return made, clock


class TestReading:
    def test_not_allowed(self, engine, closing):
        environment = {"DOCKER_HOST": f"unix://{engine.path}"}
        made = closing(ContainerReader(lambda: False, system="linux", environment=environment))
        assert made.read(1.0) == Unknown(Why.NOT_ASKED, "allow-docker-socket")
        assert engine.accepted == 0

    def test_asked_every_fifteen_seconds(self, engine, reader):
        made, clock = reader
        assert len(made.read(1.0).value) == 2
        asked = len(engine.requests)
        clock.now += CONTAINERS_EVERY_S - 0.1
        assert made.read(15.9).taken_at == 1.0
        assert len(engine.requests) == asked
        clock.now += 0.1
        assert made.read(16.0).taken_at == 16.0

    def test_an_engine_of_another_version_later(self, engine, reader):
        made, clock = reader
        made.read(1.0)
        engine.list = lambda peer: peer.answer(b"{}", "400 Bad Request")
        clock.now += CONTAINERS_EVERY_S
        assert made.read(2.0).why is Why.BAD_ANSWER
        engine.version, engine.list = "1.48", []
        clock.now += CONTAINERS_EVERY_S
        assert made.read(3.0) == Known((), 3.0)

    @refused
    def test_a_socket_that_was_left_over(self, engine, home, closing):
        environment = {"DOCKER_HOST": f"unix://{listen(home / 'stale.sock')}"}
        (home / ".docker/run").mkdir(parents=True)
        (home / ".docker/run/docker.sock").symlink_to(engine.path)
        made = closing(ContainerReader(lambda: True, system="darwin", environment=environment, home=lambda: home))
        assert len(made.read(1.0).value) == 2

    @pytest.mark.skipif(Path("/var/run/docker.sock").exists(), reason="this machine has an engine")
    def test_no_engine(self, home, closing):
        made = closing(ContainerReader(lambda: True, system="linux", environment={}, home=lambda: home))
        assert made.read(1.0) == Unknown(Why.MISSING, "docker-sock")

    def test_a_socket_of_others(self, engine, reader, monkeypatch):
        monkeypatch.setattr(os, "access", lambda *_: False)
        assert reader[0].read(1.0) == Unknown(Why.DENIED, str(engine.path))

    def test_errors_are_typed(self, engine, docker):
        engine.ping = lambda peer: peer.answer(b"no", "403 Forbidden")
        with pytest.raises(ServiceError):
            docker.containers()
