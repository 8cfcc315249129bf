"""The tray app before servers that play a crowd: `crowd` and `calm` on stdin; prints what Open WebUI then holds."""

import contextlib
import sys
import threading
from pathlib import Path

from tests.played import GIB, Played
from tray_app.standins.models import BIG
from tray_app.standins.upstream import Call, UpstreamError

CROWD = 4
SETTING = "ENABLE_FOLLOW_UP_GENERATION"
LOOK_S = 0.05


def crowd(played):
    """So many requests at a model that makes no progress."""
    played.ollama.hold()
    body = {"model": BIG, "messages": [{"role": "user", "content": "x"}]}

    def run():
        with contextlib.suppress(UpstreamError):
            list(Call(played.ollama.url, "/api/chat", body).lines())

    for _ in range(CROWD):
        threading.Thread(target=run, daemon=True).start()


def listen(played):
    for line in sys.stdin:
        if line.strip() == "crowd":
            crowd(played)
        else:
            played.ollama.release()


def tell(played):
    """Each value that the setting had, as it changes."""
    known, over = None, threading.Event()
    while not over.wait(LOOK_S):
        now = played.webui.settings[SETTING]
        if now != known:
            known = now
            print(f"held: {now}", flush=True)


def main():
    with Played(Path(sys.argv[1]), budget_bytes=int(21.33 * GIB)) as played:
        for work in (listen, tell):
            threading.Thread(target=work, args=(played,), daemon=True).start()
        return played.run()


if __name__ == "__main__":
    sys.exit(main())
