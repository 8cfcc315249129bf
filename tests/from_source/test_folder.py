"""run.py in a folder with a Korean name, where the locale knows no such letters: it installs, starts, prints, stores."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from from_source import install

ROOT = Path(__file__).parents[2]
SOURCES = ("run.py", "pyproject.toml", "constraints.txt", "README.md", "LICENSE")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX locales; Windows: tests/wine/test_code_page.py")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The sources and a `.venv` that lacks nothing but the program itself; its packages are those of the tests."""
    specs = [importlib.util.find_spec(name) for name in ("pip", "hatchling")]
    if None in specs:
        pytest.skip("this Python has no pip or no hatchling, which run.py installs")
    place = tmp_path / "내 문서" / "엘보 룸"
    place.mkdir(parents=True)
    for name in SOURCES:
        shutil.copy(ROOT / name, place)
    for name in ("from_source", "tray_app"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    venv = place / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (packages,) = venv.glob("lib/python3.*/site-packages")
    for path in Path(specs[1].origin).parents[1].iterdir():
        if path.suffix != ".pth" and not path.name.startswith(("elbowroom", "tray_app", "__")):
            (packages / path.name).symlink_to(path)
    monkeypatch.setattr(install, "site_packages", lambda: packages)
    stamp = {"requirements": install.requirements(), "sources": "", "dev": False, "installed": install.installed()}
    (venv / install.STAMP.name).write_text(json.dumps(stamp), encoding="utf-8")
    return place


def test_it_installs_starts_prints_and_stores_under_the_locale_posix(folder):
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "LC_ALL": "POSIX"}
    options = (
        "--home",
        str(folder / "내 파일"),
        "--ollama",
        "http://127.0.0.1:9",
        "--open-webui",
        "http://127.0.0.1:9",
    )

    def start(*arguments):
        command = [sys.executable, str(folder / "run.py"), *options, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, check=True)

    first = start("--lang", "ko", "status")
    assert "Open WebUI  알 수 없음" in first.stdout.decode("utf-8")
    assert list(folder.glob(".venv/lib/*/site-packages/tray_app/__main__.py"))
    (folder / "내 파일").mkdir(exist_ok=True)
    (folder / "내 파일/settings.toml").write_text('# 내가 쓴 설정\nlanguage = "ko"\n', encoding="utf-8")
    assert "Open WebUI  알 수 없음" in start("status").stdout.decode("utf-8")
    told = start("doctor", "--json").stdout
    assert json.loads(told.decode("ascii"))["schema"] == 1


def beside(folder, *arguments):
    """run.py in its own process group, which says in English what it does."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, str(folder / "run.py"), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, encoding="utf-8")


INSTALLS, WAITS = "installing the changed program", "waiting for another run.py"


def test_of_two_that_start_at_once_one_installs_and_the_other_waits(folder):
    ended = [(one.communicate(timeout=120), one.returncode) for one in [beside(folder, "--version") for _ in range(2)]]
    assert [code for _, code in ended] == [0, 0]
    assert len({out for (out, _), _ in ended}) == 1
    said = [err for (_, err), _ in ended]
    assert sum(INSTALLS in one for one in said) == 1
    assert sum(WAITS in one for one in said) == 1
    third = beside(folder, "--version")
    assert third.communicate(timeout=60)[1] == ""


def test_one_that_is_killed_while_it_installs_holds_nobody_up(folder):
    first = beside(folder, "--version")
    assert INSTALLS in first.stderr.readline()
    first.kill()
    first.communicate()
    second = beside(folder, "--version")
    out, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    assert out.startswith("elbowroom ")
    assert "installing" in err
    third = beside(folder, "--version")
    assert third.communicate(timeout=60)[1] == ""


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_what_is_installed_starts_from_a_folder_that_may_only_be_read(folder):
    first = beside(folder, "--version")
    first.communicate(timeout=120)
    assert first.returncode == 0
    (folder / ".venv.lock").unlink()
    folder.chmod(0o555)
    try:
        again = beside(folder, "--version")
        assert again.communicate(timeout=60)[1] == ""
    finally:
        folder.chmod(0o755)
