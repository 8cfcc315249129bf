"""The stand-in for llama-server, the process that runs one model for Ollama 0.30 and later."""

from typing import Any

from tray_app.standins.scheduler import Runner, Work
from tray_app.standins.server import DemoServer, Lines, Request, Response, as_json


class DemoRunner(DemoServer):
    """Answers /health, /slots, /props and /metrics for one loaded model, as llama-server does without options."""

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self.runner = runner

    def handle(self, request: Request) -> Response | Lines:
        if request.path == "/health":
            return as_json({"status": "ok"})
        if request.path == "/slots":
            return as_json(self.slots())
        if request.path == "/props":
            return as_json({"model_path": blob_path(self.runner), "total_slots": self.runner.slots})
        if request.path == "/metrics":
            text = "This server does not support metrics endpoint. Start it with `--metrics`"
            return _error(501, text, "not_supported_error")
        return _error(404, "File Not Found", "not_found_error")

    def slots(self) -> list[dict[str, Any]]:
        running = {work.slot: work for work in self.runner.running()}
        return [_slot(index, self.runner, running.get(index)) for index in range(self.runner.slots)]


def blob_path(runner: Runner) -> str:
    return f"models/blobs/sha256-{runner.model.blob_digest}"


def _error(code: int, message: str, kind: str) -> Response:
    return as_json({"error": {"code": code, "message": message, "type": kind}}, code)


def _slot(index: int, runner: Runner, work: Work | None) -> dict[str, Any]:
    """An idle slot has no task, parameters or counts."""
    slot: dict[str, Any] = {
        "id": index,
        "n_ctx": runner.context,
        "speculative": False,
        "is_processing": work is not None,
    }
    if work is None:
        return slot
    limit = -1 if work.limit_tokens is None else work.limit_tokens
    slot.update(
        id_task=work.task_id,
        n_prompt_tokens=work.prompt_tokens,
        n_prompt_tokens_processed=work.prompt_tokens,
        n_prompt_tokens_cache=0,
        params={"n_predict": limit, "max_tokens": limit, "temperature": 0.8, "top_k": 40, "stream": True},
        next_token=[{"has_next_token": True, "n_remain": max(-1, limit - work.decoded), "n_decoded": work.decoded}],
    )
    return slot
