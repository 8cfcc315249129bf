"""An Ollama in a network of its own with a published port, as in a container: a real network namespace of Linux."""

import contextlib
import os
import shutil
import subprocess
import sys

import pytest

from tests.llama.bench import BIG, Serve, clients, runner_program, settled
from tests.ports import free_port
from tests.requirements import require
from tray_app.app.wiring import App, Overrides
from tray_app.core.values.connections import Owner
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import ProcessRole
from tray_app.standins.server import wait_until

pytestmark = pytest.mark.timeout(180)

PASSES_ON = """
import socket, sys, threading
def carry(source, to):
    try:
        while data := source.recv(65536):
            to.sendall(data)
    except OSError:
        pass
    for one in (source, to):
        try: one.shutdown(socket.SHUT_RDWR)
        except OSError: pass
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listens", flush=True)
while True:
    client = server.accept()[0]
    try: inner = socket.create_connection((sys.argv[2], 11434))
    except OSError:  # it has not started yet
        client.close()
        continue
    for pair in ((client, inner), (inner, client)):
        threading.Thread(target=carry, args=pair, daemon=True).start()
"""


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def network():
    """(its name, the address inside): a namespace beside ours, joined by a pair of virtual cards."""
    if sys.platform != "linux" or os.getuid() != 0 or shutil.which("ip") is None:
        require("llama", "a network namespace needs Linux, root and iproute2")
    name, outside, number = f"elbow{os.getpid()}", f"elb{os.getpid()}", os.getpid() % 250
    made = ip("netns", "add", name)
    if made.returncode:
        require("llama", f"no network namespace can be made here: {made.stderr.strip()}")
    try:
        for words in (
            f"link add {outside} type veth peer name inside netns {name}",
            f"addr add 10.213.{number}.1/30 dev {outside}",
            f"link set {outside} up",
            f"-n {name} addr add 10.213.{number}.2/30 dev inside",
            f"-n {name} link set inside up",
            f"-n {name} link set lo up",
        ):
            done = ip(*words.split())
            if done.returncode:
                require("llama", f"ip {words}: {done.stderr.strip()}")
        yield name, f"10.213.{number}.2"
    finally:
        # This goes at once. The kernel takes a namespace apart later than it says, and its card would be in the next one's way.
        ip("link", "del", outside)
        ip("netns", "del", name)


@pytest.fixture(params=["0.12.11", pytest.param("0.32.15", marks=pytest.mark.llama)])
def server(network, tmp_path, request):
    """`ollama serve` inside, and a program like docker-proxy that passes a port of ours on to it."""
    name, inside = network
    port = free_port()
    within = ("ip", "netns", "exec", name)
    runner = runner_program() if request.param == "0.32.15" else tmp_path / "none"
    settings = {"OLLAMA_HOST": "0.0.0.0:11434", "STAND_IN_VERSION": request.param, "STAND_IN_ANSWER_S": "60"}
    made = Serve(tmp_path / "ollama", port, runner, within, **settings)
    with contextlib.ExitStack() as ends:
        proxy = ends.enter_context(
            subprocess.Popen([sys.executable, "-c", PASSES_ON, str(port), inside], stdout=subprocess.PIPE)
        )
        ends.callback(proxy.kill)
        proxy.stdout.readline()
        ends.callback(made.stop)
        made.start()
        yield made


@pytest.fixture
def observer(server, tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    with App(Overrides(tmp_path / "home", server.url, f"http://127.0.0.1:{free_port()}")) as app:
        yield app.observer


def counted(look):
    requests = look.snapshot.requests.value
    return tuple(one.value if isinstance(one, Known) else None for one in (requests.running, requests.waiting))


def test_its_requests_are_counted_from_inside_and_our_own_never(server, observer):
    look = settled(observer, lambda look: counted(look) == (0, 0))
    watched = look.snapshot.processes.value.watched
    (found,) = [one for one in watched if one.role is ProcessRole.OLLAMA_SERVER and one.pid == server.process.pid]
    assert (found.apart, found.owner) == (True, Owner.OURS)
    assert counted(look) == (0, 0)
    with clients(server.url, BIG, 3):
        assert wait_until(lambda: server.get("/truth") == {"running": 1, "waiting": 2, "tasks": 0}, 60)
        look = settled(observer, lambda look: counted(look) == (1, 2))
        assert counted(look) == (1, 2)
        assert look.snapshot.slots == ()  # the port of its runner is another program's here
