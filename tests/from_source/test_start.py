"""What run.py says and starts."""

import os
import sys

import pytest


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
