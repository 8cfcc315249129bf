"""The log and the settings of the server that is watched, and of no other one."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from msgspec.structs import replace

from tests.readers.stand_in import until
from tray_app.core.requests.owners import with_environment
from tray_app.core.values.connections import Owner
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import Processes, ProcessRole, ServerConfig, WatchedProcess
from tray_app.readers.server_log import ServerLog
from tray_app.readers.server_output import Goes, output_of, settings_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
CONFIG = 'time=2026-11-22T13:20:00.000Z level=INFO source=r msg="server config" env="map[OLLAMA_NUM_PARALLEL:3]"\n'
SERVER = WatchedProcess(41, 1.0, ProcessRole.OLLAMA_SERVER, "ollama")
OTHER = replace(SERVER, pid=42, owner=Owner.OTHER)
NOWHERE = Unknown(Why.MISSING, "server.log")
SEVERAL = Unknown(Why.UNSUPPORTED, "several servers could be the one")


def config(answer):
    return answer.value.config.num_parallel if isinstance(answer, Known) else answer


@pytest.fixture
def own(tmp_path):
    file = tmp_path / "serve.out"
    file.write_text(CONFIG)
    return file


@pytest.fixture
def default(tmp_path):
    file = tmp_path / "server.log"
    file.write_text(CONFIG.replace(":3", ":7"))
    return file


def look(where, *servers, system="linux", find=lambda: None, held=()):
    process = SimpleNamespace(open_files=lambda: [SimpleNamespace(path=str(one)) for one in held])
    log = ServerLog(find, system, output=lambda _pid: where, process=lambda _pid: process)
    try:
        return config(log.read(1.0, Processes(servers)))
    finally:
        log.close()


class TestWhichLog:
    def test_the_file_that_the_server_writes_to(self, own, default):
        assert look(own, SERVER, find=lambda: default) == 3
        assert look(own, SERVER, OTHER, find=lambda: default) == 3

    @pytest.mark.parametrize("goes", [Goes.ELSEWHERE, Goes.HIDDEN])
    def test_a_file_of_before_is_not_its_log(self, goes, default):
        why = NOWHERE if goes is Goes.ELSEWHERE else Unknown(Why.DENIED, "server.log")
        assert look(goes, SERVER, find=lambda: default) == why

    def test_a_new_server_may_write_elsewhere(self, own, default):
        log = ServerLog(lambda: None, "linux", output=lambda pid: own if pid == 41 else default)
        assert config(log.read(1.0, Processes((SERVER,)))) == 3
        assert config(log.read(2.0, Processes((replace(SERVER, pid=50),)))) == 7
        log.close()

    def test_it_is_asked_once_in_a_servers_life(self, own):
        asked = []
        log = ServerLog(lambda: None, "linux", output=lambda pid: asked.append(pid) or own)
        for _ in range(5):
            log.read(1.0, Processes((SERVER,)))
        assert asked == [41]
        log.close()

    def test_another_servers_log_is_not_read(self, default):
        for system in ("linux", "darwin"):
            assert look(Goes.ELSEWHERE, OTHER, system=system, find=lambda: default) == NOWHERE
        unsure = replace(SERVER, owner=Owner.UNSURE)
        assert look(Goes.ELSEWHERE, unsure, replace(unsure, pid=43), find=lambda: default) == SEVERAL

    def test_where_no_server_is_seen_the_usual_place_does(self, default):
        assert look(Goes.ELSEWHERE, find=lambda: default) == 7

    @pytest.mark.parametrize("system", ["darwin", "win32"])
    def test_the_apps_file_is_of_the_server_that_holds_it_open(self, default, system):
        assert look(None, SERVER, system=system, find=lambda: default) == 7
        assert look(None, SERVER, OTHER, system=system, find=lambda: default, held=[default]) == 7
        assert look(None, SERVER, OTHER, system=system, find=lambda: default) == SEVERAL
        assert look(None, SERVER, system=system) == NOWHERE


@linux
class TestReal:
    @pytest.fixture
    def started(self, tmp_path):
        running = []

        def start(stderr, **environment):
            command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
            made = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr, env=os.environ | environment
            )
            running.append(made)
            until(lambda: b"sys.stdin" in Path(f"/proc/{made.pid}/cmdline").read_bytes())
            return made.pid

        yield start
        for one in running:
            one.communicate()

    def test_a_file(self, started, tmp_path):
        path = tmp_path / "it's my log.txt"
        with path.open("wb") as file:
            pid = started(file)
        assert output_of(pid) == path
        path.unlink()
        assert output_of(pid) is Goes.ELSEWHERE

    def test_nowhere_and_a_pipe(self, started):
        assert output_of(started(subprocess.DEVNULL)) is Goes.ELSEWHERE
        assert output_of(started(subprocess.PIPE)) is Goes.ELSEWHERE

    def test_a_process_that_is_gone(self, tmp_path):
        assert output_of(41, tmp_path) is Goes.ELSEWHERE

    def test_settings_of_a_process(self, started):
        given = {
            "OLLAMA_NUM_PARALLEL": "4",
            "OLLAMA_MAX_LOADED_MODELS": " '1' ",
            "OLLAMA_CONTEXT_LENGTH": "0",
            "OLLAMA_KV_CACHE_TYPE": "q8_0",
            "OLLAMA_KEEP_ALIVE": "1m",
        }
        expected = ServerConfig(4, 1, None, "q8_0", told=True, keep_alive_s=60)
        assert settings_of(started(subprocess.DEVNULL, **given)) == expected


def test_a_unit_of_systemd_writes_to_the_journal(tmp_path):
    (tmp_path / "41").mkdir()
    (tmp_path / "41" / "cgroup").write_text("0::/system.slice/ollama.service\n")
    assert output_of(41, tmp_path) is Goes.JOURNAL


@pytest.mark.parametrize("text", ["", "auto", "-1", "0", "4.5", "9" * 12, "٤"])
def test_what_is_no_number_is_automatic(text):
    process = SimpleNamespace(environ=lambda: {"OLLAMA_NUM_PARALLEL": text})
    assert settings_of(41, lambda _pid: process) == ServerConfig(told=True)


def test_hidden_settings_are_not_known():
    def environ():
        raise psutil.AccessDenied(41)

    assert settings_of(41, lambda _pid: SimpleNamespace(environ=environ)) is None


class TestWithEnvironment:
    started = replace(SERVER, config=ServerConfig(num_parallel=2, max_loaded_models=1, told=True))

    def test_it_tells_what_the_log_does_not(self):
        said = ServerConfig(num_parallel=4, gpu_total_bytes=9)
        expected = ServerConfig(num_parallel=4, max_loaded_models=1, gpu_total_bytes=9, told=True)
        assert with_environment(said, Processes((self.started,))) == expected

    def test_another_servers_settings_are_not_ours(self):
        theirs = replace(self.started, owner=Owner.OTHER)
        assert with_environment(ServerConfig(), Processes((SERVER, theirs))) == ServerConfig()
        assert with_environment(ServerConfig(), None) == ServerConfig()
