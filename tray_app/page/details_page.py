"""The details page: one document that everybody who looks gets, anew whenever it changed.

A tab asks with the number of what it has and waits for the next (a long poll). Browsers open six connections to one
address for all tabs together, so only some tabs wait at a time: one more sends the longest of them on its way, which
asks again. Nothing is worked out while nobody asks.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from importlib.resources import files
from urllib.parse import parse_qs, urlsplit

from tray_app.page.gate import Gate
from tray_app.page.listener import HTML, JSON, READ_TIMEOUT_S, LoopbackServer, PageAnswer

IDLE_S = 300.0
"""After the last tab has gone. A tab in the background says once a minute that it is there."""
SLEPT_S = 120.0
"""Where its owner did not look after it for longer, nobody could: the machine slept, and with it every tab."""
WAIT_S = 15.0
WATCHED_S = 5.0
"""Between two questions of a tab that is looked at."""
MOST_WAITING = 3
CSS, SCRIPT = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
FILES = {
    "/": ("details.html", HTML),
    "/details.css": ("details.css", CSS),
    "/details.js": ("details.js", SCRIPT),
    "/parts.js": ("parts.js", SCRIPT),
    "/settings.js": ("settings.js", SCRIPT),
    "/ways.css": ("ways/ways.css", CSS),
    "/ways.js": ("ways/ways.js", SCRIPT),
    "/hosted.js": ("ways/hosted.js", SCRIPT),
    "/compare.js": ("ways/compare.js", SCRIPT),
    "/draw.css": ("draw.css", CSS),
    "/draw.js": ("draw.js", SCRIPT),
    "/draw_calls.js": ("draw_calls.js", SCRIPT),
    "/draw_memory.js": ("draw_memory.js", SCRIPT),
    "/draw_parts.js": ("draw_parts.js", SCRIPT),
    "/draw_time.js": ("draw_time.js", SCRIPT),
}


class DetailsPage:
    """`do`: what a button or a field asks for; it answers at once with what to say, as JSON of finished values.

    `looked`: somebody looks who did not before. Both are called on the threads of requests.
    """

    def __init__(
        self,
        do: Callable[[str, Mapping[str, object]], Mapping[str, object] | None],
        looked: Callable[[], None],
        gone: str,
        clock: Callable[[], float] = time.monotonic,
        read_timeout_s: float = READ_TIMEOUT_S,
        whose: Callable[[int, int], int | None] = lambda _theirs, _ours: None,
    ) -> None:
        self.read_timeout_s = read_timeout_s
        self.gone = gone
        self._do = do
        self._looked = looked
        self._whose = whose
        self._clock = clock
        self._seen_at = self._owner_at = clock()
        self._watched_until = float("-inf")
        self._changed = threading.Condition()
        self._document = b""
        self._number = 0
        self._run = secrets.token_hex(4)
        self._waiting: list[object] = []
        self._closed = False
        self._server = LoopbackServer(self)
        self.gate = Gate(self._server.server_address[1], clock)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="details", daemon=True)
        self._thread.start()

    # --- for its owner -----------------------------------------------------------------------

    def publish(self, document: bytes) -> None:
        """What everybody sees from now on; the same again is no news."""
        with self._changed:
            if document != self._document:
                self._document = document
                self._number += 1
                self._changed.notify_all()

    @property
    def is_watched(self) -> bool:
        """Somebody looks at it now: a tab waits, or asked a moment ago."""
        return bool(self._waiting) or self._clock() < self._watched_until

    def look_after(self) -> None:
        """Its owner is awake. On some systems the clock goes on while the machine sleeps: a tab that stayed open over
        night finds its page again."""
        now = self._clock()
        slept = now - self._owner_at
        if slept > SLEPT_S:
            self._seen_at = min(now, self._seen_at + slept)
        self._owner_at = now

    @property
    def is_over(self) -> bool:
        """No tab is left, or none ever came."""
        return self.gate.missed or self._clock() - self._seen_at > IDLE_S

    def close(self) -> None:
        """Whoever looks is told that it is over."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    # --- for the listener --------------------------------------------------------------------

    def caller(self, their_port: int) -> int | None:
        return self._whose(their_port, self.gate.port)

    def seen(self) -> None:
        self._seen_at = self._clock()

    def read(self, path: str) -> PageAnswer | None:
        parts = urlsplit(path)
        if parts.path == "/state":
            return self._state(parse_qs(parts.query).get("seen", [""])[0])
        if path == "/here":
            return PageAnswer(status=204)
        found = FILES.get(path)
        if found is None:
            return None
        return PageAnswer(files("tray_app.page").joinpath(found[0]).read_bytes(), found[1])

    def act(self, path: str, body: bytes) -> PageAnswer | None:
        try:
            sent = json.loads(body)
        except (ValueError, RecursionError):
            return PageAnswer(status=400)
        if not isinstance(sent, dict):
            return PageAnswer(status=400)
        told = self._do(path, sent)
        return None if told is None else PageAnswer(json.dumps(told).encode(), JSON)

    def _state(self, seen: str) -> PageAnswer:
        """The document where it is another than the one with that number; nothing new after a while."""
        if not self.is_watched:
            self._watch()
            self._looked()
        me = object()
        until = self._clock() + WAIT_S
        with self._changed:
            self._waiting.append(me)
            if len(self._waiting) > MOST_WAITING:
                del self._waiting[0]
                self._changed.notify_all()
            while seen == self._name or not self._document:
                left = until - self._clock()
                if self._closed or left <= 0 or me not in self._waiting:
                    break
                self._changed.wait(left)
            if me in self._waiting:
                self._waiting.remove(me)
            self._watch()
            if self._closed:
                return PageAnswer(status=410)
            if seen == self._name or not self._document:
                return PageAnswer(status=204)
            return PageAnswer(b'{"number": "%s", "document": %s}' % (self._name.encode(), self._document), JSON)

    @property
    def _name(self) -> str:
        """Of another run it is another one."""
        return f"{self._run}-{self._number}"

    def _watch(self) -> None:
        self._watched_until = self._clock() + WATCHED_S
