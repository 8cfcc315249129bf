"""The relay of chat first on Windows: it outlives whoever started it, has no console, and writes its own log."""

import pytest

from tests.ports import free_port
from tests.wine.windows_python import new_home
from tray_app.standins.ollama import DemoOllama

pytestmark = [pytest.mark.wine, pytest.mark.timeout(300)]

START = """
import sys
from pathlib import Path
from tray_app.app.doing.relay_process import RelayProcess
home, upstream, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
relay = RelayProcess(home / "relay.json", home, lambda: upstream)
relay.start(port)
"""
LOOK = """
import ctypes, sys, time
from pathlib import Path
from tray_app.app.doing.relay_process import RelayProcess
home = Path(sys.argv[1])
relay = RelayProcess(home / "relay.json", home, lambda: "")
end = time.monotonic() + 60
while (state := relay.state()) is None and relay.door() is not None and time.monotonic() < end:
    time.sleep(0.5)  # a busy machine: it is there, and does not answer within a second
kernel = ctypes.windll.kernel32
kernel.FreeConsole()
attached = bool(state) and bool(kernel.AttachConsole(state.pid))
log = (home / "logs" / "relay.log").read_text("utf-8")
answer = {"pid": state.pid if state else None, "console": attached, "log": log}
if sys.argv[2] == "end":
    relay.end()
    answer["gone"] = relay.door() is None
"""


def test_it_goes_on_when_its_starter_ends_and_ends_when_it_is_asked(windows, ask):
    port = free_port()
    home = new_home(windows, "relay")
    ollama = DemoOllama()
    ollama.start()
    try:
        with windows.popen("-X", "utf8", "-c", START, home, ollama.url, str(port)) as starter:
            assert starter.wait(120) == 0  # its pipes are not waited for: under Wine, what it starts gets them, too
        seen = ask(LOOK, home, "look")  # the process that started it has ended
        assert seen["pid"], seen
        assert not seen["console"]
        assert f"relay 127.0.0.1:{port} for {ollama.url}" in seen["log"]
        assert ask(LOOK, home, "end")["gone"]
    finally:
        ollama.stop()
