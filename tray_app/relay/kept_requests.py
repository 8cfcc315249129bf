"""The requests that ended go into the history once a minute, also while the tray is not there: from a thread, so that
no stream waits for a disk.
"""

import asyncio
import logging
import threading
from collections.abc import Callable

from tray_app.core.report.history import Unwritten
from tray_app.core.requests.exact import finished
from tray_app.core.requests.inputs import EndedCall
from tray_app.core.values.relay import RelayState
from tray_app.storage.history import HistoryFile

log = logging.getLogger(__name__)

WRITE_EVERY_S = 60.0
PLACES = 1
"""On how many requests of a model Ollama works at once, as far as the relay knows; the tray, which sees, writes better
rows for the same requests."""


class KeptRequests:
    """What of the register is in the file already. `state`: the relay's, after a sequence number."""

    def __init__(self, file: HistoryFile) -> None:
        self._file = file
        self._after = 0
        self._ended: tuple[EndedCall, ...] = ()
        self._one_at_a_time = threading.Lock()
        self._told = False

    async def keep(self, state: Callable[[int], RelayState]) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            await asyncio.to_thread(self.write, state(self._after))

    def close(self, state: Callable[[int], RelayState]) -> None:
        """With what ended since."""
        self.write(state(self._after))
        self._file.close()

    def write(self, seen: RelayState) -> None:
        """Where it cannot be written it is tried again with the next; the register keeps a thousand."""
        with self._one_at_a_time:
            new = tuple(one for one in seen.finished if one.seq > self._after)
            if not new:
                return
            rows, ended = finished(seen, self._ended, lambda _model: PLACES)
            if self._file.write(Unwritten(finished=rows)):
                self._after, self._ended, self._told = new[-1].seq, ended, False
            elif not self._told and self._file.problem is not None:
                self._told = True
                log.warning("history not written: %s", self._file.problem.fault)
