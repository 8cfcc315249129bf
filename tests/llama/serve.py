"""The server half of Ollama as a process of its own, in front of real llama-servers that it starts as Ollama does.

Runs as a process named `ollama` with the argument `serve` (bench.py starts it so), so that what looks at processes,
sockets, slots and logs sees the real thing: real runners with Ollama's command line, a queue per model, real answers.
Shapes and sizes in its API are those of well-known models; the files behind them hold zeros. Settings come from the
environment: Ollama's own names, and STAND_IN_ANSWER_S, after which an answer ends.
"""

import collections
import contextlib
import datetime as dt
import http.client
import http.server
import json
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.llama.gguf import write
from tests.ports import free_port
from tray_app.standins.models import CHAT_TEMPLATE, LIBRARY

VERSION = os.environ.get("STAND_IN_VERSION", "0.32.15")
ANSWER_S = float(os.environ.get("STAND_IN_ANSWER_S", "2"))
PARALLEL = int(os.environ.get("OLLAMA_NUM_PARALLEL", "1"))
MOST_LOADED = int(os.environ.get("OLLAMA_MAX_LOADED_MODELS", "3"))
CONTEXT = int(os.environ.get("OLLAMA_CONTEXT_LENGTH", "4096"))
MODELS = Path(os.environ["OLLAMA_MODELS"])
INSTALLED = os.environ.get("STAND_IN_MODELS", "qwen3:32b gemma3:1b").split()


CHAT, TASK = "chat", "task"
TASK_MARK = "### Task:"
"""How Open WebUI's own templates begin."""


class Gone(Exception):
    """The client closed its connection."""


class Runner:
    """One llama-server with places for so many requests; the others wait in the order in which they came."""

    def __init__(self, name):
        self.name = name
        self.used_at = time.time()
        self.waiting = collections.deque()
        self.running = {}
        """Ticket -> TASK or CHAT."""
        self._changed = threading.Condition()
        self.port = free_port()
        self.process = subprocess.Popen(
            _command(write(MODELS, name), self.port),
            env={**os.environ, "LD_LIBRARY_PATH": str(Path(os.environ["STAND_IN_RUNNER"]).parent)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_loaded()

    def _wait_until_loaded(self):
        while self.process.poll() is None:
            with contextlib.suppress(OSError), contextlib.closing(self.connection()) as asked:
                asked.request("GET", "/health")
                if asked.getresponse().status == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"the runner of {self.name} ended with {self.process.returncode}")

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)

    @contextlib.contextmanager
    def place(self, kind, check):
        """Waits for one; `check` raises Gone while it waits."""
        ticket = object()
        with self._changed:
            self.waiting.append(ticket)
        try:
            with self._changed:
                while self.waiting[0] is not ticket or len(self.running) >= PARALLEL:
                    self._changed.wait(0.05)
                    check()
                self.running[ticket] = kind
                self.waiting.remove(ticket)
            yield
        finally:
            with self._changed:
                self.running.pop(ticket, None)
                if ticket in self.waiting:
                    self.waiting.remove(ticket)
                self.used_at = time.time()
                self._changed.notify_all()

    def idle(self):
        return not self.running and not self.waiting

    def end(self):
        self.process.terminate()
        self.process.wait()


def _command(blob, port):
    """The runner's command line, as this version of Ollama writes it (llm/server.go, llm/llama_server.go)."""
    version = tuple(int(part) for part in VERSION.split(".")[:2])
    if version < (0, 30):
        sizes = ["--ctx-size", str(CONTEXT * PARALLEL), "--batch-size", "512", "--parallel", str(PARALLEL)]
        before = sizes if version < (0, 10) else ["--ollama-engine"]
        return [str(Path.cwd() / "ollama"), "runner", *before, "--model", str(blob), "--port", str(port)]
    options = ["--host", "127.0.0.1", "--no-webui", "--offline", "-c", str(CONTEXT * PARALLEL), "-np", str(PARALLEL)]
    options += ["--log-verbosity", "1", "--flash-attn", "auto", "-b", "512", "-ub", "512", "-t", "1"]
    options += ["--context-shift", "--keep", "4"]
    return [os.environ["STAND_IN_RUNNER"], "--model", str(blob), "--port", str(port), *options]


