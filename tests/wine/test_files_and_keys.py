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
from tray_app.core.values.errors.change import ChangeError
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


def test_the_log_loses_no_line_while_another_program_has_it_open(ask):
    answer = ask(r"""
import logging, tempfile
from pathlib import Path
from tray_app.storage import log
log.MAX_BYTES = 4000
path = Path(tempfile.mkdtemp()) / "elbowroom.log"
handler = log.open_log(path)
logger = logging.getLogger("held")
logger.addHandler(handler)
logger.propagate = False
with path.open("rb"):
    for number in range(100):
        logger.warning("line %d of many words", number)
    held = path.read_text(encoding="utf-8")
for number in range(100, 110):
    logger.warning("line %d of many words", number)
handler.close()
whole = "".join(one.read_text(encoding="utf-8") for one in path.parent.iterdir())
answer = [sum(f"line {number} of" in held for number in range(100)), sum(f"line {number} of" in whole for number in range(110)),
    sorted(one.name for one in path.parent.iterdir())]
""")
    assert answer == [100, 110, ["elbowroom.log", "elbowroom.log.1"]]


def test_a_file_that_a_scanner_holds_for_a_moment_is_read_and_replaced(ask):
    """Opened without any sharing, as scanners do, for 0.3 s."""
    answer = ask(r"""
import ctypes, tempfile, threading, time
from pathlib import Path
from tray_app.storage.files import read_file, replace_file
path = Path(tempfile.mkdtemp()) / "state.json"
replace_file(path, b"old")
kernel = ctypes.WinDLL("kernel32")
kernel.CreateFileW.restype = ctypes.c_void_p
kernel.CreateFileW.argtypes = [ctypes.c_wchar_p, *[ctypes.c_uint32] * 2, ctypes.c_void_p, *[ctypes.c_uint32] * 2, ctypes.c_void_p]
kernel.CloseHandle.argtypes = [ctypes.c_void_p]
def held(work):
    handle = kernel.CreateFileW(str(path), 0x80000000, 0, None, 3, 0, None)
    try:
        open(path, "rb").close()
        return "not held"
    except PermissionError:
        pass
    threading.Timer(0.3, kernel.CloseHandle, [handle]).start()
    return work()
first = held(lambda: read_file(path).decode())
second = held(lambda: replace_file(path, b"new"))
answer = [first, second, read_file(path).decode()]
""")
    assert answer == ["old", None, "new"]
