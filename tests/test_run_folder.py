"""run.py in a folder with a Korean name, where the locale knows no such letters: it installs, starts, prints, stores."""

import importlib.util
import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("run.py", "pyproject.toml", "constraints.txt", "README.md", "LICENSE")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX locales; Windows: tests/wine/test_code_page.py")


@pytest.fixture
def folder(tmp_path):
    """The sources and a `.venv` that lacks nothing but the program itself; its packages are those of the tests."""
    specs = [importlib.util.find_spec(name) for name in ("pip", "hatchling")]
    if None in specs:
        pytest.skip("this Python has no pip or no hatchling, which run.py installs")
    place = tmp_path / "내 문서" / "엘보 룸"
    place.mkdir(parents=True)
    for name in SOURCES:
        shutil.copy(ROOT / name, place)
    shutil.copytree(ROOT / "tray_app", place / "tray_app", ignore=shutil.ignore_patterns("__pycache__"))
    venv = place / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (packages,) = venv.glob("lib/python3.*/site-packages")
    for path in Path(specs[1].origin).parents[1].iterdir():
        if path.suffix != ".pth" and not path.name.startswith(("elbowroom", "tray_app", "__")):
            (packages / path.name).symlink_to(path)
    run = runpy.run_path(str(place / "run.py"))
    stamp = {"requirements": run["requirements"](), "sources": "", "dev": False, "installed": run["installed"]()}
    run["STAMP"].write_text(json.dumps(stamp), encoding="utf-8")
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
