"""What run.py installs and when."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_pins_are_those_of_pyproject_and_name_no_host():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--" not in text
    pinned = {line.split("==")[0] for line in text.splitlines()}
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    build = pyproject["build-system"]["requires"]
    for wanted in (*project["dependencies"], *project["optional-dependencies"]["dev"], *build):
        assert re.split(r"[<>=!~\[; ]", wanted)[0].lower() in pinned, f"{wanted} has no pin: see docs/decisions.md"
    assert {"pyobjc-core", "pywin32-ctypes"} <= pinned


@pytest.fixture
def installs(run, change, tmp_path):
    """Calls of pip, in a tree of its own; each leaves a package behind."""
    calls: list[tuple[str, ...]] = []
    (tmp_path / "tray_app").mkdir()
    packages = tmp_path / ".venv" / "packages"
    packages.mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt", "tray_app/__init__.py"):
        (tmp_path / name).write_text(name, encoding="utf-8")

    def pip(_progress, *arguments):
        calls.append(arguments)
        (packages / arguments[-1].replace(".", "elbowroom")).mkdir(exist_ok=True)

    change("ROOT", tmp_path)
    change("STAMP", tmp_path / ".venv" / "stamp.json")
    change("site_packages", lambda: packages)
    change("ensure_pip", lambda: None)
    change("pip", pip)
    return calls


ALL = [("hatchling",), (".",)]


def test_it_installs_once_and_as_a_copy(run, installs):
    """Installed in place, a folder with a Korean name would end every start where the locale is not UTF-8."""
    for _ in range(3):
        run.ensure_installed(dev=False)
    assert installs == ALL


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_it_installs_again_when_other_packages_are_wanted(run, installs, tmp_path, name):
    run.ensure_installed(dev=False)
    (tmp_path / name).write_text("changed", encoding="utf-8")
    run.ensure_installed(dev=False)
    assert installs == [*ALL, *ALL]


@pytest.mark.parametrize("name", ["__init__.py", "locale/ko.mo", "new.py"])
def test_a_changed_program_is_copied_without_its_packages(run, installs, tmp_path, name):
    run.ensure_installed(dev=True)
    (tmp_path / "tray_app" / "locale").mkdir()
    (tmp_path / "tray_app" / name).write_text("changed", encoding="utf-8")
    for _ in range(2):
        run.ensure_installed(dev=False)
    assert installs[2:] == [("--no-deps", "--force-reinstall", ".")]


def test_a_package_that_went_missing_is_put_back(run, installs, tmp_path):
    run.ensure_installed(dev=False)
    (tmp_path / ".venv" / "packages" / "hatchling").rmdir()
    run.ensure_installed(dev=False)
    assert installs[2:] == [("--force-reinstall", "hatchling"), ("--force-reinstall", ".")]


def test_the_tools_of_the_tests_are_added_once_and_stay(run, installs, tmp_path):
    run.ensure_installed(dev=False)
    run.ensure_installed(dev=True)
    run.ensure_installed(dev=False)
    (tmp_path / "pyproject.toml").write_text("changed", encoding="utf-8")
    run.ensure_installed(dev=False)
    assert [call[-1] for call in installs] == ["hatchling", ".", "hatchling", ".[dev]", "hatchling", ".[dev]"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff", b'{"requirements": 1}', b'{"installed": 5}'])
def test_a_damaged_stamp_means_not_installed(run, installs, tmp_path, damage):
    (tmp_path / ".venv" / "stamp.json").write_bytes(damage)
    run.ensure_installed(dev=False)
    assert [call[-1] for call in installs] == ["hatchling", "."]


def test_an_install_that_failed_is_not_taken_as_done(run, change, installs, tmp_path):
    def fails(*arguments):
        raise run.PipFailed(["no"])

    run.ensure_installed(dev=False)
    (tmp_path / "pyproject.toml").write_text("changed", encoding="utf-8")
    change("pip", fails)
    with pytest.raises(SystemExit):
        run.ensure_installed(dev=False)
    assert run.last_install() == {}


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script in place of pip")
def test_a_failing_pip_shows_its_last_words_and_asks_for_the_network(run, change, fake_python, tmp_path, capsys):
    fake_python("python", "echo 'Collecting httpx>=1'; seq 1 50; echo 'ERROR: no such host' >&2; exit 1")
    change("venv_python", lambda: str(tmp_path / "python"))
    change("ensure_pip", lambda: None)
    change("STAMP", tmp_path / "stamp.json")
    with pytest.raises(SystemExit) as ended:
        run.ensure_installed(dev=False)
    shown = capsys.readouterr().err
    assert ended.value.code == 1
    assert "httpx>=1" in shown  # progress
    assert "ERROR: no such host" in shown
    assert "online?" in shown
    assert "  10\n" not in shown


def test_the_stamp_is_json(run, installs, tmp_path):
    run.ensure_installed(dev=True)
    stamp = json.loads((tmp_path / ".venv" / "stamp.json").read_text(encoding="utf-8"))
    assert stamp["dev"] is True
