"""Files, locks and the keychain where Windows keeps them."""

import pytest

pytestmark = pytest.mark.wine


def test_files_go_where_windows_keeps_them(ask):
    answer = ask(r"""
from tray_app.storage.paths import Paths
paths = Paths()
answer = [str(path) for path in (paths.settings_file, paths.state_file, paths.log_file, paths.cache_dir)]
""")
    assert all(path.startswith("C:\\users\\") and "\\AppData\\" in path for path in answer)
    assert len(set(answer)) == 4


def test_one_token_goes_into_the_credential_manager_and_out_again(ask):
    answer = ask("""
import keyring
from tray_app.storage.keychain import Keychain
answer = [type(keyring.get_keyring()).__name__, Keychain("elbowroom-test").read()]
""")
    assert answer == ["WinVaultKeyring", None]
    token = "sk-" + "ü한" * 300
    writes = ask(
        """
import sys
from tray_app.storage.keychain import Keychain
Keychain("elbowroom-test").write(sys.argv[1])
answer = Keychain("elbowroom-other").read()
""",
        token,
    )
    assert writes is None
    assert ask('from tray_app.storage.keychain import Keychain\nanswer = Keychain("elbowroom-test").read()') == token
    ask('from tray_app.storage.keychain import Keychain\nKeychain("elbowroom-test").delete()\nanswer = 0')
    assert ask('from tray_app.storage.keychain import Keychain\nanswer = Keychain("elbowroom-test").read()') is None


def test_the_write_lock_keeps_a_second_process_out_and_ends_with_the_first(ask):
    answer = ask(r"""
import subprocess, sys, tempfile
from pathlib import Path
from tray_app.core.values.errors import ChangeError
from tray_app.storage.lock import write_lock
path = Path(tempfile.mkdtemp()) / "write.lock"
holder = subprocess.Popen(
    [sys.executable, "-c", "import sys, time; from pathlib import Path; from tray_app.storage.lock import write_lock\n"
     "with write_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)", str(path)],
    stdout=subprocess.PIPE, text=True)
held = holder.stdout.readline().strip()
try:
    with write_lock(path):
        second = "let in"
except ChangeError as error:
    second = error.problem
holder.kill()
holder.wait()
holder.stdout.close()
with write_lock(path, wait_s=5):
    third = "let in"
answer = [held, second, third]
""")
    assert answer == ["held", "other-writer", "let in"]


def test_a_file_is_replaced_whole_even_with_a_name_beyond_ascii(ask):
    answer = ask(r"""
import tempfile
from pathlib import Path
from tray_app.storage.files import replace_file
path = Path(tempfile.mkdtemp()) / "한국어 ü" / "state.json"
for text in (b"first", b"second, longer"):
    replace_file(path, text)
answer = [path.read_bytes().decode(), [one.name for one in path.parent.iterdir()]]
""")
    assert answer == ["second, longer", ["state.json"]]
