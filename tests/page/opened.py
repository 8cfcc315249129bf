"""The details page as the tray or `details` opens it: the real worker on the stand-ins, a browser that only notes."""

import contextlib
import http.client
import json
import threading
from collections.abc import Sequence

from tests.page.test_way_in import secret_in
from tests.played import Played
from tray_app.app.details.headless import NoTray
from tray_app.app.session import Session
from tray_app.app.worker import Worker
from tray_app.core.values.command import OpenDetails, Quit
from tray_app.standins.server import wait_until

SETTINGS = "# mine\npoll_s = 1 # often\npoll_busy_s = 1\npoll_idle_s = 1\n"


class Opened(contextlib.AbstractContextManager):
    """`played`: the servers. The page is open when this is entered; `way_in()` opens it once more."""

    def __init__(
        self, played: Played, *, language: str = "en", on_duty: bool = True, beside: Sequence[str] = ()
    ) -> None:
        self.played = played
        self.file = played.home / "settings.toml"
        if not self.file.exists():
            self.file.write_text(SETTINGS + f'language = "{language}"\n', encoding="utf-8")
        self.opened: list[str] = []
        self.session = Session(played.overrides, on_duty=on_duty, beside=beside)
        self.screen = NoTray()
        self.worker = Worker(self.session, self.screen, open_browser=self._browser)
        self.thread = threading.Thread(target=self.worker.run)
        self.thread.start()

    def _browser(self, address: str) -> bool:
        self.opened.append(address)
        return True

    @property
    def page(self):
        return self.worker._details._page

    def way_in(self) -> str:
        """The address of the file that the browser is given."""
        before = len(self.opened)
        self.worker.send(OpenDetails())
        assert wait_until(lambda: len(self.opened) > before)
        return self.opened[-1]

    def guest(self) -> "Guest":
        return Guest(secret_in(self.way_in()))

    def __exit__(self, *_: object) -> None:
        self.worker.send(Quit())
        self.thread.join(30)
        self.session.close()
        assert not self.thread.is_alive()


class Guest:
    """The page's own script, by hand."""

    def __init__(self, entrance: str) -> None:
        self.origin, _, self._path = entrance.rpartition("/open/")
        self.port = int(self.origin.rpartition(":")[2])
        self.number = ""
        status, headers, _ = self.ask("GET", f"/open/{self._path}")
        assert status == http.client.OK
        self.cookie = headers["Set-Cookie"].partition(";")[0]

    cookie = ""

    def ask(self, method, path, body=None, **headers):
        """(status, headers, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        with contextlib.closing(connection):
            own = {"Cookie": self.cookie} if self.cookie else {}
            connection.request(method, path, body, own | headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def post(self, path, sent):
        own = {"Origin": self.origin, "Content-Type": "application/json", "X-Elbowroom": "1"}
        status, _, body = self.ask("POST", path, json.dumps(sent).encode(), **own)
        return status, json.loads(body) if status == http.client.OK else None

    def look(self):
        """The next document; None where nothing new came."""
        status, _, body = self.ask("GET", f"/state?seen={self.number}")
        if status != http.client.OK:
            return None
        told = json.loads(body)
        self.number = told["number"]
        return told["document"]

    def until(self, holds):
        """The first document of which it is true."""
        for _ in range(60):
            document = self.look()
            if document is not None and holds(document):
                return document
        raise AssertionError("never")
