"""Processes that look like `ollama serve` and its `llama-server` child to the operating system.

Real programs with real sockets: links to the Python interpreter carry the names, so that process names, command lines,
parents, users and connections are what the readers would see. A client's connection is one request; one at a time is
passed on to the runner, the others wait, like with OLLAMA_NUM_PARALLEL=1.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.ports import free_port

BLOB = "sha256-" + "7527116228d3d6838ba05d004aeb3957dfd3a1317b718046d1a451a4eafa3c6d"

SERVE = """
import os, socket, subprocess, sys, threading
here, blob, runner_port = os.path.dirname(os.path.abspath(__file__)), sys.argv[1], int(sys.argv[2])
runner = subprocess.Popen([here + "/llama-server", "--model", "/models/blobs/" + blob, "--port", str(runner_port),
    "--host", "127.0.0.1", "--no-webui", "--offline", "-c", "8192", "-np", "2"], stdin=subprocess.DEVNULL)
while True:
    try: socket.create_connection(("127.0.0.1", runner_port), 1).close(); break
    except OSError: pass
turn, server = threading.Lock(), socket.create_server(("127.0.0.1", 0))
def hold(client):
    with client:
        head = client.recv(65536)
        if not head.startswith(b"POST"):
            client.recv(1); return
        with turn, socket.create_connection(("127.0.0.1", runner_port)) as running:
            running.sendall(b"POST /completion HTTP/1.1\\r\\n\\r\\n")
            client.recv(1)
def accept():
    while True: threading.Thread(target=hold, args=(server.accept()[0],), daemon=True).start()
threading.Thread(target=accept, daemon=True).start()
print(server.getsockname()[1], runner_port, runner.pid, flush=True)
sys.stdin.read()
runner.kill(); runner.wait()
"""

RUNNER = """#!{python}
import json, socket, sys, threading
server = socket.create_server(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])))
tasks, held, lock = 0, {{}}, threading.Lock()
def answer(client):
    global tasks
    with client:
        head = client.recv(65536)
        if head.startswith(b"GET /slots "):
            with lock: now = sorted(held.values())
            slots = [{{"id": i, "n_ctx": 4096, "is_processing": i < len(now), "id_task": now[i] if i < len(now) else -1,
                "n_prompt_tokens": 208, "params": {{"n_predict": -1}}, "next_token": [{{"n_decoded": 7}}]}} for i in (0, 1)]
            body = json.dumps(slots).encode()
            client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
        elif head.startswith(b"POST"):
            with lock: held[client], tasks = tasks, tasks + 10
            client.recv(1)
            with lock: del held[client]
while True: threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()
"""


def until(state: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits for a state; AssertionError when it does not come."""
    end = time.monotonic() + seconds
    while not state():
        assert time.monotonic() < end, "the state did not come"
        time.sleep(0.02)


class OllamaStandIn:
    """`with OllamaStandIn() as ollama:`; `user` starts it as another user (needs root and a system Python)."""

    def __init__(self, user: int | None = None, python: str = sys.executable) -> None:
        self._user = user
        self._python = os.path.realpath(python)
        self.clients: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="stand-in-"))
        self._folder.chmod(0o755)
        (self._folder / "ollama").symlink_to(self._python)
        (self._folder / "serve").write_text(SERVE)
        (self._folder / "llama-server").write_text(RUNNER.format(python=self._python))
        (self._folder / "llama-server").chmod(0o755)
        other = {"user": self._user, "group": self._user, "extra_groups": []} if self._user is not None else {}
        self._process = subprocess.Popen(
            # A port that the system would choose: to ask for it until the runner listens may meet one's own other end there.
            [str(self._folder / "ollama"), "serve", BLOB, str(free_port())],
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **other,
        )
        line = self._process.stdout.readline().split()
        self.port, self.runner_port, self.runner_pid = map(int, line)
        self.pid = self._process.pid
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.close()
        self._process.communicate(timeout=20)  # its input ends, then it ends
        shutil.rmtree(self._folder)

    def request(self) -> socket.socket:
        """Sends a request that runs or waits until its socket is closed."""
        client = socket.create_connection(("127.0.0.1", self.port))
        client.sendall(b"POST /api/chat HTTP/1.1\r\n\r\n")
        self.clients.append(client)
        return client

    def kill(self) -> None:
        """Ends the server as a crash does: its runner stays. Whoever calls it ends that one."""
        self._process.kill()
        self._process.wait()

    def finish_oldest(self) -> None:
        self.clients.pop(0).close()
