"""Task calls that Open WebUI sends to a hosted endpoint: what that refuses, it passes on as if it refused it itself."""

from collections.abc import Callable
from typing import Protocol

from tray_app.core.tasks.conversations import CONVERSATIONS, Conversation
from tray_app.core.values.errors.hosted import TaskRefused
from tray_app.core.values.errors.service import Invalid, Refused, ServiceError, TooMany
from tray_app.core.values.snapshot import Access
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Document
from tray_app.services._task_calls import TaskAnswer
from tray_app.services.hosted.endpoint import refused_as


class Server(Protocol):
    """What a measurement needs from Open WebUI."""

    def version(self) -> str: ...
    def access(self) -> Access: ...
    def read_document(self) -> Document: ...
    def run_task(
        self,
        task: Setting,
        model: str,
        *,
        about: Conversation = CONVERSATIONS[0],
        cancelled: Callable[[], bool] | None = None,
    ) -> TaskAnswer: ...
    def chat_first_token(self, model: str, prompt: str) -> float: ...


class AtEndpoint:
    """Open WebUI while a model of this host does the tasks. `host` None: it is a model of its own Ollama."""

    def __init__(self, server: Server, host: str | None) -> None:
        self._server = server
        self._host = host

    def version(self) -> str:
        return self._server.version()

    def access(self) -> Access:
        return self._server.access()

    def read_document(self) -> Document:
        return self._server.read_document()

    def chat_first_token(self, model: str, prompt: str) -> float:
        return self._server.chat_first_token(model, prompt)

    def run_task(
        self,
        task: Setting,
        model: str,
        *,
        about: Conversation = CONVERSATIONS[0],
        cancelled: Callable[[], bool] | None = None,
    ) -> TaskAnswer:
        """One real call. TaskRefused where the endpoint does not take it; ServiceError."""
        try:
            return self._server.run_task(task, model, about=about, cancelled=cancelled)
        except (Refused, TooMany, Invalid) as error:
            problem = refused_as(error, key=True)
            if self._host is None or problem is None or not self._is_the_endpoints(error):
                raise
            raise TaskRefused(problem, self._host, error.detail) from error

    def _is_the_endpoints(self, error: ServiceError) -> bool:
        """Open WebUI's own 401 says the same: then it refuses us everything else, too."""
        return not isinstance(error, Refused) or self._server.access() is Access.ADMIN
