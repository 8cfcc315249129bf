"""Somebody who chats: the calls that a browser tab makes on the played Open WebUI, for the demo and the tests.

What fires when is that of the real front end: autocomplete at every pause while typing (one at a time per tab), the
answer, and the background tasks that the account has not switched off.
Like the stand-ins it keeps the boundaries of the releases that it plays for itself.
"""

import itertools
import json
import threading
import uuid
from typing import Any

from tray_app.standins.models import BIG
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI
from tray_app.standins.upstream import Call, UpstreamError

QUESTIONS = (
    "Why does my computer slow down while you answer?",
    "How much of that is memory, and how much is the model?",
    "What would change with a smaller model for the small things?",
    "Write me a short plan for the weekend, please.",
)
TASKS_DO_NOT_HOLD_BACK = (0, 8, 11)
"""From this release on the next message is sent while the tasks of the last one still run."""


class Person:
    """One browser tab. `start` lets it chat until `stop`; `type` and `send` are single steps.

    `pause_s`: between two bursts of typing, and before the next message. `promptAutocomplete` of the account decides
    about autocomplete from 0.6 on; the server's own switch always does. `chat_length`: so many messages, then
    a new chat (0: one chat for ever).
    """

    def __init__(
        self,
        webui: DemoOpenWebUI,
        *,
        model: str = BIG,
        email: str = ADMIN[0],
        pause_s: float = 1.0,
        chat_length: int = 0,
    ) -> None:
        self.webui = webui
        self.model = model
        self.pause_s = pause_s
        self.chat_length = chat_length
        self.reads_s = 0.0
        """Before a new chat, with nothing typed."""
        self.sent = 0
        self._token = webui.session(email)
        self._account = webui.accounts.by_email(email)
        self._history: list[dict[str, str]] = []
        self._chat_id = str(uuid.uuid4())
        self._over = threading.Event()
        self._calls: set[Call] = set()
        self._threads: list[threading.Thread] = []
        self._typing: threading.Thread | None = None
        self._autocomplete = self._page_has_autocomplete()

    def start(self) -> None:
        self._thread(self._live)

    def stop(self) -> None:
        """Closes the tab. Calls that a real server would go on with are cut, so that the demo can end."""
        self._over.set()
        for call in list(self._calls):
            call.abort()
        for thread in self._threads:
            thread.join()

    def type(self, text: str) -> None:
        """A pause while typing: asks for a completion unless the last one is still under way."""
        if not self._autocomplete or (self._typing is not None and self._typing.is_alive()):
            return
        body = {"model": self.model, "prompt": text, "messages": list(self._history), "type": "general"}
        self._typing = self._thread(lambda: self._post("auto", body | {"stream": False}))

    def send_soon(self, text: str) -> None:
        """One message, without waiting for its answer."""
        self._thread(lambda: self.send(text))

    def send(self, text: str) -> None:
        """One message; returns when the answer is there, and before 0.8.11 when its tasks are done too."""
        first = not self._history
        self._history.append({"role": "user", "content": text})
        self.sent += 1
        if self.webui.version < (0, 5, 0):
            self._send_as_old_browsers_do(first=first)
            return
        wanted = {"follow_up_generation": True, "title_generation": first, "tags_generation": first}
        body = {"model": self.model, "messages": list(self._history), "stream": True, "background_tasks": wanted}
        body |= {"session_id": "tab", "chat_id": self._chat_id, "id": str(uuid.uuid4())}
        told = self._call("/api/chat/completions", body)
        chat = self.webui.generations.running.get(str(told.get("task_id"))) if told else None
        while chat is not None and not self._over.is_set() and not chat.answered.wait(0.05):
            pass
        self._history.append({"role": "assistant", "content": "(the answer)"})
        if self.webui.version < TASKS_DO_NOT_HOLD_BACK and told:
            while told["task_id"] in self.webui.generations.running and not self._over.wait(0.05):
                pass

    def _send_as_old_browsers_do(self, *, first: bool) -> None:
        """Up to 0.4 the browser itself asks for title and tags after the first answer."""
        body = {"model": self.model, "messages": list(self._history), "stream": False}
        self._call("/api/chat/completions", body)
        self._history.append({"role": "assistant", "content": "(the answer)"})
        for task in ("title", "tags") if first else ():
            self._post(task, {"model": self.model, "messages": list(self._history)})

    def _live(self) -> None:
        for number, question in enumerate(itertools.cycle(QUESTIONS)):
            if self.chat_length and number % self.chat_length == 0:
                self._over.wait(self.reads_s)
                self._new_chat()
            half = len(question) // 2
            for typed in (question[:half], question):
                self.type(typed)
                if self._over.wait(self.pause_s):
                    return
            self.send(question)
            if self._over.is_set():
                return

    def _new_chat(self) -> None:
        self._history, self._chat_id = [], str(uuid.uuid4())
        self._autocomplete = self._page_has_autocomplete()

    def _page_has_autocomplete(self) -> bool:
        """Read once, as a page does when it is loaded."""
        switched_on = bool(self.webui.settings.get("ENABLE_AUTOCOMPLETE_GENERATION"))
        if self.webui.version < (0, 6, 0):
            return switched_on
        ui = (self._account.ui if self._account else None) or {}
        return switched_on and bool(ui.get("promptAutocomplete"))

    def _thread(self, target: Any) -> threading.Thread:
        thread = threading.Thread(target=target, name="person")
        self._threads = [known for known in self._threads if known.is_alive()] + [thread]
        thread.start()
        return thread

    def _post(self, task: str, body: dict[str, Any]) -> None:
        base = "/api/task" if self.webui.version < (0, 5, 0) else "/api/v1/tasks"
        self._call(f"{base}/{task}/completions", body)

    def _call(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer; None where the server refused or went away, which a browser shows and a person shrugs off."""
        if self._over.is_set():
            return None
        call = Call(self.webui.url, path, body, self._token)
        self._calls.add(call)
        try:
            told: dict[str, Any] = json.loads(b"".join(call.lines()))
        except UpstreamError:
            return None
        finally:
            self._calls.discard(call)
        return told
