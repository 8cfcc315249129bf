"""The command line stays light: what only the tray or a keychain needs is never imported by a command that looks."""

import subprocess
import sys

import pytest

CODE = """
import sys
from tray_app.cli.main import run
code = run({argv!r})
print(code, sorted({{"pystray", "PIL", "keyring", "truststore", "desktop_notifier", "jeepney"}} & set(sys.modules)))
"""


@pytest.mark.parametrize("command", [["status", "--json"], ["journal"], ["set", "tags=off"]])
def test_no_command_imports_the_tray_or_the_keychain_before_it_is_needed(command, tmp_path):
    argv = [*command, "--home", str(tmp_path), "--ollama", "127.0.0.1:9", "--open-webui", "http://127.0.0.1:9"]
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(argv=argv)], capture_output=True, text=True, timeout=100, check=True
    )
    assert done.stdout.splitlines()[-1].partition(" ")[2] == "[]", done.stderr


def test_help_imports_no_http_either():
    code = (
        "import sys\nfrom tray_app.cli.main import run\n"
        "try: run(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'httpx', 'psutil', 'keyring', 'pystray'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["journal", "settings"])
def test_a_command_that_judges_nothing_imports_no_rules_and_no_readers(command, tmp_path):
    code = (
        "import sys\nfrom tray_app.cli.main import run\n"
        f"run([{command!r}, '--home', {str(tmp_path)!r}, '--open-webui', 'http://127.0.0.1:9'])\n"
        "rooms = ('tray_app.core.diagnosis', 'tray_app.core.remedies', 'tray_app.readers', 'tray_app.core.text.status')\n"
        "print(sorted(name for name in sys.modules if name.startswith(rooms)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
