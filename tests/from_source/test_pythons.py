"""Which Python run.py takes."""

import sys

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts in place of Pythons")
def test_the_newest_python_that_really_runs_is_taken(run, change, fake_python, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    change("DEBIAN_PYTHON", str(tmp_path / "python3"))
    fake_python("python3.14", "echo 'no version is set' >&2; exit 127")
    fake_python("python3.13", "echo 3 9 0")
    fake_python("python3.12", "echo 3 12 0")
    fake_python("python3.11", "echo 3 11 1")
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
