"""The script that runs real servers, as a person would call it."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.real.install import CannotInstall, install
from tests.real.servers import chosen
from tests.requirements import require

SCRIPT = Path(__file__).with_name("servers.py")


def run(*words):
    done = subprocess.run(
        [sys.executable, SCRIPT, *map(str, words)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.real
@pytest.mark.timeout(600)
def test_up_admin_user_list_down():
    version, port = chosen()[-1], free_port()
    try:
        install(version)
    except CannotInstall as error:
        require("real", str(error))
    url = f"http://127.0.0.1:{port}"
    run("up", version, port)
    try:
        assert httpx.get(f"{url}/api/version", trust_env=False).json()["version"] == version
        for who, role in (("admin", "admin"), ("user", "user")):
            head = {"Authorization": f"Bearer {run(who, port).strip()}"}
            assert httpx.get(f"{url}/api/v1/auths/", headers=head, trust_env=False).json()["role"] == role
        assert f"{url} {version}" in run("list")
    finally:
        run("down", port)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/api/version", trust_env=False)
    assert url not in run("list")
