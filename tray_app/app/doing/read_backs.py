"""Reads that tell what a server holds, over so many connections that every worker process of it answers.

Open WebUI to 0.9 keeps its settings in each process: with several workers and no Redis one read is one worker's word.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tray_app.core.tasks.releases import NEWEST_SEEN, SHARED_SETTINGS_SINCE
from tray_app.core.values.task_settings import DocumentKind
from tray_app.core.values.version import Document, parse_version

if TYPE_CHECKING:
    from tray_app.services.open_webui import OpenWebUIClient

# Reads after a write, and the pause between them (s): what does not last shows within about 1.2 s.
READ_BACKS = 4
PAUSE_S = 0.4
# Where workers may hold different settings. Of four workers the one that was asked least answered 16 to 20 % of the
# reads that came one by one or four at once, and 22 % of those that came eight at once (`bench/workers.py`): 48 of
# these miss one worker once in 100,000 changes. Twelve, four at once, told a change as verified that one lacked.
AT_ONCE = 8
ROUNDS = 6


class ReadBacks:
    """`another` makes one more client of the same server; None: one after the other over the same client."""

    def __init__(
        self,
        open_webui: "OpenWebUIClient",
        another: "Callable[[], OpenWebUIClient] | None" = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._open_webui = open_webui
        self._another = another
        self._sleep = sleep

    def all(self, kind: DocumentKind) -> list[Document]:
        """What the server holds now, as often as it takes. ServiceError."""
        reads = [self._open_webui.read_document(kind, fresh=True)]
        for _ in range(READ_BACKS - 1):
            self._sleep(PAUSE_S)
            reads.append(self._open_webui.read_document(kind, fresh=True))
        return [*reads, *self._at_once(kind)] if self._may_disagree else reads

    def first(self, kind: DocumentKind, wanted: Callable[[Document], bool]) -> Document:
        """One that is wanted, of whichever worker; else any. What is then written goes to the same worker, where it is
        met again.
        """
        found = self._open_webui.read_document(kind)
        if wanted(found) or not self._may_disagree:
            return found
        lacking = next((one for one in self._at_once(kind) if wanted(one)), None)
        if lacking is None:
            return found
        for _ in range(AT_ONCE * ROUNDS):
            now = self._open_webui.read_document(kind, fresh=True)
            if wanted(now):
                return now
        return lacking

    @property
    def _may_disagree(self) -> bool:
        return (parse_version(self._open_webui.version()) or NEWEST_SEEN) < SHARED_SETTINGS_SINCE

    def _at_once(self, kind: DocumentKind) -> list[Document]:
        """A worker that is busy with one leaves the next to another."""
        if self._another is None:
            return [self._open_webui.read_document(kind, fresh=True) for _ in range(AT_ONCE * ROUNDS)]
        clients = [self._another() for _ in range(AT_ONCE)]
        try:
            with ThreadPoolExecutor(AT_ONCE, "read-back") as pool:
                rounds = [pool.map(lambda one: one.read_document(kind, fresh=True), clients) for _ in range(ROUNDS)]
                return [found for reads in rounds for found in reads]
        finally:
            for client in clients:
                client.close()
