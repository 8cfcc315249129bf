"""run.py: finds a Python, what it installs and when, and what it starts."""

import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run():
    """The names of run.py; functions see later changes to their own globals."""
    return SimpleNamespace(**(globals_of := runpy.run_path(str(ROOT / "run.py"))), globals=globals_of)


@pytest.fixture
def change(run, monkeypatch):
    """Change a global that run.py's functions read."""

    def changed(name, value):
        monkeypatch.setitem(run.main.__globals__, name, value)

    return changed


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ((3, 10), False),
        ((3, 11), True),
        ((3, 14), True),
        ((3, 15), True),
        ((3, 99), True),
        ((2, 7), False),
        ((4, 0), False),
    ],
)
def test_every_python_3_from_3_11_on_fits(run, version, fits):
    assert run.fits(version) is fits


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


def fake_python(folder: Path, name: str, says: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
    program.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts in place of Pythons")
def test_the_newest_python_that_really_runs_is_taken(run, change, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    change("DEBIAN_PYTHON", str(tmp_path / "python3"))
    fake_python(tmp_path, "python3.14", "echo 'no version is set' >&2; exit 127")
    fake_python(tmp_path, "python3.13", "echo 3 9 0")
    fake_python(tmp_path, "python3.12", "echo 3 12 0")
    fake_python(tmp_path, "python3.11", "echo 3 11 1")
    assert run.other_pythons() == [
        ((str(tmp_path / "python3.12"),), (3, 12), False),
        ((str(tmp_path / "python3.11"),), (3, 11), True),
    ]


def test_a_python_that_can_show_the_icon_wins_over_another(run, change, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    change("macos_major", lambda: 26)
    framework, plain = (run.Python(("python3",), (3, minor), minor == 14) for minor in (14, 12))
    change("python_at", lambda _: framework)
    change("other_pythons", lambda: [framework, plain])
    assert run.chosen_python() == plain
    change("other_pythons", lambda: [framework])
    assert run.chosen_python() == framework


@pytest.mark.parametrize(("macos", "framework", "shows"), [(26, True, False), (26, False, True), (15, True, True)])
def test_a_framework_python_shows_no_icon_from_macos_26_on(run, change, monkeypatch, macos, framework, shows):
    monkeypatch.setattr(sys, "platform", "darwin")
    change("macos_major", lambda: macos)
    python = run.Python(("/usr/bin/python3",), (3, 13), framework)
    assert python.has_tray is shows


def test_without_a_fitting_python_it_says_so(run, change, capsys):
    change("python_at", lambda _: None)
    change("other_pythons", list)
    with pytest.raises(SystemExit) as ended:
        run.chosen_python()
    assert ended.value.code == 1
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Debian's packages")
@pytest.mark.parametrize(("debian", "package"), [((3, 11), "python3-venv"), ((3, 13), "python3.11-venv")])
def test_a_user_without_root_gets_the_one_line_that_helps(run, change, monkeypatch, capsys, debian, package):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    change("output", lambda *_: None)
    change("python_at", lambda _: run.Python(("/usr/bin/python3",), debian, False))
    monkeypatch.setattr(run.shutil, "which", lambda _: "/usr/bin/apt-get")
    with pytest.raises(SystemExit) as ended:
        run.ensure_ensurepip(run.Python(("python",), (3, 11), False))
    assert ended.value.code == 1
    assert capsys.readouterr().err.endswith(f"\n  sudo apt-get install {package}\n")


# --- whose folder it empties -----------------------------------------------------------------


@pytest.fixture
def venv(run, change, tmp_path):
    """Where .venv is; it has no usable Python yet."""
    change("VENV", tmp_path / ".venv")
    change("ensure_ensurepip", lambda _: None)
    return tmp_path / ".venv"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_what_a_link_points_to_is_never_emptied(run, venv, tmp_path, capsys):
    data = tmp_path / "data"
    data.mkdir()
    (data / "thesis.txt").write_text("years of work")
    venv.symlink_to(data)
    with pytest.raises(SystemExit):
        run.ensure_venv()
    assert (data / "thesis.txt").read_text() == "years of work"
    assert str(data) in capsys.readouterr().err


def test_a_folder_of_somebody_elses_is_not_emptied(run, venv, capsys):
    venv.mkdir()
    (venv / "notes.txt").write_text("mine")
    with pytest.raises(SystemExit):
        run.ensure_venv()
    assert (venv / "notes.txt").read_text() == "mine"
    assert "Move it away" in capsys.readouterr().err


def test_a_file_in_its_place_is_told(run, venv, capsys):
    venv.write_text("what?")
    with pytest.raises(SystemExit):
        run.ensure_venv()
    assert venv.read_text() == "what?"
    assert "Move it away" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script in place of a Python")
@pytest.mark.timeout(100)
def test_modules_of_the_folder_one_stands_in_are_not_run(run, venv, tmp_path, monkeypatch):
    """`venv.py`, `ensurepip.py` and the like: every Python is started isolated."""
    here = tmp_path / "here"
    here.mkdir()
    for name in ("venv", "ensurepip", "json", "encodings", "sysconfig", "pip"):
        (here / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(here)
    monkeypatch.setenv("PYTHONPATH", str(here))
    made = run.ensure_venv()
    assert made.version == sys.version_info[:2]
    run.ensure_pip()
    assert not (tmp_path / "ran").exists()


# --- when it installs ------------------------------------------------------------------------


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
def test_a_failing_pip_shows_its_last_words_and_asks_for_the_network(run, change, tmp_path, capsys):
    fake_python(tmp_path, "python", "echo 'Collecting httpx>=1'; seq 1 50; echo 'ERROR: no such host' >&2; exit 1")
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


@pytest.mark.skipif(sys.platform != "linux", reason="Debian's packages")
@pytest.mark.parametrize(("version", "linked"), [((3, 11), True), ((3, 12), False)])
def test_debians_gi_is_lent_only_to_its_own_python(run, change, tmp_path, version, linked):
    gi = tmp_path / "dist-packages" / "gi"
    gi.mkdir(parents=True)
    (gi / "_gi.cpython-311-x86_64-linux-gnu.so").touch()
    packages = tmp_path / ".venv" / "lib" / "python{}.{}".format(*version) / "site-packages"
    packages.mkdir(parents=True)
    change("DEBIAN_PACKAGES", tmp_path / "dist-packages")
    change("VENV", tmp_path / ".venv")
    change("python_at", lambda _: run.Python(("python",), version, False))
    for _ in range(2):
        run.link_gi()
    assert (packages / "gi").is_symlink() is linked


# --- what it says and starts -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "environment", "korean"),
    [
        (["--lang", "ko"], {}, True),
        (["--lang=ko"], {"LANG": "en_US.UTF-8"}, True),
        (["--lang", "en"], {"LANG": "ko_KR.UTF-8"}, False),
        ([], {"LANG": "ko_KR.eucKR"}, True),
        ([], {"LC_ALL": "C"}, False),
        (["--lang"], {}, False),
        ([], {"LANGUAGE": "en:ko"}, False),
        ([], {"LANGUAGE": "xx:ko"}, True),
    ],
)
def test_it_speaks_the_language_of_its_user(run, monkeypatch, arguments, environment, korean):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (run.catalog(arguments)("making .venv ...") != "making .venv ...") is korean


@pytest.mark.parametrize(
    ("tag", "yes"), [("zh_CN.UTF-8", True), ("zh_SG", True), ("zh-Hans", True), ("zh", True), ("zh_TW", False)]
)
def test_it_asks_a_catalog_for_some_countries_which_tags_it_is_for(run, monkeypatch, tag, yes):
    monkeypatch.setenv("LANGUAGE", tag)
    assert (run.catalog([])("making .venv ...") == "正在创建 .venv ...") is yes


@pytest.mark.parametrize(
    ("arguments", "starts"),
    [
        ([], ["-P", "-m", "tray_app", "start"]),
        (["--lang", "ko"], ["-P", "-m", "tray_app", "start", "--lang", "ko"]),
        (["--lang=ko", "--home", "here"], ["-P", "-m", "tray_app", "start", "--lang=ko", "--home", "here"]),
        (["--lang", "ko", "status"], ["-P", "-m", "tray_app", "--lang", "ko", "status"]),
        (["--version"], ["-P", "-m", "tray_app", "--version"]),
        (["status", "--json"], ["-P", "-m", "tray_app", "status", "--json"]),
        (["test", "-k", "one two"], ["-m", "pytest", "-k", "one two"]),
        (["demo", "test"], ["-P", "-m", "tray_app", "demo", "test"]),
    ],
)
def test_what_is_started(run, change, monkeypatch, arguments, starts):
    class Became(Exception):
        pass

    def become(command):
        raise Became(command)

    python = run.Python((sys.executable,), (3, 11), False)
    change("ready", lambda *, dev: python)
    change("link_gi", lambda: None)
    change("become", become)
    change("tell_of_tray", lambda: None)
    monkeypatch.setattr(os, "chdir", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["some folder/run.py", *arguments])
    monkeypatch.delenv(run.STARTED_BY, raising=False)
    with pytest.raises(Became) as started:
        run.main(arguments)
    assert started.value.args[0][1:] == starts
    if arguments[:1] != ["test"]:
        assert os.environ.pop(run.STARTED_BY).endswith(" 'some folder/run.py'")


def test_a_folder_that_may_not_be_written_gets_one_line(run, change, capsys):
    def prepared(*, dev):
        raise PermissionError(13, "Permission denied", "/opt/elbowroom/.venv")

    change("ready", lambda *, dev: None)
    change("prepared", prepared)
    with pytest.raises(SystemExit):
        run.main(["status"])
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "/opt/elbowroom/.venv" in said


@pytest.mark.parametrize(("windows", "typed"), [(True, 'py "my folder/run.py"'), (False, "python3 'my folder/run.py'")])
def test_the_command_can_be_typed_again_in_the_shell_of_its_system(run, change, monkeypatch, windows, typed):
    change("WINDOWS", windows)
    monkeypatch.setattr(sys, "argv", ["my folder/run.py"])
    assert run.typed_command() == typed


@pytest.mark.skipif(sys.platform == "win32", reason="exec of POSIX systems")
def test_the_exit_code_and_output_of_what_it_starts_are_its_own(tmp_path):
    code = f"import runpy; run = runpy.run_path({str(ROOT / 'run.py')!r}); run['become'](['/bin/sh', '-c', 'echo out; exit 7'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "")


def test_windows_waits_for_what_it_starts(run, change):
    change("WINDOWS", True)
    with pytest.raises(SystemExit) as ended:
        run.become([sys.executable, "-c", "raise SystemExit(7)"])
    assert ended.value.code == 7


def test_the_stamp_is_json(run, installs, tmp_path):
    run.ensure_installed(dev=True)
    stamp = json.loads((tmp_path / ".venv" / "stamp.json").read_text(encoding="utf-8"))
    assert stamp["dev"] is True
