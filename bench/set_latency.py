"""From `set follow-ups=off` to verified: our own time, without the server's.

    python bench/set_latency.py [--runs 9] [--version 0.12.4]

On a real Open WebUI where the tests' cache has that version installed, else on the stand-in. Time spent inside HTTP
requests is measured apart and taken off, and so are the pauses between the reads that verify a change. Each run is a
new app on a home of its own, so that nothing is warm but the imports.
"""

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.real.install import cache
from tests.real.servers import RealServer, session
from tray_app.app.doing.read_backs import PAUSE_S, READ_BACKS
from tray_app.app.wiring import App, Overrides
from tray_app.core.tasks import assignments
from tray_app.core.values.token import Token, origin_of
from tray_app.services.http import Http
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.storage.secret import KeptIn

ADMIN = {"name": "Admin", "email": "admin@example.com", "password": "admin-password-1"}
spent = 0.0


def measure_http() -> None:
    """Every request of the app passes through one method: its time is the server's and the socket's."""
    real = Http._exchange  # noqa: SLF001 - the one place all requests pass

    def timed(self: Http, *arguments: object, **more: object) -> object:
        global spent  # noqa: PLW0603 - one number for the whole process
        began = time.perf_counter()
        try:
            return real(self, *arguments, **more)  # type: ignore[arg-type]
        finally:
            spent += time.perf_counter() - began

    Http._exchange = timed  # type: ignore[method-assign,assignment]  # noqa: SLF001


def once(url: str, token: str, value: str) -> tuple[float, float]:
    """(wall, HTTP) seconds of one change."""
    global spent
    with tempfile.TemporaryDirectory() as home, App(Overrides(home=Path(home), open_webui=url)) as app:
        app.secrets.store(Token(token, origin_of(url)), KeptIn.FILE)
        spent, began = 0.0, time.perf_counter()
        client = app.carrier.writable()
        plan = assignments.plan(client.read_document(), assignments.parse([f"follow-ups={value}"]))
        app.carrier.apply(plan.changes, "set")
        return time.perf_counter() - began, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--version", default="0.12.4")
    options = parser.parse_args()
    measure_http()
    with ExitStack() as stack:
        ollama = stack.enter_context(DemoOllama())
        real = any(cache().glob(f"*{options.version}*")) if cache().exists() else False
        if real:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            server = RealServer(options.version, folder, ollama_url=ollama.url, auth=True)
            server.start()
            stack.callback(server.stop)
            url, token = server.url, session(server.url, ADMIN)
        else:
            played = stack.enter_context(DemoOpenWebUI(options.version, ollama_url=ollama.url))
            url, token = played.url, played.session()
        once(url, token, "off")
        found = [once(url, token, ("on", "off")[run % 2]) for run in range(options.runs)]
    pauses = PAUSE_S * (READ_BACKS - 1)
    ours = [wall - http - pauses for wall, http in found]
    print(
        f"set follow-ups on a {'real' if real else 'played'} Open WebUI {options.version}, {options.runs} runs, medians"
    )
    print(f"whole       {statistics.median(wall for wall, _ in found) * 1000:8.1f} ms")
    print(f"in HTTP     {statistics.median(http for _, http in found) * 1000:8.1f} ms")
    print(f"pauses      {pauses * 1000:8.1f} ms  (between the {READ_BACKS} reads that verify)")
    print(f"our own     {statistics.median(ours) * 1000:8.1f} ms  (worst {max(ours) * 1000:.1f} ms)")


if __name__ == "__main__":
    main()
