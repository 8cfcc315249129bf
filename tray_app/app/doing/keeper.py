"""What the tray does for chat first all the time: a relay that lives, and a connection that goes and comes with us."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from tray_app.app.doing.chat_first import relay_port
from tray_app.app.watch import Look
from tray_app.core.tasks.releases import TASK_IN_HEADERS_SINCE
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.plan import IN_FORCE
from tray_app.core.values.remedy import is_chat_first
from tray_app.core.values.snapshot import Access
from tray_app.core.values.token import origin_of
from tray_app.core.values.version import parse_version

if TYPE_CHECKING:
    from tray_app.app.wiring import App

log = logging.getLogger(__name__)


class ChatFirstKeeper:
    """Owned by the worker. `app` is asked each time: it is another one after a new connection."""

    def __init__(self, app: "Callable[[], App]", *, on_duty: bool = True) -> None:
        """Not `on_duty`: somebody else keeps the relay, puts back and takes back."""
        self._keeps = on_duty
        self._app = app
        self._put_back = False
        self.problem: ElbowroomError | None = None
        """Why the relay that Open WebUI is led to cannot be started, for the menu."""

    def keep(self) -> bool:
        """A relay that died is started again at once. Whether there is one to keep."""
        port = relay_port(self._app().changes()) if self._keeps else None
        if port is None:
            self.problem = None
            return False
        try:
            if not self._app().relay.keep(port):
                self.problem = None
        except ElbowroomError as error:
            if repr(self.problem) != repr(error):  # asked each second
                log.warning("the relay cannot be started: %s", error)
            self.problem = error
        except OSError as error:
            log.warning("the relay cannot be started: %s", error)
        return True

    def is_due(self, look: Look) -> bool:
        """Quit took it back, and Open WebUI may be written again: once in a run."""
        server, seen = look.facts.open_webui, look.facts.overview.connections
        if not self._keeps or self._put_back or server is None or server.access is not Access.ADMIN or seen is None:
            return False
        self._put_back = self._app().state.read().chat_first_paused
        return self._put_back

    def take_back(self) -> ElbowroomError | None:
        """At Quit: the connection goes back and the relay ends, until the next start. Why not, where it has to stay."""
        return self._app().chat_first.take_back_until_next_start() if self._keeps else None

    def leads(self) -> bool:
        """Whether Open WebUI is led to a relay of ours: who gives up the sign-in or the start at login must know."""
        return relay_port(self._app().changes()) is not None

    def is_on(self, look: Look | None) -> bool | None:
        """For the menu's switch; None where it cannot be had: nothing to lead, no right to, too old a release."""
        server = look.facts.open_webui if look is not None else None
        if look is None or server is None or server.access is not Access.ADMIN:
            return None
        made = self._app().changes().undoable(origin_of(server.url))
        if any(is_chat_first(one.remedy) and one.event in IN_FORCE for one in made):
            return True
        version = parse_version(server.version)
        led = any(one.watched for one in look.facts.overview.connections or ()) and self._app().ollama_is_local
        return False if led and version is not None and version >= TASK_IN_HEADERS_SINCE else None
