"""A played machine whose big model is crowded, and our own command that watches it, in one process.

    python -m tests.prometheus.crowded HOME PORT [WORDS OF `metrics` ...]

Several people chat at once at an Open WebUI with all tasks on; Ollama's log tells of loads and evictions. Once there is
a file HOME/relay, a relay stands beside it, through which a few requests come. Only counters and log are played: what
is polled, judged and told is the product's. Ends with SIGTERM, as the command does.
"""

import contextlib
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

from msgspec.structs import replace

from tests.played import Played
from tests.ports import free_port
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import LogEvent, LogEventKind, OllamaLog
from tray_app.demo.person import Person
from tray_app.standins.models import BIG
from tray_app.standins.scheduler import Pace

ROOT = Path(__file__).parents[2]
PEOPLE = 3
PACE = Pace(0.02, 0.0005, load_s_per_gib=0.01)
SETTINGS = """request_limit_s = 20
poll_s = 1
poll_busy_s = 1
poll_idle_s = 1
[limits]
hold_s = 2
[chat_first]
quiet_low_s = 0
quiet_high_s = 1
"""
EVENTS = (LogEventKind.LOAD, LogEventKind.EVICTION)


class PlayedLog:
    """One event of each kind with every look."""

    def read(self, taken_at, processes=None):
        return Known(OllamaLog(tuple(LogEvent(kind, taken_at, BIG) for kind in EVENTS)), taken_at)

    def close(self):
        pass


def through_the_relay(home, ollama, over):
    """Once it is wished: a chat, and a title that is held for it, again and again."""
    while not Path(home, "relay").is_file():
        if over.wait(0.1):
            return
    process, port = relay(home, ollama)

    def ask(task):
        body = {"model": BIG, "messages": [{"role": "user", "content": "Hello"}], "stream": not task}
        headers = {"Content-Type": "application/json", **({"X-Elbowroom-Task": task} if task else {})}
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/chat", json.dumps(body).encode(), headers)
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(asked, timeout=60) as answer:
            answer.read()

    while not over.wait(2.0):
        threads = [threading.Thread(target=ask, args=(task,), daemon=True) for task in ("", "title_generation")]
        for one in threads:
            one.start()
        threads[0].join()
    process.terminate()
    process.wait()
    process.stdin.close()


def relay(home, ollama):
    """Its process, and its port."""
    port = free_port()
    words = ["relay", "--home", home, "--listen", f"127.0.0.1:{port}", "--upstream", ollama, "--tied"]
    start = [sys.executable, "-P", "-m", "tray_app", *words]
    return subprocess.Popen(start, cwd=ROOT, stdin=subprocess.PIPE), port


def main():
    home, port, *words = sys.argv[1:]
    Path(home).mkdir(parents=True, exist_ok=True)
    Path(home, "settings.toml").write_text(SETTINGS, encoding="utf-8")
    over = threading.Event()
    with Played(home, alone=False, pace=PACE) as played, contextlib.ExitStack() as ends:
        played.webui.settings["ENABLE_AUTOCOMPLETE_GENERATION"] = True
        for account in played.webui.accounts.accounts:
            account.ui = {"promptAutocomplete": True}
        played.machine = replace(played.machine, log=PlayedLog())
        played.run("set", "titles=off")
        played.run("undo")
        for _ in range(PEOPLE):
            person = Person(played.webui, pause_s=0.1, chat_length=2)
            person.start()
            ends.callback(person.stop)
        asking = threading.Thread(target=through_the_relay, args=(home, played.ollama.url, over))
        asking.start()
        ends.callback(asking.join)
        ends.callback(over.set)
        sys.exit(played.run("metrics", "--listen", f"127.0.0.1:{port}", "--ollama", played.ollama.url, *words))


if __name__ == "__main__":
    main()
