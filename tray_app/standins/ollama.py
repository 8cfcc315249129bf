"""The stand-in for Ollama: its HTTP API with state, real queueing and real shapes, on loopback."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

from tray_app.standins.answers import answer, words
from tray_app.standins.models import CHAT_TEMPLATE, INSTALLED, LIBRARY, DemoModel
from tray_app.standins.runner import DemoRunner
from tray_app.standins.scheduler import (
    DEFAULT_CONTEXT,
    GIB,
    Busy,
    Pace,
    Runner,
    Scheduler,
    Stopped,
    Work,
)
from tray_app.standins.server import DemoServer, Gone, Lines, Request, Response, as_json, wait_until

VERSION = "0.32.15"
METAL_BUDGET_32_GB = int(21.33 * GIB)
"""What macOS 14 and 15 let the GPU use on a 32 GB machine (recommendedMaxWorkingSetSize, two thirds)."""
BUSY_TEXT = "server busy, please try again.  maximum pending requests exceeded"
PULL_STEPS = 20
_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def stamp(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat().replace("+00:00", "Z")


def keep_alive_s(value: Any) -> float | None:
    """Seconds from a keep_alive: a number, or a Go duration of one unit. None where it is absent."""
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    for unit in ("ms", "us", "ns", "h", "m", "s"):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * _UNITS[unit]
    return float(text)


class DemoOllama(DemoServer):
    """An Ollama with models in `installed`; what a pull can bring is models.LIBRARY.

    `pace` sets all times (0: at once). `scheduler.held` set: running requests stand still. `runner_port(model)`
    is the loopback port of its llama-server, None before Ollama 0.30 or where the model is not loaded.
    """

    def __init__(
        self,
        *,
        version: str = VERSION,
        installed: tuple[str, ...] = INSTALLED,
        budget_bytes: int = METAL_BUDGET_32_GB,
        parallel: int = 1,
        max_queue: int = 512,
        max_loaded: int = 3,
        context: int = DEFAULT_CONTEXT,
        pace: Pace | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(port)
        self.version = version
        self.context = context
        self.pace = pace or Pace()
        self.pull_step_s = 0.0
        self.stored_at = "2026-08-20T10:00:00.5Z"
        """When it stored its models, in its own words: another server stored the same ones at another moment."""
        self.models: dict[str, DemoModel] = {name: LIBRARY[name] for name in installed}
        self.partial: dict[str, int] = {}
        """Bytes of broken-off pulls, by model name: the next pull goes on from there."""
        self.scheduler = Scheduler(
            budget_bytes=budget_bytes, parallel=parallel, max_queue=max_queue, max_loaded=max_loaded, pace=self.pace
        )
        self.scheduler.on_load = self._start_runner
        self.scheduler.on_unload = self._stop_runner
        self._runners: dict[int, DemoRunner] = {}

    # --- the truth, for tests and the demo --------------------------------------------------

    @property
    def running(self) -> int:
        return self.scheduler.running_count()

    @property
    def waiting(self) -> int:
        return self.scheduler.waiting_count()

    def loaded(self) -> tuple[str, ...]:
        return tuple(runner.model.name for runner in self.scheduler.loaded())

    def used_bytes(self) -> int:
        """Memory that loaded models hold."""
        return sum(runner.size_bytes for runner in self.scheduler.loaded())

    def wait_for(self, *, running: int, waiting: int, seconds: float = 10) -> bool:
        """Until exactly so many requests run and wait."""
        return wait_until(lambda: (self.running, self.waiting) == (running, waiting), seconds)

    def hold(self) -> None:
        self.scheduler.held.set()

    def release(self) -> None:
        self.scheduler.held.clear()

    def runner_port(self, model: str) -> int | None:
        for runner in self.scheduler.loaded():
            if runner.model.name == model and id(runner) in self._runners:
                return self._runners[id(runner)].port
        return None

    def calls(self, path: str = "/api/chat") -> list[dict[str, Any]]:
        """The bodies of all requests to a path, oldest first."""
        return [request.json() for request in list(self.asked) if request.path == path]

    def start(self) -> None:
        self.scheduler.start()
        super().start()

    def stop(self) -> None:
        self.scheduler.stop()
        super().stop()

    def _start_runner(self, runner: Runner) -> None:
        if tuple(int(part) for part in self.version.split(".")[:2]) >= (0, 30):
            self._runners[id(runner)] = DemoRunner(runner)
            self._runners[id(runner)].start()

    def _stop_runner(self, runner: Runner) -> None:
        server = self._runners.pop(id(runner), None)
        if server is not None:
            server.stop()

    # --- requests ---------------------------------------------------------------------------

    def handle(self, request: Request) -> Response | Lines:
        if request.path == "/":
            return Response(b"Ollama is running", content_type="text/plain; charset=utf-8")
        route = {
            ("GET", "/api/version"): lambda _: as_json({"version": self.version}),
            ("GET", "/api/tags"): lambda _: as_json({"models": [self._tag(name) for name in self.models]}),
            ("GET", "/api/ps"): lambda _: as_json({"models": [self._loaded(r) for r in self.scheduler.loaded()]}),
            ("GET", "/v1/models"): lambda _: as_json({"object": "list", "data": self._openai_list()}),
            ("POST", "/api/show"): self._show,
            ("POST", "/api/chat"): self._generate,
            ("POST", "/api/generate"): self._generate,
            ("POST", "/api/pull"): self._pull,
            ("POST", "/api/copy"): self._copy,
            ("DELETE", "/api/delete"): self._delete,
        }.get((request.method, request.path))
        if route is None:
            return Response(b"404 page not found", 404, "text/plain")
        try:
            return route(request)
        except ValueError as error:
            return as_json({"error": str(error)}, 400)
        except Busy:
            return as_json({"error": BUSY_TEXT}, 503)
        except Stopped as error:
            raise Gone from error

    def _tag(self, name: str) -> dict[str, Any]:
        model = self.models[name]
        tag: dict[str, Any] = {
            "name": name,
            "model": name,
            "modified_at": self.stored_at,
            "size": model.size_bytes,
            "digest": model.digest,
            "details": model.details(),
        }
        if tuple(int(part) for part in self.version.split(".")[:2]) >= (0, 30):
            tag["details"] |= {"context_length": model.context_length, "embedding_length": model.width}
            tag["capabilities"] = list(model.capabilities)
        return tag

    def _openai_list(self) -> list[dict[str, Any]]:
        """The same models at Ollama's OpenAI address."""
        created = int(dt.datetime.fromisoformat(self.stored_at).timestamp())
        return [{"id": name, "object": "model", "created": created, "owned_by": "library"} for name in self.models]

    def _loaded(self, runner: Runner) -> dict[str, Any]:
        model = runner.model
        return {
            "name": model.name,
            "model": model.name,
            "size": runner.size_bytes,
            "digest": model.digest,
            "details": model.details(),
            "expires_at": stamp(min(runner.shown_expiry(time.time()), 9e9)),
            "size_vram": runner.size_vram_bytes,
            "context_length": runner.context,
        }

    def _named(self, request: Request) -> DemoModel | Response:
        body = request.json() or {}
        name = body.get("model") or body.get("name") or ""
        model = self.models.get(name) or self.models.get(f"{name}:latest")
        return model or as_json({"error": f"model '{name}' not found"}, 404)

    def _show(self, request: Request) -> Response:
        model = self._named(request)
        if isinstance(model, Response):
            return model
        modelfile = f"FROM /models/blobs/sha256-{model.blob_digest}\nTEMPLATE {CHAT_TEMPLATE}\n"
        return as_json(
            {
                "modelfile": modelfile,
                "template": CHAT_TEMPLATE,
                "details": model.details(),
                "model_info": model.model_info(),
                "tensors": model.tensors(),
                "capabilities": list(model.capabilities),
                "modified_at": self.stored_at,
            }
        )

    # --- answers ----------------------------------------------------------------------------

    def _generate(self, request: Request) -> Response | Lines:
        model, body = self._named(request), request.json() or {}
        if isinstance(model, Response):
            return model
        options = body.get("options") or {}
        context = min(int(options.get("num_ctx") or self.context), model.context_length)
        prompt = _prompt(body)
        keep = keep_alive_s(body.get("keep_alive"))
        limit = options.get("num_predict")
        stream = body.get("stream", True)
        work = Work(model.name, max(1, len(prompt) // 4), limit, request.gone, stream, prompt[:60])
        work.relayed = "via" in request.headers
        if not prompt:
            return self._load_or_unload(request.path, model, work, context, keep)
        opened = self.scheduler.slot(model, work, context=context, keep_alive_s=keep)
        runner = opened.__enter__()  # a 503 must come before the first line

        def parts() -> Iterator[dict[str, Any]]:
            try:
                yield {}  # from here on the slot is given back, even if nobody reads a line
                began = time.time()
                pieces = words(answer(prompt), limit)
                for index in self.scheduler.produce(runner, work, len(pieces)):
                    yield _part(request.path, model.name, pieces[index])
                yield _end(request.path, model.name, work, began)
            except Stopped as error:
                raise Gone from error
            finally:
                opened.__exit__(None, None, None)

        answering = parts()
        next(answering)
        if stream:
            return Lines(_lines(answering))
        told = list(answering)
        text = "".join(_text(request.path, part) for part in told)
        return as_json({**told[-1], **_content(request.path, text)})

    def _load_or_unload(self, path: str, model: DemoModel, work: Work, context: int, keep: float | None) -> Response:
        if keep == 0:
            self.scheduler.unload(model.name)
            reason = "unload"
        else:
            with self.scheduler.slot(model, work, context=context, keep_alive_s=keep):
                reason = "load"
        return as_json(
            {
                "model": model.name,
                "created_at": stamp(time.time()),
                **_content(path, ""),
                "done": True,
                "done_reason": reason,
            }
        )

    # --- the library ------------------------------------------------------------------------

    def _pull(self, request: Request) -> Response | Lines:
        body = request.json() or {}
        name = str(body.get("model") or body.get("name") or "")
        model = LIBRARY.get(name)
        if model is None:
            return Lines(
                _lines(iter([{"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}]))
            )
        return Lines(_lines(self._pull_parts(model, request)))

    def _pull_parts(self, model: DemoModel, request: Request) -> Iterator[dict[str, Any]]:
        digest, total = f"sha256:{model.blob_digest}", model.size_bytes
        yield {"status": "pulling manifest"}
        done = total if model.name in self.models else self.partial.get(model.name, 0)
        while True:
            yield {"status": f"pulling {model.blob_digest[:12]}", "digest": digest, "total": total, "completed": done}
            if done >= total:
                break
            end = time.monotonic() + self.pull_step_s
            while time.monotonic() < end or self.scheduler.held.is_set():
                if request.gone():
                    raise Gone
                time.sleep(0.005)
            if request.gone():
                raise Gone
            done = min(total, done + total // PULL_STEPS + 1)
            self.partial[model.name] = done
        for status in ("verifying sha256 digest", "writing manifest"):
            yield {"status": status}
        self.partial.pop(model.name, None)
        self.models[model.name] = model
        yield {"status": "success"}

    def _copy(self, request: Request) -> Response:
        body = request.json() or {}
        source = self.models.get(body.get("source", ""))
        if source is None:
            return as_json({"error": f"model {body.get('source')!r} not found"}, 404)
        self.models[str(body["destination"])] = source
        return Response()

    def _delete(self, request: Request) -> Response:
        model = self._named(request)
        if isinstance(model, Response):
            return model
        self.scheduler.unload(model.name)
        del self.models[model.name]
        return Response()


def _prompt(body: dict[str, Any]) -> str:
    messages = body.get("messages") or []
    return "\n".join(str(message.get("content", "")) for message in messages) or str(body.get("prompt") or "")


def _content(path: str, text: str) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text}} if path == "/api/chat" else {"response": text}


def _text(path: str, part: dict[str, Any]) -> str:
    return str(part["message"]["content"] if path == "/api/chat" else part["response"])


def _part(path: str, model: str, text: str) -> dict[str, Any]:
    return {"model": model, "created_at": stamp(time.time()), **_content(path, text), "done": False}


def _end(path: str, model: str, work: Work, began: float) -> dict[str, Any]:
    """The last part: durations are nanoseconds; total minus the rest is the time it waited for a slot."""
    took = int((time.time() - began) * 1e9)
    waited = int((began - work.waited_since) * 1e9)
    return {
        **_part(path, model, ""),
        "done": True,
        "done_reason": "stop",
        "total_duration": took + waited,
        "load_duration": 1_000_000,
        "prompt_eval_count": work.prompt_tokens,
        "prompt_eval_duration": took // 4,
        "eval_count": work.decoded,
        "eval_duration": took - took // 4,
    }


def _lines(parts: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    try:
        for part in parts:
            yield json.dumps(part).encode() + b"\n"
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
