"""What an old Python does with run.py."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READ_BY_ANY = ("run.py", "from_source/__init__.py", "from_source/words.py", "from_source/newer.py")
OLD = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10")
YOUNGER = (
    *(
        ast.AnnAssign,
        ast.AsyncFor,
        ast.AsyncFunctionDef,
        ast.AsyncWith,
        ast.Await,
        ast.JoinedStr,
        ast.MatMult,
        ast.Match,
    ),
    *(ast.NamedExpr, ast.Nonlocal, ast.Starred, ast.YieldFrom),
)
"""What Python 2.7 cannot read. It has a `*rest` in a call alone, and only as the last word."""


@pytest.mark.parametrize("name", READ_BY_ANY)
def test_python_2_7_can_read_it(name):
    source = (ROOT / name).read_text(encoding="ascii")
    for node in ast.walk(ast.parse(source, feature_version=(3, 4))):
        assert not isinstance(node, YOUNGER), f"{name}:{node.lineno}"
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            assert arguments.kwonlyargs + arguments.posonlyargs == [], f"{name}:{node.lineno}"
            assert node.returns is None, f"{name}:{node.lineno}"
            assert not any(one.annotation for one in arguments.args), f"{name}:{node.lineno}"
        if isinstance(node, ast.Raise):
            assert node.cause is None, f"{name}:{node.lineno}"


def old_python(version):
    """By its name, else where pyenv keeps it."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = [shutil.which(f"python{version}"), *sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))]
    for one in found:
        if one and subprocess.run([one, "-c", ""], capture_output=True, check=False).returncode == 0:
            return str(one)
    return None


@pytest.mark.skipif(sys.platform == "win32", reason="a PATH without any Python")
@pytest.mark.parametrize("version", OLD)
@pytest.mark.parametrize(
    ("language", "says"),
    [("en_US.UTF-8", "needs Python 3.11 or newer; this is "), ("ko_KR.UTF-8", "Python 3.11 이상이 ")],
)
def test_a_real_old_python_says_in_one_line_what_to_type(tmp_path, version, language, says):
    python = old_python(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    folder = tmp_path / "엘보 룸"
    (folder / "tray_app").mkdir(parents=True)
    shutil.copy(ROOT / "run.py", folder)
    shutil.copytree(ROOT / "from_source", folder / "from_source", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tray_app/locale", folder / "tray_app/locale")
    newer = folder / "from_source/newer.py"
    newer.write_text(
        newer.read_text(encoding="ascii").replace("/usr/bin/python3", "/nowhere/python3"), encoding="ascii"
    )
    command = [python, str(folder / "run.py"), "status"]
    environment = {"PATH": "/nowhere", "HOME": str(tmp_path), "LANG": language}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=False)
    told = done.stderr.decode("utf-8")
    assert (done.returncode, done.stdout, told.count("\n")) == (1, b"", 1)
    assert told.startswith(f"run.py: {says}")
    assert f"{version}." in told
    assert f"python3 '{folder}/run.py'" in told
    assert not list(folder.rglob("*.pyc"))


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


@pytest.fixture
def old(change, tmp_path, monkeypatch):
    """This Python is too old, and the only others are those of a folder."""
    change("fits", lambda _: False)
    change("DEBIAN_PYTHON", str(tmp_path / "none"))
    change("become", lambda command: pytest.fail(str(command)))
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts in place of Pythons")
def test_an_old_python_goes_on_as_the_newest_that_really_runs(run, old, change, fake_python, tmp_path):
    class Became(Exception):
        pass

    def become(command):
        raise Became(command)

    change("become", become)
    fake_python("python3.14", "echo 'no version is set' >&2; exit 127")
    fake_python("python3.12", "exit 0")
    fake_python("python3.11", "exit 0")
    with pytest.raises(Became) as became:
        run.become_new_enough(["status", "--lang", "ko"])
    assert became.value.args[0] == [str(tmp_path / "python3.12"), str(ROOT / "run.py"), "status", "--lang", "ko"]


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts in place of Pythons")
def test_where_all_are_old_it_says_what_is_needed_and_what_to_type(run, old, fake_python, monkeypatch, capsys):
    fake_python("python3", "exit 1")
    monkeypatch.setattr(sys, "argv", ["my folder/run.py"])
    with pytest.raises(SystemExit) as ended:
        run.become_new_enough([])
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "needs Python 3.11 or newer" in err
    assert err.endswith("then type: python3 'my folder/run.py'\n")


def test_a_new_enough_python_stays(run, change):
    change("become", lambda command: pytest.fail(str(command)))
    assert run.become_new_enough(["status"]) is None


@pytest.mark.skipif(sys.platform == "win32", reason="exec of POSIX systems")
def test_the_exit_code_and_output_of_what_it_starts_are_its_own():
    code = "from from_source import newer; newer.become(['/bin/sh', '-c', 'echo out; exit 7'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "")


def test_windows_waits_for_what_it_starts(run, change):
    change("WINDOWS", True)
    with pytest.raises(SystemExit) as ended:
        run.become([sys.executable, "-c", "raise SystemExit(7)"])
    assert ended.value.code == 7
