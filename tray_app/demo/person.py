"""A played person who chats and types in Open WebUI, with the calls that its page makes for each message."""

import threading
import uuid
from typing import Any

from tray_app.demo.upstream import Call, UpstreamError

MESSAGES = (
    "Plan a week of dinners for two with what is in season.",
    "Make Wednesday vegetarian.",
    "Now write the shopping list, sorted by aisle.",
    "Which of these can I cook ahead?",
)
TYPING_PAUSE_S = 1.0
"""Open WebUI's page asks for a completion when the keys rest for a second; one call at a time."""


class Person:
    """Chats with `model` on behalf of a session token; every call is a real request to the played Open WebUI."""

    def __init__(self, url: str, token: str, model: str) -> None:
        self._url = url
        self._token = token
        self._model = model
        self._gone = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sent = 0

    def send_message(self, *, new_chat: bool = False) -> None:
        """One message. The page asks for title and tags in a new chat, for follow-ups always."""
        text = MESSAGES[self._sent % len(MESSAGES)]
        self._sent += 1
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": text}],
            "stream": True,
            "session_id": str(uuid.uuid4()),
            "chat_id": str(uuid.uuid4()),
            "id": str(uuid.uuid4()),
            "background_tasks": {
                "title_generation": new_chat,
                "tags_generation": new_chat,
                "follow_up_generation": True,
            },
        }
        self._in_thread(lambda: self._post("/api/chat/completions", body))

    def type_for(self, seconds: float) -> None:
        """Types the next message: a completion is asked for at each pause, the next when the last has answered."""

        def typing() -> None:
            end = threading.Event()
            timer = threading.Timer(seconds, end.set)
            timer.daemon = True
            timer.start()
            while not end.is_set() and not self._gone.wait(TYPING_PAUSE_S):
                prompt = MESSAGES[self._sent % len(MESSAGES)][:20]
                self._post(
                    "/api/v1/tasks/auto/completions",
                    {"model": self._model, "prompt": prompt, "messages": [], "type": "general", "stream": False},
                )
            timer.cancel()

        self._in_thread(typing)

    def leave(self) -> None:
        """Closes the page. Calls that are on their way end at the servers."""
        self._gone.set()

    def _in_thread(self, work: Any) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _post(self, path: str, body: dict[str, Any]) -> None:
        try:
            for _line in Call(self._url, path, body, self._token).lines():
                if self._gone.is_set():
                    return
        except UpstreamError:
            return  # a task that is switched off answers 400; the page says nothing either
