"""The same session and worker without an icon, for `elbowroom details` where no tray app runs: it only looks, and does
what its page is asked. Watching over chat first, relief and notices are the tray's."""

import logging
import queue
import signal
import threading
from collections.abc import Callable

from tray_app.app.instance import Errand
from tray_app.app.session import Session
from tray_app.app.worker import Worker
from tray_app.core.menu.screen import NoticeView, View
from tray_app.core.values.command import OpenDetails, Quit

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5


class NoTray:
    """A screen that nobody sees: the page shows what there is to see."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def show(self, view: View) -> None: ...

    def notify(self, notice: NoticeView) -> None:
        log.info("not shown: %s", notice.cause)

    def copy(self, text: str) -> None: ...

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        started()
        self._over.wait()

    def stop(self) -> None:
        self._over.set()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()


def serve(
    session: Session, worker: Worker, screen: NoTray, rung: "queue.SimpleQueue[Errand]", failed: threading.Event
) -> None:
    """Until the page is over, no browser opened it (`failed`) or somebody ends it. `rung`: it is to be opened again."""
    asked = threading.Event()
    before = {sign: signal.signal(sign, lambda *_: asked.set()) for sign in (signal.SIGINT, signal.SIGTERM)}
    thread = threading.Thread(target=worker.run, name="worker")
    thread.start()
    try:
        worker.send(OpenDetails())
        opened = False
        while not asked.wait(LOOK_EVERY_S) and not screen.is_over and not failed.is_set():
            while not rung.empty():
                if rung.get() is Errand.QUIT:
                    asked.set()
                else:
                    worker.send(OpenDetails())
            opened = opened or worker.page_is_open
            if opened and not worker.page_is_open:
                break
    finally:
        worker.send(Quit())
        thread.join()
        session.close()
        for sign, handler in before.items():
            signal.signal(sign, handler)
