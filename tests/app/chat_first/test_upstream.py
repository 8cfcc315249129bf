"""Ollama behind TLS with an authority of its own, or on another machine: the relay asks it there."""

import contextlib
import json
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.english import English
from tests.ports import free_port
from tests.relay.test_process import Process
from tray_app.app.doing import relay_process
from tray_app.app.doing.relay_process import RelayProcess
from tray_app.core.text.chat_first import said
from tray_app.core.values.errors.life import ChatFirstError

PEM = Path(__file__).parents[2] / "services" / "localhost.pem"
"""A certificate that signs itself, for localhost: the private authority of a home."""


@contextlib.contextmanager
def behind_tls(answer):
    """An Ollama that takes nothing but TLS: its https address, and what was asked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    plain, _ = server.accept()
                    with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as taken:
                        asked.append(taken.recv(65536))
                        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n"
                        taken.sendall(head.encode() + answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"https://localhost:{server.getsockname()[1]}", asked
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def asked_by_way_of(process):
    with urlopen(f"http://127.0.0.1:{process.port}/api/version", timeout=30) as answer:
        return json.loads(answer.read())


def test_a_private_authority_counts_by_ca_file(tmp_path, own_code):
    (tmp_path / "settings.toml").write_text(f"ca_file = {json.dumps(str(PEM))}\n", encoding="utf-8")
    with behind_tls(b'{"version": "0.32.15"}') as (url, asked):
        process = Process(tmp_path, url)
        try:
            assert asked_by_way_of(process) == {"version": "0.32.15"}
        finally:
            process.process.terminate()
            process.ends()
    assert b"Host: " + url.removeprefix("https://").encode() in asked[0]


def test_without_it_nothing_is_sent_and_open_webui_is_told_that_ollama_is_not_there(tmp_path, own_code):
    with behind_tls(b"{}") as (url, asked):
        process = Process(tmp_path, url)
        try:
            with pytest.raises(OSError, match=r"50[23]") as refused:
                asked_by_way_of(process)
            refused.value.close()
        finally:
            process.process.terminate()
            process.ends()
    assert asked == []


# --- how it is started ----------------------------------------------------------------------


class Started:
    """What a Popen was given."""

    pid, returncode = 1, None

    def __init__(self, command, **options):
        self.command, self.options = command, options
        Started.last = self

    def poll(self):
        return None


@pytest.fixture
def spawned(tmp_path, monkeypatch):
    """Starts a relay as on that system, of which only the call is made."""

    def on(system, upstream="http://nas:11434"):
        monkeypatch.setattr(sys, "platform", system)
        for name, value in (("DETACHED_PROCESS", 8), ("CREATE_NEW_PROCESS_GROUP", 512)):
            monkeypatch.setattr(subprocess, name, value, raising=False)
        monkeypatch.setattr(subprocess, "Popen", Started)
        relay = RelayProcess(tmp_path / "relay.json", tmp_path, lambda: upstream)
        relay.keep(free_port())
        relay.close()
        return Started.last

    yield on
    relay_process._STARTED[:] = [one for one in relay_process._STARTED if not isinstance(one, Started)]


@pytest.mark.parametrize("system", ["darwin", "linux"])
def test_it_has_a_session_of_its_own_and_no_terminal(spawned, system):
    options = spawned(system).options
    assert options["start_new_session"] is True
    assert {options[name] for name in ("stdin", "stdout")} == {subprocess.DEVNULL}
    assert options["stderr"] is not None
    assert "creationflags" not in options


def test_on_windows_it_has_no_console_and_no_ctrl_c_of_ours(spawned):
    options = spawned("win32").options
    assert options["creationflags"] == 8 | 512
    assert {options[name] for name in ("stdin", "stdout")} == {subprocess.DEVNULL}


def test_one_that_ends_before_it_has_a_log_is_heard_all_the_same(tmp_path, monkeypatch):
    """A library that is missing, say: the log beside ours would be empty."""
    ends = "import sys; sys.exit('before\\nImportError: no \\x1b[31m{such} library')"
    monkeypatch.setattr(relay_process, "relay_command", lambda _home: (sys.executable, "-c", ends))
    monkeypatch.setattr(relay_process, "LATE_S", 0.0)
    relay = RelayProcess(tmp_path / "relay.json", tmp_path, lambda: "http://127.0.0.1:1")
    with contextlib.closing(relay), pytest.raises(ChatFirstError) as met:
        relay.start(free_port())
    text, step = said(met.value, English())
    assert text.endswith("(ImportError: no [31m{such} library).")
    assert "relay.log" in step


def test_an_ollama_on_another_machine_is_asked_there(spawned):
    command = spawned("linux").command
    assert command[command.index("--upstream") + 1] == "http://nas:11434"
    assert command[command.index("--listen") + 1].startswith("127.0.0.1:")
