"""The system's keychain, asked in a thread: a locked one may block for ever on a prompt that nobody sees.

keyring is imported at the first call, not with this module: finding a backend costs about 250 ms and 20 MB.
"""

import sys
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

from tray_app.core.values.errors.change import ChangeError, Problem

T = TypeVar("T")
TIMEOUT_S = 30.0
"""Long enough to type a password into the system's prompt."""
WINDOWS_MAX_CHARS = 1200
"""Credential Manager holds 2560 bytes of UTF-16 (CRED_MAX_CREDENTIAL_BLOB_SIZE)."""
_USERNAME = "tokens"


class KeychainFound(Struct, frozen=True):
    """Where a token would be kept."""

    backend: str


class Keychain:
    """The one item `service` in whatever keychain keyring finds.

    Every call may raise ChangeError with NO_KEYCHAIN, or with KEYCHAIN_LOCKED where unlocking it would help.
    """

    def __init__(self, service: str, timeout_s: float = TIMEOUT_S, platform: str = sys.platform) -> None:
        self._service = service
        self._timeout_s = timeout_s
        self._platform = platform

    def read(self) -> str | None:
        return self._ask(self._read)

    def write(self, text: str) -> None:
        """Store, and read back: a backend that keeps nothing (null) is no keychain."""
        if self._platform == "win32" and len(text) > WINDOWS_MAX_CHARS:
            raise ChangeError(Problem.NO_KEYCHAIN, self._service, f"{len(text)} > {WINDOWS_MAX_CHARS}")
        self._ask(lambda: self._write(text))

    def delete(self) -> None:
        self._ask(self._delete)

    def found(self) -> KeychainFound:
        """Its name, without reading or unlocking anything. NO_KEYCHAIN where it would keep nothing."""
        return self._ask(self._found)

    def _found(self) -> KeychainFound:
        import keyring
        from keyring.backends.fail import Keyring as NoKeyring
        from keyring.backends.null import Keyring as Nowhere

        found = keyring.get_keyring()
        if isinstance(found, NoKeyring | Nowhere):
            raise ChangeError(Problem.NO_KEYCHAIN, self._service, f"{type(found).__module__}.{type(found).__name__}")
        return KeychainFound(str(found.name))

    def _read(self) -> str | None:
        import keyring

        return keyring.get_password(self._service, _USERNAME)

    def _write(self, text: str) -> None:
        import keyring

        keyring.set_password(self._service, _USERNAME, text)
        if keyring.get_password(self._service, _USERNAME) != text:
            raise ChangeError(Problem.NO_KEYCHAIN, self._service, type(keyring.get_keyring()).__name__)

    def _delete(self) -> None:
        import keyring

        if keyring.get_password(self._service, _USERNAME) is not None:
            keyring.delete_password(self._service, _USERNAME)

    def _ask(self, work: Callable[[], T]) -> T:
        """Run in a daemon thread, so that neither the caller nor the end of the program waits for a prompt."""
        asked = _Asked(work)
        thread = threading.Thread(target=asked.run, name="keychain", daemon=True)
        thread.start()
        thread.join(self._timeout_s)
        match asked.error:
            case None if asked.answer:
                return asked.answer[0]
            case None if thread.is_alive():
                raise ChangeError(Problem.KEYCHAIN_LOCKED, self._service, f"{self._timeout_s:g} s")
            case ChangeError() as error:
                raise error
            case error:
                name = type(error).__name__
                problem = Problem.KEYCHAIN_LOCKED if name in _LOCKED else Problem.NO_KEYCHAIN
                raise ChangeError(problem, self._service, name) from error


# Named, not imported: the packages behind a backend are keyring's affair.
_LOCKED = frozenset({"KeyringLocked", "LockedException", "PromptDismissedException"})
_FOREIGN_ERRORS = (
    ("keyring.errors", "KeyringError"),
    ("secretstorage.exceptions", "SecretStorageException"),
    ("jeepney.wrappers", "DBusErrorResponse"),
    ("win32ctypes.pywin32.pywintypes", "error"),
)


def foreign_errors() -> tuple[type[BaseException], ...]:
    """What a backend may raise, as far as its modules are loaded: some let their own errors through."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in _FOREIGN_ERRORS)
    loaded = tuple(error for error in found if isinstance(error, type) and issubclass(error, BaseException))
    return (ChangeError, ImportError, OSError, RuntimeError, ValueError, *loaded)


class _Asked(Generic[T]):
    """A call and what came of it; `answer` is empty until there is one."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.answer: list[T] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.answer.append(self._work())
        except foreign_errors() as error:
            self.error = error
