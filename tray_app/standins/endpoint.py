"""A hosted endpoint that behaves as OpenRouter does: a list with prices, accounts with credit, models that think.

Anybody may read its list; a completion needs the key, and credit unless the model is free (openrouter.ai/docs, Errors).
"""

import json
import threading
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from tray_app.standins.answers import answer, words
from tray_app.standins.server import DemoServer, Lines, Request, Response, as_json

CHARACTERS_A_TOKEN = 4


class HostedEntry(Struct, frozen=True):
    """A model of the list. Prices are texts in USD for one token, as they are told; empty: not told."""

    id: str
    name: str = ""
    prompt: str = ""
    completion: str = ""
    thinks: bool = False
    output: str = "text"

    def told(self) -> dict[str, Any]:
        made: dict[str, Any] = {"id": self.id, "name": self.name or self.id, "created": 1, "context_length": 32768}
        made["description"] = "A model that answers."
        made["architecture"] = {"input_modalities": ["text"], "output_modalities": [self.output], "tokenizer": "Other"}
        if self.prompt:
            made["pricing"] = {"prompt": self.prompt, "completion": self.completion or self.prompt, "request": "0"}
        parameters = ["max_tokens", "temperature", *(("include_reasoning", "reasoning") if self.thinks else ())]
        return made | {"supported_parameters": parameters}


CATALOG = (
    HostedEntry("openai/gpt-5", "OpenAI: GPT-5", "0.00000125", "0.00001", thinks=True),
    HostedEntry("meta-llama/llama-3.2-1b-instruct", "Meta: Llama 3.2 1B", "0.000000005", "0.00000001"),
    HostedEntry("meta-llama/llama-3.2-3b-instruct", "Meta: Llama 3.2 3B", "0.00000002", "0.00000002"),
    HostedEntry("qwen/qwen3-4b", "Qwen: Qwen3 4B", "0.000000007", "0.00000002", thinks=True),
    HostedEntry("google/gemma-3-4b-it:free", "Google: Gemma 3 4B (free)", "0", "0"),
    HostedEntry("google/gemini-2.5-flash-image", "Google: Gemini Image", "0.0000003", "0.0000025", output="image"),
    HostedEntry("anthropic/claude-haiku-4.5", "Anthropic: Claude Haiku", "0.000001", "0.000005"),
    HostedEntry("openrouter/auto", "Auto Router", "-1", "-1"),
)


def many(count: int) -> tuple[HostedEntry, ...]:
    """A long list, whose cheap models are spread over it."""
    return tuple(
        HostedEntry(f"maker-{number % 50}/model-{number}-{1 + number % 90}b", "", f"{(1 + number % 997) * 1e-8:.10f}")
        for number in range(count)
    )


class DemoEndpoint(DemoServer):
    """`public_list`: models are told without a key. `credit`, `limited`, `wait_s`: what a completion meets;
    `says`: status and words of any other refusal."""

    def __init__(
        self,
        models: tuple[HostedEntry, ...] = CATALOG,
        key: str = "sk-or-stand-in-0123456789",
        *,
        path: str = "/api/v1",
        public_list: bool = True,
        port: int = 0,
    ) -> None:
        super().__init__(port)
        self.models = models
        self.key = key
        self.path = path
        self.public_list = public_list
        self.credit = True
        self.limited = False
        self.wait_s = 0.0
        self.says: tuple[int, str] | None = None
        self._stop = threading.Event()

    @property
    def base(self) -> str:
        """What Open WebUI wants as the connection's URL."""
        return f"{self.url}{self.path}"

    def stop(self) -> None:
        self._stop.set()
        super().stop()
        self._stop.clear()

    def calls(self) -> list[dict[str, Any]]:
        """The bodies of all completions that were asked for, oldest first."""
        return [one.json() for one in list(self.asked) if one.path == f"{self.path}/chat/completions"]

    def handle(self, request: Request) -> Response | Lines:
        allowed = request.headers.get("authorization") == f"Bearer {self.key}" or not self.key
        if (request.method, request.path) == ("GET", f"{self.path}/models"):
            if not (self.public_list or allowed):
                return _error(401, "No auth credentials found")
            return as_json({"data": [one.told() for one in self.models]})
        if (request.method, request.path) != ("POST", f"{self.path}/chat/completions"):
            return Response(b"<!DOCTYPE html><html><body>Not Found</body></html>", 404, "text/html; charset=utf-8")
        if not allowed:
            return _error(401, "No auth credentials found")
        return self._complete(request.json())

    def _complete(self, body: dict[str, Any]) -> Response | Lines:
        found = next((one for one in self.models if one.id == body.get("model")), None)
        if found is None:
            return _error(400, f"{body.get('model')} is not a valid model ID")
        if not self.credit and found.prompt != "0":
            return _error(402, "Insufficient credits. Add more and try again.")
        if self.says is not None:
            return _error(*self.says)
        if self.limited:
            return _error(429, "Rate limit exceeded: free-models-per-day.")
        self._stop.wait(self.wait_s)
        asked = "\n".join(str(message.get("content", "")) for message in body["messages"])
        text = answer(asked)
        most = int(body.get("max_tokens") or 1000) * CHARACTERS_A_TOKEN
        thought = "Let me think about this first. " * 40 if found.thinks else ""
        text = text[: max(0, most - len(thought))]
        if body.get("stream"):
            return Lines(events(found.id, text), "text/event-stream")
        message = {"role": "assistant", "content": text, "reasoning": thought[:most] or None}
        choice = {"index": 0, "message": message, "finish_reason": "stop" if text else "length"}
        written = -(-(len(text) + len(thought[:most])) // CHARACTERS_A_TOKEN)
        usage = {"prompt_tokens": -(-len(asked) // CHARACTERS_A_TOKEN), "completion_tokens": written}
        return as_json(completion(found.id, "chat.completion", choice) | {"usage": usage})


def _error(status: int, text: str) -> Response:
    return as_json({"error": {"message": text, "code": status}}, status)


def events(model: str, text: str) -> Iterator[bytes]:
    """A streamed answer, word by word."""
    for word in words(text):
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        yield f"data: {json.dumps(completion(model, 'chat.completion.chunk', choice))}\n\n".encode()
    yield b"data: [DONE]\n\n"


def completion(model: str, kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    """Of `kind` "chat.completion" or "chat.completion.chunk"."""
    return {"id": "gen-1", "object": kind, "created": 1, "model": model, "choices": [choice]}
