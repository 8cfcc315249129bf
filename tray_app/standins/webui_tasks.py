"""Task calls and chats of the played Open WebUI: they really run on the Ollama behind it."""

import json
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from tray_app.core.values.version import Version
from tray_app.standins.server import Lines, Response, as_json
from tray_app.standins.upstream import Call, UpstreamError
from tray_app.standins.webui_accounts import Account, NotAllowed
from tray_app.standins.webui_connections import TASK_WORDS, About
from tray_app.standins.webui_models import Registry
from tray_app.standins.webui_prompts import length_limit, prompt

Settings = Callable[[], dict[str, Any]]
PASSES_ERRORS: Version = (0, 6, 43)
"""Read there and tried on 0.12.4; 0.6.18 tells nothing of them."""


class PlayedTask(Struct, frozen=True):
    """`switch` is the setting that turns it off; some refuse with 400, some say so with 200."""

    switch: str | None
    disabled: str = ""
    status: int = 200


KINDS = {
    "title": PlayedTask("ENABLE_TITLE_GENERATION", "Title generation is disabled"),
    "tags": PlayedTask("ENABLE_TAGS_GENERATION", "Tags generation is disabled"),
    "follow_up": PlayedTask("ENABLE_FOLLOW_UP_GENERATION", "Follow-up generation is disabled"),
    "auto": PlayedTask("ENABLE_AUTOCOMPLETE_GENERATION", "Autocompletion generation is disabled", 400),
    "web_search": PlayedTask("ENABLE_SEARCH_QUERY_GENERATION", "Search query generation is disabled", 400),
    "retrieval": PlayedTask("ENABLE_RETRIEVAL_QUERY_GENERATION", "Query generation is disabled", 400),
    "query": PlayedTask("ENABLE_SEARCH_QUERY", "Search query generation is disabled", 400),
}


