"""`metrics` on Windows: a file, a listener that Linux scrapes over the loopback that both share, and a port that is taken."""

import contextlib
import urllib.request
from pathlib import PureWindowsPath

import pytest

from tests.exporter.process import value
from tests.ports import free_port
from tests.wine.windows_python import new_home
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.wine, pytest.mark.timeout(300)]
START_S = 120


def scraped(port):
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return answer.read().decode()
    return ""


def test_a_file_is_written_with_this_machines_numbers(windows):
    home = new_home(windows, "metrics-file")
    with DemoOllama() as ollama:
        file = rf"{home}\numbers.prom"
        windows.drive.joinpath(*PureWindowsPath(home).parts[1:]).mkdir(parents=True)
        words = ["metrics", "--ollama", ollama.url, "--textfile", file]
        for _ in range(2):  # the second one replaces the first
            done = windows.run("-W", "error", "-m", "tray_app", "--home", home, "--lang", "en", *words)
            assert (done.returncode, done.stderr) == (0, "")
    text = windows.drive.joinpath(*PureWindowsPath(file).parts[1:]).read_text("utf-8")
    assert value(text, "elbowroom_ollama_up", ollama=ollama.url) == 1
    assert value(text, "elbowroom_memory_available_bytes") > 1 << 28


def test_it_is_scraped_and_a_second_one_does_not_share_its_port(windows):
    """Windows lets two programs listen on one port where both ask for it, as Python's HTTP servers do."""
    home, port = new_home(windows, "metrics-port"), free_port()
    with DemoOllama() as ollama:
        words = ["-m", "tray_app", "--home", home, "--lang", "en", "metrics"]
        words += ["--listen", f"127.0.0.1:{port}", "--ollama", ollama.url]
        process = windows.popen("-W", "error", *words)
        try:
            up = lambda: value(scraped(port), "elbowroom_ollama_up", ollama=ollama.url) == 1  # noqa: E731
            assert wait_until(up, START_S), process.poll()
            assert value(scraped(port), "process_resident_memory_bytes") > 1 << 20
            done = windows.run(*words)
            assert done.returncode == 1
            assert f"Another program listens on 127.0.0.1:{port} already." in done.stderr
        finally:
            process.terminate()
            process.communicate()
