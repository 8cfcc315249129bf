"""Getting work onto the one thread that may touch the screen, with its errors caught there.

Each platform has its own way to post (see _macos, _windows, linux/); what they share is here.
"""

import logging
import queue
from collections.abc import Callable

log = logging.getLogger(__name__)

Work = Callable[[], None]


def guarded(work: Work) -> Work:
    """The same work, unable to end the loop that runs it: an error there would take the icon down."""

    def run() -> None:
        try:
            work()
        except Exception:  # the edge of a foreign event loop: nothing above us could handle it
            log.exception("The tray could not be updated")

    return run


class Mailbox:
    """Work from any thread, done in order by the thread that calls `drain`."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Work] = queue.SimpleQueue()

    def put(self, work: Work) -> None:
        self._waiting.put(guarded(work))

    def drain(self) -> None:
        while True:
            try:
                work = self._waiting.get_nowait()
            except queue.Empty:
                return
            work()