class Generations:
    """Chats and tasks. `running` is what /api/tasks lists: chats with a session until their last task ended."""

    def __init__(self, version: Version, registry: Registry, settings: Settings) -> None:
        self.version = version
        self.registry = registry
        self.settings = settings
        self.running: dict[str, Chat] = {}
        self.before_task: Callable[[str], None] = lambda _: None
        """Called before a task of a chat is sent: the demo lines the calls up, so that its story is always the same."""
        self._threads: list[threading.Thread] = []
        self._calls: weakref.WeakSet[Call] = weakref.WeakSet()

    # --- one task ---------------------------------------------------------------------------

    def task(self, kind: str, body: dict[str, Any], account: Account) -> Response:
        """One task call, as the browser sends it. NotAllowed."""
        settings = self.settings()
        asked = str(body.get("type") or "web_search") if kind == "queries" else kind
        rule = KINDS.get(asked, PlayedTask(None))
        if rule.switch and not settings.get(rule.switch, True):
            return as_json({"detail": rule.disabled}, rule.status)
        if kind == "auto":
            self._check_length(settings, str(body.get("prompt", "")))
        if body.get("model") not in self.registry.entries:
            raise NotAllowed(404, "Model '' was not found" if self.version >= (0, 9, 0) else "Model not found")
        model = self.registry.task_model(str(body["model"]), settings)
        if not self.registry.may_use(account, model):
            raise self._failed(kind) if self.version >= (0, 5, 0) else NotAllowed(404, "Model not found")
        name = "queries" if kind in {"queries", "query"} else kind
        text = prompt(name, self.version, body.get("messages") or [], str(body.get("prompt", "")))
        try:
            about = About(TASK_WORDS.get(name, ""), account.id, str(body.get("chat_id") or ""))
            return as_json(self._complete(model, self._task_body(name, model, text, settings), about))
        except UpstreamError as error:
            passed_on = self._passed_on(model, error)
            if passed_on is None:
                raise self._failed(kind) from error
            return passed_on

    def _passed_on(self, model: str, error: UpstreamError) -> Response | None:
        """Of a hosted model newer releases hand the endpoint's status and JSON on as they came."""
        hosted = "urlIdx" in self.registry.entries.get(model, {})
        if not hosted or not error.status or self.version < PASSES_ERRORS:
            return None
        try:
            return as_json(json.loads(error.text), error.status)
        except ValueError:
            return None

    @staticmethod
    def _failed(kind: str) -> NotAllowed:
        return NotAllowed(500 if kind == "auto" else 400, "An internal error has occurred.")

    def _check_length(self, settings: dict[str, Any], text: str) -> None:
        limit = settings.get("AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH", -1)
        if 0 < limit < len(text):
            raise NotAllowed(400, f"Input prompt exceeds maximum length of {limit}")

    def _task_body(self, task: str, model: str, text: str, settings: dict[str, Any]) -> dict[str, Any]:
        body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": False}
        params = dict(settings.get("TASK_MODEL_PARAMS") or {})
        if not params:
            return body | length_limit(task, self.version)
        beside = {name: params.pop(name) for name in ("think", "keep_alive", "format") if name in params}
        if "max_tokens" in params:
            params["num_predict"] = params.pop("max_tokens")
        return body | beside | {"options": params}

    # --- chats ------------------------------------------------------------------------------

    def chat(self, body: dict[str, Any], account: Account) -> Response | Lines:
        """With a session the answer goes to the socket and the POST returns at once; else it comes in the answer."""
        if not self.registry.entries:
            self.registry.refresh()
        model = str(body.get("model", ""))
        if model not in self.registry.entries:
            raise NotAllowed(400, "Model not found")
        if not self.registry.may_use(account, model):
            raise NotAllowed(403, "Model not found")
        with_session = all(body.get(name) for name in ("session_id", "chat_id", "id"))
        if with_session and self.version >= (0, 5, 0):
            return as_json({"status": True, "task_id": self._in_background(body, account)})
        about = About(user=account.id, chat=str(body.get("chat_id") or ""))
        call: dict[str, Any] = {
            "model": model,
            "messages": body.get("messages") or [],
            "stream": bool(body.get("stream")),
        }
        if not call["stream"]:
            return as_json(self._complete(model, call, about))
        return Lines(self._events(model, call, about), "text/event-stream; charset=utf-8")

    def _in_background(self, body: dict[str, Any], account: Account) -> str:
        task_id = str(uuid.uuid4())
        chat = Chat(self, body, account)
        self.running[task_id] = chat
        if self.version >= (0, 10, 0) and body.get("background_tasks", {}).get("title_generation"):
            self._thread(lambda: chat.task("title"))

        def run() -> None:
            try:
                chat.run()
            finally:
                self.running.pop(task_id, None)

        self._thread(run)
        return task_id

    def stop(self, task_id: str) -> Response:
        chat = self.running.pop(task_id, None)
        if chat is None:
            if self.version >= (0, 6, 14):
                return as_json({"status": False, "message": f"Task with ID {task_id} not found."})
            raise NotAllowed(404, f"Task with ID {task_id} not found.")
        chat.stop()
        return as_json({"status": True, "message": f"Task {task_id} successfully stopped."})

    def end(self) -> None:
        """The server is being stopped: aborts what runs and waits for it."""
        for chat in list(self.running.values()):
            chat.stopped = True
        for call in list(self._calls):
            call.abort()
        for thread in self._threads:
            if thread.is_alive():  # one that is just being started cannot be waited for
                thread.join(5)
        self._threads.clear()

    def _thread(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name="generation")
        self._threads = [known for known in self._threads if known.is_alive()] + [thread]
        thread.start()

    # --- the wire ---------------------------------------------------------------------------

    def call(self, model: str, body: dict[str, Any], about: About) -> Call:
        """A call to whoever serves the model."""
        hosted = self.registry.hosted_of(model)
        base = self.registry.base_of(model)
        if hosted is not None:
            plain: dict[str, Any] = {name: body[name] for name in ("messages", "stream") if name in body}
            named = base.removeprefix(f"{hosted.prefix}.") if hosted.prefix else base
            return self._opened(Call(hosted.url, "/chat/completions", {"model": named, **plain}, hosted.key))
        index, named = self.registry.served_by(model)
        ollama = self.registry.ollama
        body = {**body, "model": named}
        return self._opened(
            Call(ollama.urls[index], "/api/chat", body, ollama.key(index), ollama.headers(index, about))
        )

    def _opened(self, call: Call) -> Call:
        self._calls.add(call)
        return call

    def _complete(self, model: str, body: dict[str, Any], about: About) -> dict[str, Any]:
        text, answered_by, usage = "", model, None
        for line in self.call(model, {**body, "stream": False}, about).lines():
            told = json.loads(line)
            answered_by, usage = told.get("model", model), told.get("usage", usage)
            message = told["choices"][0]["message"] if "choices" in told else told["message"]
            text += message["content"] or ""
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "logprobs": None}
        made = _completion(answered_by, "chat.completion", [choice | {"finish_reason": "stop"}])
        return made if usage is None else {**made, "usage": usage}

    def _events(self, model: str, body: dict[str, Any], about: About) -> Iterator[bytes]:
        call = self.call(model, body, about)
        try:
            for text in stream_texts(call):
                choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
                yield f"data: {json.dumps(_completion(model, 'chat.completion.chunk', [choice]))}\n\n".encode()
            yield b"data: [DONE]\n\n"
        except UpstreamError as error:
            yield f"data: {json.dumps({'error': {'detail': error.text}})}\n\n".encode()
        finally:
            call.abort()


