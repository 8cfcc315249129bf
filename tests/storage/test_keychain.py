"""The real keyring library with backends that hold, refuse, block or keep nothing."""

import subprocess
import sys
import threading

import keyring
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.storage import keychain as keychain_module
from tray_app.storage.keychain import WINDOWS_MAX_CHARS, Keychain


class MemoryBackend(KeyringBackend):
    """Behaves as a keychain does; `error` is what its next calls raise."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None

    def _check(self) -> None:
        if self.error:
            raise self.error

    def get_password(self, service, username):
        self._check()
        return self.items.get((service, username))

    def set_password(self, service, username, password):
        self._check()
        self.items[service, username] = password

    def delete_password(self, service, username):
        self._check()
        if (service, username) not in self.items:
            raise keyring.errors.PasswordDeleteError("not found")
        del self.items[service, username]


@pytest.fixture
def backend():
    before = keyring.get_keyring()
    made = MemoryBackend()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def keychain(backend) -> Keychain:
    return Keychain("io.github.elbowroom.test", timeout_s=30)


def problem_of(call) -> Problem:
    with pytest.raises(ChangeError) as caught:
        call()
    return caught.value.problem


def test_an_item_comes_back_and_goes_away(keychain):
    assert keychain.read() is None
    keychain.write("한글 text")
    assert keychain.read() == "한글 text"
    keychain.delete()
    assert keychain.read() is None
    keychain.delete()


def test_items_of_two_homes_do_not_meet(keychain):
    keychain.write("a")
    assert Keychain("io.github.elbowroom:/other").read() is None


@pytest.mark.parametrize("made", [keyring.backends.fail.Keyring, keyring.backends.null.Keyring])
def test_no_keychain_is_an_honest_answer(keychain, made):
    keyring.set_keyring(made())
    assert problem_of(lambda: keychain.write("a")) is Problem.NO_KEYCHAIN


class SecretStorageException(Exception):
    """Named as SecretStorage's own, which its backend lets through."""


class PromptDismissedException(SecretStorageException):
    pass


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (keyring.errors.KeyringLocked("denied"), Problem.KEYCHAIN_LOCKED),
        (keyring.errors.InitError("no session"), Problem.NO_KEYCHAIN),
        (keyring.errors.PasswordSetError("no"), Problem.NO_KEYCHAIN),
        (OSError("bus gone"), Problem.NO_KEYCHAIN),
        (RuntimeError("no backend"), Problem.NO_KEYCHAIN),
        (SecretStorageException("x"), Problem.NO_KEYCHAIN),
        (PromptDismissedException("x"), Problem.KEYCHAIN_LOCKED),
    ],
)
def test_every_error_of_a_backend_is_typed(keychain, backend, monkeypatch, error, problem):
    module = type(sys)("secretstorage.exceptions")
    module.SecretStorageException = SecretStorageException
    monkeypatch.setitem(sys.modules, "secretstorage.exceptions", module)
    backend.error = error
    for call in (keychain.read, lambda: keychain.write("a"), keychain.delete):
        assert problem_of(call) is problem


def test_a_keychain_that_blocks_is_locked_and_holds_nobody_up(backend, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(backend, "get_password", lambda service, username: release.wait())
    keychain = Keychain("io.github.elbowroom.test", timeout_s=0.05)
    assert problem_of(keychain.read) is Problem.KEYCHAIN_LOCKED
    waiting = [thread for thread in threading.enumerate() if thread.name == "keychain"]
    assert all(thread.daemon for thread in waiting)
    release.set()
    for thread in waiting:
        thread.join()


def test_a_blocked_keychain_does_not_keep_the_program_from_ending():
    code = (
        "import threading, keyring\n"
        "from keyring.backend import KeyringBackend\n"
        "class Blocks(KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, s, u): threading.Event().wait()\n"
        "    def set_password(self, s, u, p): pass\n"
        "    def delete_password(self, s, u): pass\n"
        "keyring.set_keyring(Blocks())\n"
        "from tray_app.storage.keychain import Keychain\n"
        "Keychain('x', timeout_s=0.05).read()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "keychain-locked" in done.stderr


def test_windows_takes_only_short_items(backend):
    windows = Keychain("x", platform="win32")
    windows.write("a" * WINDOWS_MAX_CHARS)
    assert problem_of(lambda: windows.write("a" * (WINDOWS_MAX_CHARS + 1))) is Problem.NO_KEYCHAIN
    assert windows.read() == "a" * WINDOWS_MAX_CHARS
    Keychain("x", platform="linux").write("a" * (WINDOWS_MAX_CHARS + 1))


def test_importing_storage_does_not_import_keyring():
    code = (
        "import sys, tray_app.storage.secret, tray_app.storage.keychain, tray_app.storage.settings\n"
        "assert 'keyring' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_errors_of_a_backend_whose_package_is_not_loaded_are_not_needed():
    assert ChangeError in keychain_module.foreign_errors()
