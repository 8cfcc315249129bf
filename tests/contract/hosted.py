"""A stand-in for a hosted endpoint of the OpenAI type, to which Open WebUI can send chats and tasks."""

from typing import Any

from tray_app.standins.answers import answer
from tray_app.standins.endpoint import completion, events
from tray_app.standins.server import DemoServer, Lines, Request, Response, as_json

HOSTED_MODELS = ("hosted/chat-large", "hosted/task-small")


class DemoHosted(DemoServer):
    """Answers at once. Requests need `Authorization: Bearer <key>`."""

    def __init__(self, *, models: tuple[str, ...] = HOSTED_MODELS, key: str = "hosted-key", port: int = 0) -> None:
        super().__init__(port)
        self.models = models
        self.key = key

    @property
    def base(self) -> str:
        """What Open WebUI wants as the connection's URL."""
        return f"{self.url}/v1"

    def calls(self) -> list[dict[str, Any]]:
        """The bodies of all chat completions so far, oldest first."""
        return [request.json() for request in list(self.asked) if request.path == "/v1/chat/completions"]

    def handle(self, request: Request) -> Response | Lines:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return as_json({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, 401)
        if (request.method, request.path) == ("GET", "/v1/models"):
            listed = [{"id": name, "object": "model", "created": 1, "owned_by": "hosted"} for name in self.models]
            return as_json({"object": "list", "data": listed})
        if (request.method, request.path) != ("POST", "/v1/chat/completions"):
            return as_json({"error": {"message": "Not found"}}, 404)
        body = request.json()
        text = answer("\n".join(str(message.get("content", "")) for message in body["messages"]))
        if body.get("stream"):
            return Lines(events(body["model"], text), "text/event-stream")
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return as_json(completion(body["model"], "chat.completion", choice))
