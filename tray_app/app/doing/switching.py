"""Leading Open WebUI to another address and back: one process at a time, proven before, no relay left for nobody."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from tray_app.core.tasks.ollama_connections import url_of
from tray_app.core.values.errors.life import ChatFirstError, ChatFirstProblem
from tray_app.core.values.errors.service import ServiceError
from tray_app.core.values.plan import SETTLED, Action, Change
from tray_app.core.values.remedy import is_chat_first
from tray_app.core.values.task_settings import DocumentKind, Setting
from tray_app.storage.lock import write_lock
from tray_app.storage.paths import Paths

if TYPE_CHECKING:
    from tray_app.app.doing.relay_process import RelayProcess
    from tray_app.services.open_webui import OpenWebUIClient
    from tray_app.storage.journal import Journal

SWITCH_WAIT_S = 30.0
"""For another copy: it may have a relay to start on a busy machine."""


def switch_lock(paths: Paths) -> AbstractContextManager[object]:
    """Two processes switch one after the other."""
    return write_lock(paths.switch_lock_file, wait_s=SWITCH_WAIT_S)


class Switching:
    """At one Open WebUI. `relay`: None where there can be none. `lock`: over the whole of a switch."""

    def __init__(
        self,
        open_webui: "OpenWebUIClient",
        journal: "Journal",
        relay: "RelayProcess | None" = None,
        lock: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._open_webui = open_webui
        self._journal = journal
        self._relay = relay
        self._lock = lock

    @contextmanager
    def alone(self, changes: Iterable[Change], remedy: str = "") -> Iterator[None]:
        """Nobody else switches meanwhile, and a relay that nothing leads to afterwards ends, whatever happened.

        ChatFirstError where another process switched it on since the plan was made. Other changes just go on.
        """
        if not any(one.setting is Setting.OLLAMA_CONNECTION for one in changes):
            yield
            return
        with self.exclusively():
            if is_chat_first(remedy) and self._is_on():
                raise ChatFirstError(ChatFirstProblem.ON_ALREADY)
            yield

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        with self._lock():
            try:
                yield
            finally:
                self._end_idle_relay()

    def start_relay(self, action: Action) -> None:
        if self._relay is not None:
            self._relay.start(action.port)

    def check_reached(self, changes: Iterable[Change]) -> None:
        """ChatFirstError where Open WebUI itself gets no answer at an address that it is to use: nothing is written."""
        for url in dict.fromkeys(url_of(one.after) for one in changes if one.setting is Setting.OLLAMA_CONNECTION):
            if not self._open_webui.verify(url):
                raise ChatFirstError(ChatFirstProblem.NOT_REACHED, url, sys.platform)

    def have_models_listed(self, changes: Iterable[Change]) -> None:
        """Open WebUI forgot its models with the write: it is asked for them, so that tasks find theirs at once."""
        if any(one.setting.document is not DocumentKind.TASK_SETTINGS for one in changes):
            with suppress(ServiceError):
                self._open_webui.models(refresh=True)

    def _is_on(self) -> bool:
        made = self._journal.changes().undoable(self._open_webui.origin)
        return any(is_chat_first(one.remedy) for one in made)

    def _end_idle_relay(self) -> None:
        standing = (one.event not in SETTLED for one in self._journal.changes().all if is_chat_first(one.remedy))
        if self._relay is not None and not any(standing):
            self._relay.end()
