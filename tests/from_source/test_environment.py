"""Where .venv may be made, and what of the system it needs."""

import os
import sys

import pytest


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
