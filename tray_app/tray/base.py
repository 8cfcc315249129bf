"""What the tray of every system has in common."""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from tray_app.core.menu.screen import NoticeView, View
from tray_app.core.values.command import Command, NoticeProblem, NoticesUnseen
from tray_app.core.values.identity import APP_ID
from tray_app.core.values.reading import Unknown

log = logging.getLogger(__name__)

NAME, TITLE = "elbowroom", "Elbowroom"
Send = Callable[[Command], None]


class TrayHost(StrEnum):
    """What shows tray icons here."""

    STATUS_NOTIFIER = "status-notifier"  # a panel that is asked over the session bus
    XEMBED = "xembed"  # one of the older kind
    TASK_BAR = "task-bar"
    MENU_BAR = "menu-bar"


class NoticeWay(Struct, frozen=True):
    """How notices are shown. `by`: the system's or its service's name and version. `allowed`: by the system."""

    by: str
    version: str
    buttons: bool
    allowed: bool | Unknown


class Tray(Protocol):
    """One icon. Clicks arrive through the `send` given to `open_tray`, on the screen's thread: it must only queue."""

    def show(self, view: View) -> None:
        """Shows a frame. Safe from any thread, returns at once; only differences reach the system."""

    def notify(self, notice: NoticeView) -> None:
        """Shows a notice where the system can. Safe from any thread, returns at once, never raises."""

    def copy(self, text: str) -> None:
        """Puts the text into the clipboard. Safe from any thread, returns at once."""

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Shows the icon and handles clicks until `stop`. Call it on the main thread.

        `started` runs once the icon is up. SIGINT, SIGTERM and the end of the session send Quit and end it too.
        """

    def stop(self) -> None:
        """Ends `run`. Safe from any thread."""


class Notifier(Protocol):
    def show(self, notice: NoticeView) -> None:
        """Returns at once, never raises. Safe from any thread."""

    def close(self) -> None: ...


class SaidOnce:
    """Logs the first failure of its kind, so that a missing service does not fill the log."""

    def __init__(self) -> None:
        self._said = False

    def __call__(self, error: BaseException) -> None:
        if not self._said:
            self._said = True
            log.warning("Notices cannot be shown (%s); the icon and the menu carry the message", error)


class NoticeReport:
    """Tells the app whether notices are seen: each change once. For one thread."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._told: NoticeProblem | None = None

    def __call__(self, problem: NoticeProblem | None) -> None:
        if problem is not self._told:
            self._told = problem
            log.info("Notices: %s", problem.value if problem is not None else "seen")
            self._send(NoticesUnseen(problem))


IMAGE_POINTS = 18
"""The height of glyphs in the menu bar; drawn with twice as many pixels for Retina screens."""

AUTOSAVE_NAME = APP_ID
"""macOS 26 keeps what the user set for an item under this name; unnamed items have been seen to stay hidden. Outside an
app bundle all programs of one Python share their settings, so a plain name would be another program's, too."""

KEPT_ROWS = 4000
"""Rows whose actions stay known: several menus of the longest kind."""


class RowNumbers(dict[int, Callable[[Any], None]]):
    """Actions by row number, in the shape pystray wants: `len` is the next number, and never falls."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0

    def __len__(self) -> int:
        return self._next

    def append(self, action: Callable[[Any], None]) -> None:
        self[self._next] = action
        self._next += 1
        self.pop(self._next - KEPT_ROWS - 1, None)
