"""Real Open WebUI servers in several processes: what is told as verified is what every one of them holds.

They take minutes, and processors: only versions that ELBOWROOM_REAL_VERSIONS names are tried.
"""

import contextlib
import os
import shutil
import subprocess
import time

import httpx
import pytest

from tests.ports import free_port
from tests.real.install import CannotInstall, install
from tests.real.servers import ADMIN, RealServer, session
from tests.requirements import require
from tray_app.cli.main import DONE, FAILED, NOTHING_TO_DO, run
from tray_app.standins.ollama import DemoOllama

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
READS = 40
TOGGLES = 4
TRIES = 8
VERIFIED, SEVERAL = "Verified.", "Open WebUI runs several processes that do not share settings"


@pytest.fixture
def redis(tmp_path):
    """The address of a Redis that lives as long as the test."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server (Debian: redis-server)")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()


@pytest.fixture
def started(tmp_path, monkeypatch, capsys):
    """Starts one in so many processes, connected; returns it and a way to run commands."""
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    with contextlib.ExitStack() as ends:

        def start(version, workers, **more):
            if version not in os.environ.get("ELBOWROOM_REAL_VERSIONS", "").split():
                pytest.skip(f"ELBOWROOM_REAL_VERSIONS does not name {version}")
            try:
                install(version)
            except CannotInstall as error:
                require("real", str(error))
            ollama = ends.enter_context(DemoOllama())
            server = RealServer(version, tmp_path / "server", ollama_url=ollama.url, more=more)
            server.start()  # alone: several at once would all make the database
            token = session(server.url, ADMIN)
            server.stop()
            server.workers = workers
            server.start()
            ends.callback(server.stop)
            monkeypatch.setenv("ELBOWROOM_API_KEY", token)
            options = ["--home", str(tmp_path / "home"), "--open-webui", server.url, "--ollama", ollama.url]

            def call(*words):
                code = run([*words, *options])
                return code, "".join(capsys.readouterr())

            return server, token, call

        yield start


def held(server, token):
    """What each of many fresh connections is told: by chance every process answers some of them."""
    found = set()
    for _ in range(READS):
        head = {"Authorization": f"Bearer {token}", "Connection": "close"}
        answer = httpx.get(f"{server.url}/api/v1/tasks/config", headers=head, trust_env=False, timeout=30)
        found.add(answer.json()["ENABLE_TAGS_GENERATION"])
    return found


def test_with_redis_all_of_them_hold_it_at_once(started, redis):
    server, token, call = started("0.12.4", 2, REDIS_URL=redis, WEBSOCKET_MANAGER="redis", WEBSOCKET_REDIS_URL=redis)
    for number in range(TOGGLES):
        on = number % 2 == 1
        code, told = call("set", f"tags={'on' if on else 'off'}")
        assert (code, held(server, token)) == (DONE, {on}), told
        assert VERIFIED in told


@pytest.mark.parametrize("version", ["0.9.6", "0.12.4"])
def test_without_redis_nothing_is_told_as_verified_that_one_of_four_lacks(started, version):
    server, token, call = started(version, 4)
    for number in range(TOGGLES):
        on = number % 2 == 1
        for _ in range(TRIES):
            code, told = call("set", f"tags={'on' if on else 'off'}")
            assert code in {DONE, FAILED, NOTHING_TO_DO}, told
            assert (VERIFIED in told) is (code == DONE)
            assert (SEVERAL in told) is (code == FAILED)
            if code != FAILED:  # verified, or there already: then everywhere
                assert held(server, token) == {on}
                break
            time.sleep(1)
        else:
            pytest.fail("each further try brings it to one more of them, and never to all")