class Scheduler:
    """Which models are loaded; the one that was idle longest makes room."""

    def __init__(self):
        self.runners = {}
        self.loading = 0
        self._lock = threading.Lock()

    def runner(self, name, check):
        self.loading += 1
        try:
            while not self._lock.acquire(timeout=0.05):
                check()
            try:
                return self._loaded(name, check)
            finally:
                self._lock.release()
        finally:
            self.loading -= 1

    def _loaded(self, name, check):
        while name not in self.runners and len(self.runners) >= MOST_LOADED:
            check()
            idle = sorted((one for one in self.runners.values() if one.idle()), key=lambda one: one.used_at)
            if idle:
                self.unload(idle[0].name)
            else:
                time.sleep(0.05)
        if name not in self.runners:
            self.runners[name] = Runner(name)
        return self.runners[name]

    def unload(self, name):
        self.runners.pop(name).end()

    def truth(self):
        """What only the server knows: for those who compare. `tasks`: how many of the running are Open WebUI's tasks."""
        runners = list(self.runners.values())
        waiting = sum(len(one.waiting) for one in runners) + self.loading
        running = [kind for one in runners for kind in list(one.running.values())]
        return {"running": len(running), "waiting": waiting, "tasks": running.count(TASK)}


class Changes:
    """Every truth of the last minute with the moment from which it held, also those that held for a blink."""

    def __init__(self, scheduler):
        self.seen = collections.deque(maxlen=10_000)
        self._scheduler = scheduler

    def watch(self):
        while True:
            now = self._scheduler.truth()
            if not self.seen or self.seen[-1][1] != now:
                self.seen.append((time.time(), now))
            time.sleep(0.005)

    def told(self):
        return {"changes": list(self.seen)}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    scheduler = Scheduler()
    changes = Changes(scheduler)

    def log_message(self, *_):
        """The access log below is Ollama's."""

    def _log(self, started):
        """A line for each call as it ends, as Ollama writes it; of what only tests ask for there is none."""
        if self.path not in {"/truth", "/changes"}:
            stamp, took = time.strftime("%Y/%m/%d - %H:%M:%S"), f"{time.monotonic() - started:.6f}s"
            line = f'[GIN] {stamp} | 200 | {took:>13} | {"127.0.0.1":>15} | {self.command:<8} "{self.path}"'
            print(line, file=sys.stderr)

    def do_GET(self):
        started = time.monotonic()
        answers = {
            "/": lambda: "Ollama is running",
            "/api/version": lambda: {"version": VERSION},
            "/api/tags": lambda: {"models": [_tag(name) for name in INSTALLED]},
            "/api/ps": lambda: {"models": [_loaded(one) for one in list(self.scheduler.runners.values())]},
            "/truth": self.scheduler.truth,
            "/changes": self.changes.told,
        }
        made = answers.get(self.path)
        self._answer(made() if made else {"error": "not found"}, 200 if made else 404)
        self._log(started)

    def do_POST(self):
        started = time.monotonic()
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        name = body.get("model") or body.get("name") or ""
        if name not in INSTALLED:
            self._answer({"error": f"model '{name}' not found"}, 404)
        elif self.path == "/api/show":
            self._answer(_shown(name))
        elif self.path in {"/api/generate", "/api/chat"} and body.get("keep_alive") == 0:
            self.scheduler.unload(name)
            self._answer({"model": name, "done": True, "done_reason": "unload"})
        elif self.path in {"/api/generate", "/api/chat"}:
            self.close_connection |= not self._generate(name, body)
        else:
            self._answer({"error": "not found"}, 404)
        self._log(started)

    def _generate(self, name, body):
        """Whether the client stayed to the end."""
        try:
            runner = self.scheduler.runner(name, self._check)
            with runner.place(_kind(body), self._check):
                words, read_ns = self._answered(runner, body)
        except (Gone, OSError):
            return False
        if body.get("stream", True):
            self._chunk(self._message(name, "", done=True) | {"prompt_eval_duration": read_ns})
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._answer(self._message(name, words, done=True) | {"prompt_eval_duration": read_ns})
        return True

    def _answered(self, runner, body):
        """The answer, streamed on as it comes; ended after ANSWER_S by hanging up, as Ollama does. Also the nanoseconds in
        which its prompt was read."""
        streamed, words, read_ms = body.get("stream", True), "", 0.0
        limit = (body.get("options") or {}).get("num_predict", -1)
        prompt = json.dumps(body.get("messages", body.get("prompt", "")))[:2000]
        asked = {"prompt": prompt, "n_predict": limit, "ignore_eos": True, "stream": True, "timings_per_token": True}
        if streamed:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
        with contextlib.closing(runner.connection()) as connection:
            connection.request("POST", "/completion", json.dumps(asked), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            until, told = time.monotonic() + ANSWER_S, 0.0
            for line in answer:
                now = time.monotonic()
                if not line.startswith(b"data: "):
                    continue
                part = json.loads(line[6:])
                words += part.get("content", "")
                read_ms = part.get("timings", {}).get("prompt_ms", 0.0)
                self._check()  # at each token, as Ollama: a client that hung up gives its place away at once
                if now - told > 0.05:  # a few words at a time
                    if streamed:
                        self._chunk(self._message(runner.name, words[-40:], done=False))
                    told = now
                if now > until:
                    break
        return words[:200], int(read_ms * 1e6)

    def _message(self, name, text, *, done):
        made = {"model": name, "created_at": _stamp(time.time()), "done": done}
        made["response" if self.path == "/api/generate" else "message"] = (
            text if self.path == "/api/generate" else {"role": "assistant", "content": text}
        )
        return {**made, "done_reason": "stop"} if done else made

    def _chunk(self, value):
        data = json.dumps(value).encode() + b"\n"
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _answer(self, value, status=200):
        data = (value if isinstance(value, str) else json.dumps(value)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _check(self):
        """Gone where the client closed its connection."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        if readable and not self.connection.recv(1, 2):  # 2: MSG_PEEK
            raise Gone


def _kind(body):
    """Open WebUI's own templates tell a task; a chat may quote one, so the last message has to begin so."""
    messages = body.get("messages") or [{"content": body.get("prompt", "")}]
    return TASK if str(messages[-1].get("content", "")).lstrip().startswith(TASK_MARK) else CHAT


def _stamp(seconds):
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat().replace("+00:00", "Z")


def _tag(name):
    model = LIBRARY[name]
    details = model.details() | {"context_length": model.context_length, "embedding_length": model.width}
    found = {"name": name, "model": name, "modified_at": "2026-08-20T10:00:00Z", "size": model.size_bytes}
    return found | {"digest": model.digest, "details": details, "capabilities": list(model.capabilities)}


def _loaded(runner):
    model = LIBRARY[runner.name]
    size = model.loaded_bytes(CONTEXT)
    found = {"name": model.name, "model": model.name, "size": size, "digest": model.digest, "details": model.details()}
    return found | {"expires_at": _stamp(time.time() + 300), "size_vram": 0, "context_length": CONTEXT}


def _shown(name):
    model, blob = LIBRARY[name], write(MODELS, name)
    found = {"modelfile": f"FROM {blob}\nTEMPLATE {CHAT_TEMPLATE}\n", "template": CHAT_TEMPLATE}
    found |= {"details": model.details(), "model_info": model.model_info(), "tensors": model.tensors()}
    return found | {"capabilities": list(model.capabilities)}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    host, _, port = os.environ["OLLAMA_HOST"].removeprefix("http://").rpartition(":")
    print(f"listening on {host}:{port}", file=sys.stderr, flush=True)
    if os.environ.get("STAND_IN_CHANGES"):
        threading.Thread(target=Handler.changes.watch, daemon=True).start()
    Server((host, int(port)), Handler).serve_forever()


main()
