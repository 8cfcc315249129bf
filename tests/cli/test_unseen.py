"""Started without streams (Windows without a console, a login item): nothing that goes wrong is silent."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors that a POSIX shell closes")

START = """
import sys
shown = []
from tray_app.tray import alert
alert.show = lambda text: open({shown!r}, "a").write(text + "\\n")
{before}
from tray_app.cli.main import run
sys.exit(run({argv!r}))
"""


@pytest.fixture
def start(tmp_path):
    """Runs argv in a process whose three streams are closed: (exit code, the log, what the box showed)."""

    def started(*argv, before=""):
        shown = tmp_path / "shown"
        argv = [*argv, "--home", str(tmp_path / "home"), "--lang", "en"]
        code = START.format(shown=str(shown), before=before, argv=argv)
        # DBUS and DISPLAY are absent: no tray can come up.
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
        command = ["/bin/sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, code]
        done = subprocess.run(command, env=environment, timeout=60, check=False)
        logs = list((tmp_path / "home").rglob("*.log"))
        log = logs[0].read_text(encoding="utf-8") if logs else ""
        return done.returncode, log, shown.read_text() if shown.exists() else ""

    return started


def test_no_icon_is_told_by_log_and_box(start):
    code, log, shown = start("tray")
    assert code == 1
    assert "no tray" in log
    assert shown.startswith("elbowroom: ")


def test_at_login_the_log_is_enough(start):
    """Nobody asked for anything; it ends quietly."""
    code, log, shown = start("tray", "--at-login", before="import tray_app.cli.tray as t; t.LOOK_FOR_HOST_S = 0.0")
    assert code == 0
    assert "no tray" in log
    assert shown == ""


def test_a_wrong_word_is_told(start):
    code, log, shown = start("statsu")
    assert code == 2
    assert "statsu" in log
    assert "statsu" in shown


def test_a_command_that_prints_ends_as_ever(start):
    code, _log, shown = start("--version")
    assert code == 0
    assert shown == ""


def test_a_fault_of_ours_is_in_the_log_with_its_place(start):
    before = "import tray_app.cli.tray as t; t.show = lambda *a, **k: 1 / 0"
    code, log, shown = start("tray", before=before)
    assert code == 1
    assert "ZeroDivisionError" in log
    assert "Traceback" in log
    assert "the log has the details" in shown


def test_a_folder_that_may_not_be_used_is_told(start, tmp_path):
    (tmp_path / "home").write_text("a file")
    code, _log, shown = start("tray")
    assert code == 1
    assert "home" in shown
