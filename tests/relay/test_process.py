"""`elbowroom relay` as a process of its own: its port, its signals, its log."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.ports import free_port
from tests.relay.places import Link, Ollama, get, post, sized
from tray_app.cli.main import run
from tray_app.storage.relay_file import RelayFile

START_S = 60.0


class Process:
    """One that was started, with its port and its home."""

    def __init__(self, home, upstream, port=None, *, named=True, tied=False):
        self.home = home
        self.port = port or free_port()
        self.file = RelayFile(home / "relay.json")
        listen = ["--listen", f"127.0.0.1:{self.port}"] if named else []
        options = [*listen, "--upstream", upstream, *(["--tied"] if tied else [])]
        command = [sys.executable, "-m", "tray_app", "--home", str(home), "relay", *options]
        flags = subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, creationflags=flags
        )
        until = time.monotonic() + START_S
        while (door := self.file.read()) is None or door.pid != self.process.pid:
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < until
            time.sleep(0.02)

    def link(self):
        return Link(socket.create_connection(("127.0.0.1", self.port)))

    def ends(self):
        """Exit code and what was said."""
        try:
            _, said = self.process.communicate(timeout=START_S)
        finally:
            self.process.kill()
        return self.process.returncode, said


@pytest.fixture
def process(ollama, tmp_path):
    process = Process(tmp_path, ollama.url)
    yield process
    process.process.kill()
    process.ends()


def test_settings_name_its_port_where_nothing_else_does(ollama, tmp_path):
    port = free_port()
    (tmp_path / "settings.toml").write_text(f"[chat_first]\nrelay_port = {port}\n")
    process = Process(tmp_path, ollama.url, port, named=False)
    process.link().close()
    process.process.terminate()
    assert process.ends()[0] in {0, -signal.SIGTERM}


ENDS = [signal.CTRL_BREAK_EVENT] if sys.platform == "win32" else [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


@pytest.mark.parametrize("number", ENDS)
def test_it_ends_in_order(ollama, process, number):
    link = process.link()
    link.send(post("/api/chat", b'{"model":"m"}'))
    up = ollama.link()
    up.message()
    process.process.send_signal(number)
    up.send(sized(b"the last answer"))
    assert link.message()[2] == b"the last answer"
    assert process.ends() == (0, "")
    assert process.file.read() is None
    log = (process.home / "logs" / "relay.log").read_text()
    assert "relay ended" in log
    link.close()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_one_that_was_killed_is_followed_by_the_next(ollama, process):
    link = process.link()
    link.send(post("/api/chat", b'{"model":"m"}'))
    up = ollama.link()
    up.message()
    os.kill(process.process.pid, signal.SIGKILL)
    assert up.is_closed()
    assert link.is_closed()
    link.close()
    process.ends()
    after = Process(process.home, ollama.url, process.port)
    link = after.link()
    link.send(get("/api/version"))
    up = ollama.link()
    up.message()
    up.send(sized(b"v"))
    assert link.message()[2] == b"v"
    link.close()
    after.process.terminate()
    after.ends()


def test_a_second_one_says_that_the_first_runs(process, ollama, capsys):
    told = ["--home", str(process.home), "relay", "--upstream", ollama.url, "--listen", f"127.0.0.1:{process.port}"]
    assert run(told) == 1
    assert capsys.readouterr().err == f"elbowroom: The relay of chat first already runs on 127.0.0.1:{process.port}.\n"


def test_another_program_has_the_port(ollama, tmp_path, capsys):
    other = Ollama()
    told = ["--home", str(tmp_path), "relay", "--upstream", ollama.url, "--listen", f"127.0.0.1:{other.port}"]
    try:
        assert run(told) == 1
    finally:
        other.close()
    assert capsys.readouterr().err == (
        f"elbowroom: Another program listens on 127.0.0.1:{other.port}, so the relay of chat first cannot start there. "
        "End that program, or choose a free port with `relay_port` in settings.toml.\n"
    )
    assert not (tmp_path / "relay.json").exists()


def test_an_address_of_another_machine(tmp_path, capsys):
    told = ["--home", str(tmp_path), "relay", "--upstream", "http://127.0.0.1:1", "--listen", "203.0.113.7:11435"]
    assert run(told) == 1
    assert "cannot listen on 203.0.113.7:11435" in capsys.readouterr().err


@pytest.mark.parametrize("upstream", ["127.0.0.1:11435", "http://localhost:11435", "http://[::1]:11435/"])
def test_ollama_is_not_the_relay_itself(tmp_path, capsys, upstream):
    assert run(["--home", str(tmp_path), "relay", "--upstream", upstream, "--listen", "127.0.0.1:11435"]) == 1
    assert "is where the relay of chat first stands. Give Ollama's own address" in capsys.readouterr().err


@pytest.mark.parametrize(
    "listen", ["11435", "127.0.0.1", "127.0.0.1:x", "a@127.0.0.1:1", "127.0.0.1:1/x", "127.0.0.1:99999"]
)
def test_a_place_that_is_none(tmp_path, capsys, listen):
    assert run(["--home", str(tmp_path), "relay", "--upstream", "127.0.0.1:1", "--listen", listen]) == 2
    assert listen in capsys.readouterr().err


def test_nobody_is_told_of_it(capsys):
    with pytest.raises(SystemExit):
        run(["--help"])
    assert " relay" not in capsys.readouterr().out


@pytest.mark.parametrize("tied", [True, False])
def test_one_that_is_tied_ends_with_whoever_started_it(ollama, tmp_path, tied):
    """The demo may be killed: nothing of it is left. The others outlive us."""
    process = Process(tmp_path, ollama.url, tied=tied)
    process.process.stdin.close()
    process.process.stdin = None
    if not tied:
        process.link().close()
        process.process.terminate()
    code, said = process.ends()
    assert (code in {0, -signal.SIGTERM}, said) == (True, "")
    assert process.file.read() is None
