"""A real Open WebUI whose Ollama connection leads through the relay of chat first."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.ports import free_port
from tray_app.core.tasks.ollama_connections import HEADERS
from tray_app.standins.server import wait_until


@contextlib.contextmanager
def relay(upstream: str, home: Path) -> Iterator[str]:
    """The relay's own process; its address."""
    place = f"127.0.0.1:{free_port()}"
    command = [
        sys.executable,
        "-m",
        "tray_app",
        "relay",
        "--listen",
        place,
        "--upstream",
        upstream,
        "--home",
        str(home),
    ]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            if not wait_until(lambda: _answers(f"http://{place}"), 30):
                raise RuntimeError("the relay does not answer")
            yield f"http://{place}"
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/api/version", trust_env=False, timeout=2).status_code == 200
    return False


def lead(http: httpx.Client, url: str) -> None:
    """Open WebUI's Ollama is there from now on, and is told of each call what it is. `http`: an admin's."""
    held = http.get("/ollama/config").json()
    leading = {"OLLAMA_BASE_URLS": [url], "OLLAMA_API_CONFIGS": {"0": {"enable": True, "headers": HEADERS}}}
    http.post("/ollama/config/update", json={**held, **leading}).raise_for_status()


def switch_on(http: httpx.Client, **tasks: bool) -> None:
    """Task settings of Open WebUI, by their names in its document."""
    held = http.get("/api/v1/tasks/config").json()
    http.post("/api/v1/tasks/config/update", json={**held, **tasks}).raise_for_status()