class Chat:
    """A chat with a session: the answer, then the tasks that the browser asked for, in the release's order."""

    def __init__(self, generations: Generations, body: dict[str, Any], account: Account) -> None:
        self.generations = generations
        self.body = body
        self.account = account
        self.stopped = False
        self.answered = threading.Event()
        """Set when the answer is complete or given up; the tasks come after it."""
        self._call: Call | None = None

    def stop(self) -> None:
        self.stopped = True
        if self._call is not None:
            self._call.abort()

    def run(self) -> None:
        model = str(self.body["model"])
        messages = self.body.get("messages") or []
        about = About(user=self.account.id, chat=str(self.body["chat_id"]))
        self._call = self.generations.call(model, {"model": model, "messages": messages, "stream": True}, about)
        try:
            answer = "".join(stream_texts(self._call))
        except UpstreamError:
            return
        finally:
            self.answered.set()
        self._call = None
        self.body = {**self.body, "messages": [*messages, {"role": "assistant", "content": answer}]}
        for task in self._order():
            if not self.stopped:
                self.task(task)

    def _order(self) -> list[str]:
        version, wanted = self.generations.version, self.body.get("background_tasks") or {}
        order = ["title", "tags"]
        if version >= (0, 6, 14):
            order = ["follow_up", "tags"] if version >= (0, 10, 0) else ["follow_up", "title", "tags"]
        names = {"title": "title_generation", "tags": "tags_generation", "follow_up": "follow_up_generation"}
        return [task for task in order if wanted.get(names[task])]

    def task(self, kind: str) -> None:
        self.generations.before_task(kind)
        try:
            about = {name: self.body[name] for name in ("model", "messages", "chat_id")}
            self.generations.task(kind, about, self.account)
        except NotAllowed:
            return  # the chat simply has no title or tags


def stream_texts(call: Call) -> Iterator[str]:
    """The pieces of a streamed answer, from Ollama's lines or from server-sent events. UpstreamError."""
    for line in call.lines():
        data = line.removeprefix(b"data: ")
        if data == b"[DONE]":
            return
        told = json.loads(data)
        if "choices" in told:
            yield told["choices"][0].get("delta", {}).get("content") or ""
        else:
            yield told.get("message", {}).get("content", "")


def _completion(model: str, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    told = {"id": f"{model}-{uuid.uuid4()}", "created": int(time.time()), "model": model, "object": kind}
    return told | {"choices": choices}
